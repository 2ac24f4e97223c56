"""Reads and writes requests, their reviews and the time limits."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection, Record, compiled
from svc_datashare.listing import Listing
from svc_datashare.requests.domain.limits import LimitRule, Step
from svc_datashare.requests.domain.request import RequestState, ResourceRequest, Terms
from svc_datashare.resources.domain.metadata import Means, ShareType
from svc_datashare.resources.domain.resource import Agency
from svc_datashare.tables import limit_rule, request_review, resource_request

_BY_ID = compiled(sa.select(resource_request).where(resource_request.c.id == sa.bindparam("request_id")))
_LOCK = compiled(
    sa.select(resource_request).where(resource_request.c.id == sa.bindparam("request_id")).with_for_update()
)
_LIST = Listing(
    "request.read",
    resource_request,
    resource_request.c.id,
    {
        "state": resource_request.c.state == sa.bindparam("state"),
        "resource_code": resource_request.c.resource_code == sa.bindparam("resource_code"),
    },
)
_ADD = compiled(sa.insert(resource_request))
_CHANGING = ("state", "step", "reason", "grant_id", "previous_on", "version")
_SAVE = compiled(
    sa.update(resource_request)
    .where(resource_request.c.id == sa.bindparam("request_id"))
    .values({name: sa.bindparam(name) for name in _CHANGING})
)
_ADD_REVIEW = compiled(sa.insert(request_review))
_RULES = compiled(sa.select(limit_rule).order_by(limit_rule.c.valid_from, limit_rule.c.rule, limit_rule.c.step))


async def by_id(connection: Connection, request_id: UUID, *, lock: bool = False) -> ResourceRequest | None:
    """Return a request; with `lock` nobody else changes it until the transaction ends."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, request_id=request_id)
    return entity(row) if row else None


async def page(connection: Connection, caller: Caller, **wanted: Any) -> list[ResourceRequest]:
    """Return the requests `caller` may see, the newest first; see `Listing.fetch`."""
    return [entity(row) for row in await _LIST.fetch(connection, caller, **wanted)]


async def add(connection: Connection, new: ResourceRequest) -> None:
    """Store a new request."""
    await _ADD.execute(
        connection,
        id=new.id,
        resource_id=new.resource_id,
        resource_code=new.resource_code,
        share_type=new.share_type.value,
        means=new.means.value,
        provider=new.provider.code,
        provider_name=new.provider.name,
        authority=new.authority,
        **terms_columns(new.terms),
        basis=new.basis,
        requested_by=new.requested_by,
        received_at=new.received_at,
        **_changing(new),
    )


async def save(connection: Connection, changed: ResourceRequest) -> None:
    """Store a changed request."""
    await _SAVE.execute(connection, request_id=changed.id, **_changing(changed))


async def note(
    connection: Connection,
    changed: ResourceRequest,
    step: Step | None,
    due_on: date | None,
    caller: Caller,
    at: datetime,
) -> None:
    """Write what `caller` did in `step`, and until when it was due."""
    await _ADD_REVIEW.execute(
        connection,
        request_id=changed.id,
        version=changed.version,
        step=step.value if step else None,
        state=changed.state.value,
        actor=caller.sub,
        agency=caller.agency,
        reason=changed.reason,
        due_on=due_on,
        at=at,
    )


async def rules(connection: Connection) -> list[LimitRule]:
    """Return all time limits, past and present."""
    return [
        LimitRule(
            rule=row["rule"],
            share_type=ShareType(row["share_type"]),
            step=Step(row["step"]),
            days=row["days"],
            from_receipt=row["from_receipt"],
            source=row["source"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )
        for row in await _RULES.fetch(connection)
    ]


def terms_columns(terms: Terms) -> dict[str, Any]:
    """Return what is stored of `terms`."""
    return {
        "consumer": terms.consumer.code,
        "consumer_name": terms.consumer.name,
        "service": terms.service,
        "item_codes": None if terms.item_codes is None else sorted(terms.item_codes),
        "fields": list(terms.fields),
        "unmasked_fields": list(terms.unmasked_fields),
        "purpose": terms.purpose,
        "valid_from": terms.valid_from,
        "valid_to": terms.valid_to,
    }


def terms_of(row: Record) -> Terms:
    """Return the terms that a row stores."""
    return Terms(
        consumer=Agency(row["consumer"], row["consumer_name"]),
        service=row["service"],
        item_codes=None if row["item_codes"] is None else frozenset(row["item_codes"]),
        fields=tuple(row["fields"]),
        unmasked_fields=tuple(row["unmasked_fields"]),
        purpose=row["purpose"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


def _changing(stored: ResourceRequest) -> dict[str, Any]:
    return {
        "state": stored.state.value,
        "step": stored.step.value if stored.step else None,
        "reason": stored.reason,
        "grant_id": stored.grant_id,
        "previous_on": stored.previous_on,
        "version": stored.version,
    }


def entity(row: Record) -> ResourceRequest:
    """Return the request of a row."""
    return ResourceRequest(
        id=row["id"],
        resource_id=row["resource_id"],
        resource_code=row["resource_code"],
        share_type=ShareType(row["share_type"]),
        means=Means(row["means"]),
        provider=Agency(row["provider"], row["provider_name"]),
        authority=row["authority"],
        terms=terms_of(row),
        basis=row["basis"],
        requested_by=row["requested_by"],
        received_at=row["received_at"],
        previous_on=row["previous_on"],
        state=RequestState(row["state"]),
        step=Step(row["step"]) if row["step"] else None,
        reason=row["reason"],
        grant_id=row["grant_id"],
        version=row["version"],
    )
