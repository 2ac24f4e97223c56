"""Confirming by a code from the principal's phone, which he reads to the agent who stands before him."""

from uuid import UUID

from gateway.codes.domain import Purpose
from gateway.codes.service import Asked, Holder, ask, prove, proved
from gateway.identity.repository import phone_of
from gateway.mandates import repository
from gateway.mandates.domain import Confirmation, Mandate, MandateNotFound, MandateNotWaiting, NoPhone, Side
from gateway.mandates.service import locked, put_in_force
from gateway.messages.domain import Message
from gateway.permissions import PERMISSIONS
from gateway.provider import Provider
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import acquired


async def send_code(provider: Provider, caller: Caller, mandate_id: UUID, address: str) -> None:
    """Send the principal a code that says who asks, and for what; one that was sent before is void.

    Args:
        provider: the running provider.
        caller: the agent.
        mandate_id: the mandate that waits for the principal.
        address: network address of the agent.

    Raises:
        MandateNotFound: when it is not the caller's.
        MandateNotWaiting: when the principal has nothing to confirm.
        NoPhone: when he cannot be reached.
        TooManyAttempts: when too many codes were asked for.
    """
    mandate = await _waiting(provider, caller, mandate_id)
    principal_id = mandate.principal.id
    async with acquired(provider.context.pool) as connection:
        phone = await phone_of(connection, provider.cipher, principal_id)
    if phone is None:
        raise NoPhone
    wording = Message("mandate-code", mandate.told_principal)
    await ask(provider, _holder(mandate, address), Asked(Purpose.MANDATE, phone, principal_id, wording=wording))


async def confirm(
    provider: Provider, caller: Caller, mandate_id: UUID, version: int, code: str, address: str
) -> Mandate:
    """Take the code that the principal has read to the agent; the mandate is in force at once.

    Raises:
        MandateNotFound, StaleVersion, MandateNotWaiting, MandateEnded: nothing is changed.
        WrongCode: when it is not the one that was sent last for this mandate; it is counted.
    """
    holder = _holder(await _waiting(provider, caller, mandate_id), address)
    await prove(provider, holder, Purpose.MANDATE, code)
    async with provider.transaction(caller) as tx:
        mandate = await locked(tx, mandate_id, "mandate.confirm-by-code", version)
        await proved(provider, tx, holder, Purpose.MANDATE)
        return await put_in_force(tx, provider.cipher, mandate, Confirmation.CODE)


async def _waiting(provider: Provider, caller: Caller, mandate_id: UUID) -> Mandate:
    async with acquired(provider.context.pool) as connection:
        mandate = await repository.by_id(connection, mandate_id)
    if mandate is None or not PERMISSIONS.permits(caller, "mandate.confirm-by-code", mandate):
        raise MandateNotFound
    if mandate.awaits is not Side.PRINCIPAL:
        raise MandateNotWaiting
    return mandate


def _holder(mandate: Mandate, address: str) -> Holder:
    """Return who may bring the code back: the agent, for this mandate and no other."""
    return Holder(f"{mandate.id}/{mandate.agent_id}", address)
