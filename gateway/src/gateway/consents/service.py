"""Use cases of consents: see who has access, take it back."""

from uuid import UUID

from gateway.consents.domain import Access, AccessNotFound
from gateway.consents.repository import access_of, withdraw_consent
from gateway.oidc.taking_back import take_back_client
from gateway.permissions import PERMISSIONS
from onestop_runtime.problems import NotSignedIn
from onestop_runtime.transaction import Reader, Transaction


async def own(reader: Reader) -> list[Access]:
    """Return which applications may have something of the caller."""
    PERMISSIONS.require(reader.caller, "consent.list")
    return await access_of(reader.connection, _who(reader), reader.now)


async def withdraw(tx: Transaction, client_id: str) -> tuple[str, ...]:
    """Let an application have nothing of the caller any more, at once; return the identifiers of grants to refuse.

    Raises:
        AccessNotFound: when it has nothing.
    """
    PERMISSIONS.require(tx.caller, "consent.withdraw")
    person_id = _who(tx)
    consented = await withdraw_consent(tx.connection, person_id, client_id, tx.now)
    ended = await take_back_client(tx, person_id, client_id)
    if not consented and not ended:
        raise AccessNotFound
    tx.audit("consent.withdrawn", key=person_id, detail={"client": client_id})
    return ended


def _who(reader: Reader) -> UUID:
    if reader.caller.sub is None:
        raise NotSignedIn
    return reader.caller.sub
