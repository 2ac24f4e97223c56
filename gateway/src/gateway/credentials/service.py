"""Use cases of second factors: set up, show, take back."""

from uuid import UUID

from gateway.credentials import repository
from gateway.credentials.authenticator import new_secret, step_of
from gateway.credentials.domain import (
    PENDING_LIFETIME,
    AuthenticatorExists,
    FactorNotFound,
    WrongSecondFactor,
    new_recovery_codes,
    plain_recovery_code,
    with_second,
)
from gateway.credentials.repository import Pending
from gateway.identity.repository import phone_of
from gateway.messages.domain import Message
from gateway.messages.service import send
from gateway.people.domain import Person
from gateway.provider import Provider
from gateway.signin.domain import SECOND_PATIENCE, Arrival, Session
from gateway.signin.repository import forgive, strengthen_session
from gateway.signin.service import SignedIn, arriving, device_known, start_session
from gateway.signin.throttle import Tally, take_turn, tally_of
from gateway.tokens.opaque import digest
from onestop_runtime.fields import FieldCipher
from onestop_runtime.transaction import Transaction, acquired


async def await_second_factor(provider: Provider, visit: str, person: Person, methods: tuple[str, ...]) -> None:
    """Remember in a browser that the first factor was right, until the second is shown or ten minutes are over."""
    async with provider.transaction(arriving(person, Arrival("", "", None))) as tx:
        pending = Pending(person.id, methods)
        await repository.keep_pending(tx.connection, pending, digest(visit), tx.now + PENDING_LIFETIME)
        tx.audit("second-factor.asked", key=person.id)


async def show_second_factor(
    provider: Provider,
    visit: str,
    person: Person,
    pending: Pending,
    typed: str,
    *,
    arrival: Arrival,
    current: Session | None,
) -> SignedIn:
    """Let in who shows a one-time password of his authenticator or a recovery code after his first factor.

    Raises:
        WrongSecondFactor: when it is neither, was used before, or the first factor was shown too long ago.
        TooManyAttempts: when a pause is due first.
    """
    tally = await tally_for(provider, person, arrival)
    async with provider.transaction(arriving(person, arrival)) as tx:
        await take_turn(tx, tally.keys)
        method = await spend(tx, provider.cipher, person.id, typed)
        taken = method and await repository.take_pending(tx.connection, digest(visit), person.id, tx.now)
        if method and taken:
            await forgive(tx.connection, tally.account)
            methods = with_second(pending.methods, method)
            signed_in = await start_session(tx, person, arrival, methods, current)
        else:
            tx.audit("second-factor.refused", key=person.id)
    if not taken:
        raise WrongSecondFactor
    provider.revoked.add(signed_in.ended)
    return signed_in


async def begin_authenticator(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> bytes:
    """Return the secret of a new authenticator; it counts once a password of it was typed.

    Raises:
        AuthenticatorExists: when there is one that counts.
    """
    secret = new_secret()
    if not await repository.begin_authenticator(tx.connection, cipher, person_id, secret, tx.now):
        raise AuthenticatorExists
    return secret


async def confirm_authenticator(tx: Transaction, cipher: FieldCipher, session: Session, typed: str) -> list[str]:
    """Have an authenticator count that shows the right password; return recovery codes when there were none.

    Raises:
        WrongSecondFactor: when the password is wrong, or no authenticator waits for it.
    """
    person_id = session.person_id
    secret = await repository.secret_of(tx.connection, cipher, person_id)
    if secret is None or secret.confirmed:
        raise WrongSecondFactor
    step = step_of(secret.value, typed, tx.now, secret.last_step)
    if step is None or not await repository.use_step(tx.connection, person_id, step, tx.now):
        raise WrongSecondFactor
    tx.audit("authenticator.added", key=person_id)
    await tell(tx, cipher, person_id, "factor-added", "验证器")
    return await proved_in(tx, cipher, session, "otp")


async def proved_in(tx: Transaction, cipher: FieldCipher, session: Session, method: str) -> list[str]:
    """Note that a new factor was shown in a session; return recovery codes when there were none."""
    await strengthen_session(tx.connection, session.id, with_second(session.methods, method))
    factors = await repository.factors_of(tx.connection, session.person_id)
    return [] if factors.recovery_codes else await renew_recovery_codes(tx, cipher, session.person_id)


async def remove_authenticator(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> None:
    """Ask for no one-time passwords any more; raises `FactorNotFound`."""
    if not await repository.remove_authenticator(tx.connection, person_id):
        raise FactorNotFound
    tx.audit("authenticator.removed", key=person_id)
    await tell(tx, cipher, person_id, "factor-removed", "验证器")
    await forget_useless_codes(tx, person_id)


async def renew_recovery_codes(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> list[str]:
    """Return new recovery codes, each good once; the old ones are void."""
    codes = new_recovery_codes()
    hashes = [_hash(cipher, person_id, code) for code in codes]
    await repository.replace_recovery_codes(tx.connection, person_id, hashes)
    tx.audit("recovery-codes.made", key=person_id)
    return codes


async def drop_factors(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> None:
    """Ask for no second factor any more, whatever was set up: it is lost, a clerk has seen its owner."""
    if await repository.remove_authenticator(tx.connection, person_id):
        tx.audit("authenticator.removed", key=person_id)
    for passkey in (await repository.factors_of(tx.connection, person_id)).passkeys:
        await repository.remove_passkey(tx.connection, passkey.id, person_id)
        tx.audit("passkey.removed", key=person_id)
    await forget_useless_codes(tx, person_id)
    await tell(tx, cipher, person_id, "factor-removed", "全部")


async def forget_useless_codes(tx: Transaction, person_id: UUID) -> None:
    """Forget recovery codes that stand in for nothing any more."""
    if not (await repository.factors_of(tx.connection, person_id)).any:
        await repository.replace_recovery_codes(tx.connection, person_id, [])


async def tell(tx: Transaction, cipher: FieldCipher, person_id: UUID, template: str, what: str) -> None:
    """Tell a person on his phone that something which protects his account has changed."""
    phone = await phone_of(tx.connection, cipher, person_id)
    if phone:
        await send(tx, cipher, phone, Message(template, {"what": what}))


async def tally_for(provider: Provider, person: Person, arrival: Arrival) -> Tally:
    """Return under which keys attempts at somebody's second factor are counted."""
    async with acquired(provider.context.pool) as connection:
        known = await device_known(connection, arrival, person.id, provider.context.clock())
    account = str(person.id)
    return tally_of(provider.cipher, "second-factor", account, arrival, known_device=known, patience=SECOND_PATIENCE)


async def spend(tx: Transaction, cipher: FieldCipher, person_id: UUID, typed: str) -> str | None:
    """Use up what was typed; return the method that it stands for (RFC 8176), or None when it is wrong."""
    secret = await repository.secret_of(tx.connection, cipher, person_id)
    if secret is not None and secret.confirmed:
        step = step_of(secret.value, typed, tx.now, secret.last_step)
        if step is not None and await repository.use_step(tx.connection, person_id, step, tx.now):
            return "otp"
    if await repository.use_recovery_code(tx.connection, person_id, _hash(cipher, person_id, typed)):
        tx.audit("recovery-code.used", key=person_id)
        await tell(tx, cipher, person_id, "recovery-code-used", "恢复码")
        return "otp"
    return None


def _hash(cipher: FieldCipher, person_id: UUID, code: str) -> bytes:
    return cipher.blind_index("recovery-code", f"{person_id}\0{plain_recovery_code(code)}")
