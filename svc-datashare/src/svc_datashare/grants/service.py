"""Use cases of grants."""

from typing import Any
from uuid import UUID

from onestop_messages.base import AgencyRef
from onestop_messages.datashare import GrantGiven, GrantRevoked
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.grants import repository
from svc_datashare.grants.domain import Grant, GrantNotFound
from svc_datashare.permissions import PERMISSIONS
from svc_datashare.requests.domain.request import ResourceRequest


async def give(tx: Transaction, request: ResourceRequest) -> UUID:
    """Grant what an approved request asks for; return the grant's id."""
    terms = request.terms
    given = Grant(
        id=uuid7(),
        resource_id=request.resource_id,
        resource_code=request.resource_code,
        request_id=request.id,
        provider=request.provider.code,
        authority=request.authority,
        terms=terms,
        given_at=tx.now,
    )
    await repository.add(tx.connection, given)
    tx.audit("grant.given", key=given.id, detail={"request": str(request.id)})
    event = GrantGiven(
        grant_id=given.id,
        resource_code=given.resource_code,
        consumer=AgencyRef(code=terms.consumer.code, name=terms.consumer.name),
        purpose=terms.purpose,
        item_codes=None if terms.item_codes is None else tuple(sorted(terms.item_codes)),
        fields=terms.fields,
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
    )
    tx.emit(event, key=given.id, version=given.version)
    return given.id


async def revoke(tx: Transaction, grant_id: UUID, version: int, reason: str) -> Grant:
    """End a grant before its time; it covers no call from now on.

    Raises:
        GrantNotFound, NotPermitted, StaleVersion, GrantAlreadyRevoked.
    """
    found = await repository.by_id(tx.connection, grant_id, lock=True)
    if found is None or not PERMISSIONS.permits(tx.caller, "grant.read", permission_row(found)):
        raise GrantNotFound
    PERMISSIONS.require(tx.caller, "grant.revoke", permission_row(found))
    if found.version != version:
        raise StaleVersion
    found.revoke(reason, tx.now)
    await repository.save(tx.connection, found)
    tx.audit("grant.revoked", key=found.id)
    event = GrantRevoked(grant_id=found.id, resource_code=found.resource_code, reason=reason, revoked_at=tx.now)
    tx.emit(event, key=found.id, version=found.version)
    return found


async def read(tx: Reader, grant_id: UUID) -> Grant:
    """Return a grant; raises `GrantNotFound` when the caller may not see it."""
    found = await repository.by_id(tx.connection, grant_id)
    if found is None or not PERMISSIONS.permits(tx.caller, "grant.read", permission_row(found)):
        raise GrantNotFound
    return found


async def page(tx: Reader, **wanted: Any) -> list[Grant]:
    """Return the grants the caller may see."""
    return await repository.page(tx.connection, tx.caller, **wanted)


def permission_row(found: Grant) -> dict[str, str]:
    """Return what the permission table looks at."""
    return {"consumer": found.terms.consumer.code, "provider": found.provider, "authority": found.authority}
