"""Use cases of requests."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.copies import service as copies
from svc_datashare.grants import service as grants
from svc_datashare.permissions import PERMISSIONS
from svc_datashare.requests import repository
from svc_datashare.requests.domain.limits import Due, Limits, Step
from svc_datashare.requests.domain.request import RequestNotFound, RequestState, ResourceRequest, Terms
from svc_datashare.resources import service as resources
from svc_datashare.resources.domain.resource import Agency


@dataclass(frozen=True, slots=True)
class Dated:
    """A request and until when its open step has to be done."""

    request: ResourceRequest
    due: Due | None


async def consumer_of(tx: Reader) -> Agency:
    """Return the agency the caller can ask for; raises `NotPermitted` when he may ask for none."""
    PERMISSIONS.require(tx.caller, "request.make", {"consumer": tx.caller.agency})
    consumer, _ = await copies.known_agency(tx, tx.caller.agency, "")
    return consumer


async def receive(tx: Transaction, resource_code: str, terms: Terms, basis: str) -> Dated:
    """Ask for a resource on behalf of the caller's agency.

    Raises:
        NotPermitted: when the caller may not ask for the consumer named in `terms`.
        ResourceNotFound: when the caller may not see the resource.
        ResourceNotPublished, ResourceNotShared, FieldErrors: see `ResourceRequest.receive`.
        NoLimitRule: when no time limit is in force.
    """
    PERMISSIONS.require(tx.caller, "request.make", {"consumer": terms.consumer.code})
    found = await resources.read(tx, resource_code)
    received = ResourceRequest.receive(uuid7(), found, terms, basis, tx.caller.sub, tx.now)
    due = await _due(tx, received)
    await repository.add(tx.connection, received)
    await repository.note(tx.connection, received, None, None, tx.caller, tx.now)
    tx.audit("request.received", key=received.id, detail={"resource": resource_code})
    return Dated(received, due)


async def review(tx: Transaction, request_id: UUID, version: int, refusal: str | None) -> Dated:
    """Do the open step of the review: approve, or return for the reason `refusal`; the last approval gives the grant.

    Raises:
        RequestNotFound, NotPermitted, StaleVersion, WrongRequestState, ReviewedBySubmitter.
    """
    found = await _locked(tx, request_id, version)
    action = "request.review-provider" if found.step is Step.PROVIDER else "request.review-platform"
    PERMISSIONS.require(tx.caller, action, permission_row(found))
    due, step = await _due(tx, found), found.step
    if refusal:
        found.send_back(tx.caller.sub, refusal)
    else:
        found.approve(tx.caller.sub, tx.now)
    return await _done(tx, found, step, due, "request.returned" if refusal else "request.approved")


async def supply(tx: Transaction, request_id: UUID, version: int) -> Dated:
    """Note that the provider handed over the table or file; the grant begins.

    Raises:
        RequestNotFound, NotPermitted, StaleVersion, WrongRequestState.
    """
    found = await _locked(tx, request_id, version)
    PERMISSIONS.require(tx.caller, "request.review-provider", permission_row(found))
    due, step = await _due(tx, found), found.step
    found.supply(tx.now)
    return await _done(tx, found, step, due, "request.supplied")


async def give_up(tx: Transaction, request_id: UUID, version: int, reason: str) -> Dated:
    """Take the request back.

    Raises:
        RequestNotFound, NotPermitted, StaleVersion, WrongRequestState.
    """
    found = await _locked(tx, request_id, version)
    PERMISSIONS.require(tx.caller, "request.make", permission_row(found))
    step = found.step
    found.give_up(reason)
    return await _done(tx, found, step, None, "request.given-up")


async def read(tx: Reader, request_id: UUID) -> Dated:
    """Return a request; raises `RequestNotFound` when the caller may not see it."""
    found = await repository.by_id(tx.connection, request_id)
    if found is None or not PERMISSIONS.permits(tx.caller, "request.read", permission_row(found)):
        raise RequestNotFound
    return Dated(found, await _due(tx, found))


async def page(tx: Reader, **wanted: Any) -> list[Dated]:
    """Return the requests the caller may see, with their deadlines."""
    found = await repository.page(tx.connection, tx.caller, **wanted)
    if not found:
        return []
    calendar, rules = await copies.calendar(tx), await repository.rules(tx.connection)
    dated = []
    for request in found:
        limits = Limits.of(rules, request.share_type, request.received_on)
        due = limits.due(calendar, request.step, request.received_on, request.previous_on) if request.step else None
        dated.append(Dated(request, due))
    return dated


def permission_row(found: ResourceRequest) -> dict[str, str]:
    """Return what the permission table looks at."""
    return {"consumer": found.terms.consumer.code, "provider": found.provider.code, "authority": found.authority}


async def _locked(tx: Transaction, request_id: UUID, version: int) -> ResourceRequest:
    found = await repository.by_id(tx.connection, request_id, lock=True)
    if found is None or not PERMISSIONS.permits(tx.caller, "request.read", permission_row(found)):
        raise RequestNotFound
    if found.version != version:
        raise StaleVersion
    return found


async def _due(tx: Reader, request: ResourceRequest) -> Due | None:
    if request.step is None:
        return None
    rules = await repository.rules(tx.connection)
    limits = Limits.of(rules, request.share_type, request.received_on)
    return limits.due(await copies.calendar(tx), request.step, request.received_on, request.previous_on)


async def _done(tx: Transaction, changed: ResourceRequest, step: Step | None, due: Due | None, verb: str) -> Dated:
    if changed.state is RequestState.COMPLETED:
        changed.grant_id = await grants.give(tx, changed)
    await repository.save(tx.connection, changed)
    due_on = due.deadline.day if due else None
    await repository.note(tx.connection, changed, step, due_on, tx.caller, tx.now)
    tx.audit(verb, key=changed.id)
    return Dated(changed, await _due(tx, changed))
