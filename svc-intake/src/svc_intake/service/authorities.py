"""Acceptance authorities: an agency gives and ends them, everybody may read them."""

from datetime import date
from uuid import UUID

from onestop_legal.working_days import legal_day
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_intake.domain.authority import AcceptanceAuthority, AcceptanceAuthorityNotFound
from svc_intake.permissions import PERMISSIONS
from svc_intake.repository import authorities


async def give(tx: Transaction, authority: AcceptanceAuthority) -> AcceptanceAuthority:
    """Let a hall accept in the agency's name.

    Raises:
        NotPermitted: when the caller is not the head of that agency.
        FieldErrors: when the dates or items make no sense.
        AuthorityNumberTaken: when the document's number is known.
    """
    PERMISSIONS.require(tx.caller, "authority.give", authority)
    authority.require_sensible()
    await authorities.add(tx.connection, authority)
    tx.audit("authority.given", key=authority.id)
    return authority


async def end(tx: Transaction, authority_id: UUID, last_day: date, version: int) -> AcceptanceAuthority:
    """Let an authority end with a day.

    Raises:
        AcceptanceAuthorityNotFound, NotPermitted, StaleVersion: nothing is changed.
        AuthorityAlreadyEnded, FieldErrors: when the day does not fit.
    """
    authority = await authorities.lock(tx.connection, authority_id)
    if authority is None:
        raise AcceptanceAuthorityNotFound
    PERMISSIONS.require(tx.caller, "authority.end", authority)
    if authority.version != version:
        raise StaleVersion
    authority.end(last_day, legal_day(tx.now))
    await authorities.end(tx.connection, authority)
    tx.audit("authority.ended", key=authority.id)
    return authority


async def page(
    reader: Reader, *, agency_code: str | None, hall: str | None, after: UUID | None, limit: int
) -> list[AcceptanceAuthority]:
    """Return a page of authorities, oldest first."""
    PERMISSIONS.require(reader.caller, "authority.read")
    return await authorities.page(reader.connection, agency_code=agency_code, hall=hall, after=after, limit=limit)
