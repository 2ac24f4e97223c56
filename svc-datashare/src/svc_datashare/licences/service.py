"""Use cases of the licence register."""

from datetime import date
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.licence_identifier import InvalidLicenceIdentifier, LicenceIdentifier
from onestop_messages.base import AgencyRef, Party
from onestop_messages.datashare import LicenceRegistered
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.licences import repository
from svc_datashare.licences.domain import Ending, Licence, LicenceNotFound


async def register(tx: Transaction, issued: Licence) -> None:
    """Enter an issued licence; one that is registered stays as it is."""
    if await repository.locked(tx.connection, issued.id):
        return
    await repository.add(tx.connection, issued)
    tx.audit("licence.registered", key=issued.id)
    holder = issued.holder
    event = LicenceRegistered(
        licence_id=issued.id,
        identifier=str(issued.identifier),
        number=issued.number,
        name=issued.name,
        holder=Party(id=str(holder.id), kind=holder.kind, credit_code=holder.credit_code, name=holder.shown_name),
        issuer=AgencyRef(code=issued.issuer.code, name=issued.issuer.name),
        valid_from=issued.valid_from,
        valid_to=issued.valid_to,
        registered_at=tx.now,
    )
    tx.emit(event, key=issued.id, version=issued.version)


async def end(tx: Transaction, licence_id: UUID, ending: Ending, on: date, basis: str) -> None:
    """Note that a licence ended; raises `LicenceNotFound` when it was never registered."""
    found = await repository.locked(tx.connection, licence_id)
    if found is None:
        raise LicenceNotFound
    found.end(ending, on, basis)
    await repository.save(tx.connection, found)
    tx.audit("licence.ended", key=licence_id, detail={"ending": ending.value})


async def verify(tx: Reader, identifier: str) -> Licence:
    """Return the licence with this identifier, for everybody who checks one.

    Raises:
        FieldErrors: when the form or the check character is wrong.
        LicenceNotFound: when the register does not hold it.
    """
    try:
        parsed = LicenceIdentifier.parse(identifier)
    except InvalidLicenceIdentifier as error:
        raise FieldErrors([FieldError("{identifier}", error.slug, error.detail)]) from error
    found = await repository.by_identifier(tx.connection, parsed)
    if found is None:
        raise LicenceNotFound
    return found
