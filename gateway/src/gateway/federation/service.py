"""Use cases of federation: begin a sign-in at another's provider, sign in or link by what it states, take links back.

Remote calls come first, the transaction after them. A refusal is recorded; so it is raised once that is committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from gateway.credentials.repository import factors_of
from gateway.federation import repository
from gateway.federation.domain import Link, LinkedToAnother, LinkNotFound, OnlyWayToSignIn, Stated
from gateway.federation.errors import NoSuchProvider, SignInGone, UpstreamAway, UpstreamNotBelieved
from gateway.federation.repository import Begun
from gateway.federation.tokens import SignedOut
from gateway.federation.upstream import Asked, Upstream
from gateway.identity.domain import Facts, Level, PersonNotFound
from gateway.identity.repository import people_with_number
from gateway.identity.service import verify
from gateway.people.domain import Person, require_assurance
from gateway.people.repository import has_password, person_by_id, sealed_fields
from gateway.people.service import FIRST_VERSION, NewPerson, register_person
from gateway.permissions import PERMISSIONS
from gateway.provider import Provider
from gateway.records.domain import INSPECTING_NEEDS, InspectionPurpose
from gateway.signin.service import NOBODY, end
from gateway.tokens.opaque import digest, form_token, new_secret
from onestop_legal.errors import NamedError
from onestop_messages.gateway import PersonVerified
from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction, acquired

LIFETIME: Final = timedelta(minutes=15)
"""How long the person may take at the other provider."""
ARRIVED: Final = Counter("onestop_federated_sign_ins_total", "Sign-ins by another's provider", ["provider", "outcome"])
_ID_TOKEN: Final = ("federated_session", "id_token")
"""The place that an ID token is encrypted for; its row is the link."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another provider at which somebody is signed in, and the address where he signs out there."""

    name: str
    address: str


def upstream_of(provider: Provider, name: str) -> Upstream:
    """Return a configured provider; raises `NoSuchProvider`."""
    upstream = provider.upstreams.get(name)
    if upstream is None:
        raise NoSuchProvider
    return upstream


async def begin(provider: Provider, upstream: Upstream, begun: Begun, visit: str) -> str:
    """Keep a sign-in that begins; return the address at the other provider that the browser is sent to.

    What the code is redeemed with, and what the ID token has to contain, follow from the browser's own secret and are
    kept nowhere.

    Raises:
        UpstreamAway: when the provider does not answer.
        UpstreamNotBelieved: when it does not say where to sign in.
    """
    state = new_secret()
    now = provider.context.clock()
    address = await upstream.address(_asked(provider, upstream, begun, state=state, visit=visit, now=now))
    async with provider.transaction(ANONYMOUS) as tx:
        await repository.add_request(
            tx.connection, begun, state=digest(state), visit=digest(visit), expires_at=tx.now + LIFETIME
        )
    return address


async def come_back(
    provider: Provider, upstream: Upstream, answer: Mapping[str, str], visit: str | None
) -> tuple[Begun, Stated | None]:
    """Return the sign-in that the browser comes back from, and what is stated; None when the person has declined.

    Raises:
        SignInGone: when none was begun in this browser, or it is over.
        UpstreamNotBelieved: when the answer proves nothing.
        UpstreamAway: when the provider does not answer.
    """
    state = answer.get("state")
    if state is None or visit is None:
        raise SignInGone
    async with provider.transaction(ANONYMOUS) as tx:
        begun = await repository.take_request(
            tx.connection, upstream.id, state=digest(state), visit=digest(visit), now=tx.now
        )
    if begun is None:
        raise SignInGone
    await upstream.require_own_answer(answer)
    if answer.get("error") == "access_denied":
        return begun, None
    if "code" not in answer:
        raise UpstreamNotBelieved
    asked = _asked(provider, upstream, begun, state=state, visit=visit, now=provider.context.clock())
    return begun, await upstream.stated(answer["code"], asked)


async def recognise(provider: Provider, stated: Stated, visit: str, client_id: str) -> Person:
    """Return whom a provider states: the person it is linked to, else the one with this number, else a new one.

    His session, once he has one in this browser, is known to have been begun by what is stated.

    Raises:
        NamedError: one of those in `federation.domain` or `IdentityDiffers`, when he may not be who he seems.
    """
    async with provider.transaction(replace(ANONYMOUS, client=client_id, channel="web")) as tx:
        try:
            known = await _linked(tx, provider, stated)
        except NamedError as refusal:
            outcome: Person | NamedError = refusal
            tx.audit("identity.refused", key=NOBODY, detail={"provider": stated.provider, "reason": refusal.slug})
        else:
            outcome = await _person(tx, known)
            await _expect(tx, provider, known, stated, visit)
    refused = isinstance(outcome, NamedError)
    ARRIVED.labels(stated.provider, "refused" if refused else "recognised").inc()
    if isinstance(outcome, NamedError):
        raise outcome
    return outcome


async def link(provider: Provider, stated: Stated, caller: Caller, person_id: UUID) -> None:
    """Link the account of a person who is signed in to whom a provider states.

    Raises:
        NamedError: one of those in `federation.domain`, `IdentityDiffers` or `IdentityKnown`: he is somebody else,
            or may be.
    """
    refused: NamedError | None = None
    async with provider.transaction(caller) as tx:
        try:
            await _link_own(tx, provider, stated, person_id)
        except NamedError as refusal:
            refused = refusal
            detail = {"provider": stated.provider, "reason": refusal.slug}
            tx.audit("identity.refused", key=person_id, detail=detail)
    if refused is not None:
        raise refused


async def unlink(tx: Transaction, known: Link, *, kept: UUID | None = None) -> tuple[str, ...]:
    """Take a link back and end the sessions that were begun by it; return the identifiers to refuse from now on.

    Args:
        tx: the transaction.
        known: the link.
        kept: a session that goes on all the same: the one that asks for it.

    Raises:
        LinkNotFound: when it was taken back before.
        OnlyWayToSignIn: when the person himself asks and could not sign in any more.
    """
    if tx.caller.sub == known.person_id and not await _has_another_way(tx, known):
        raise OnlyWayToSignIn
    if not await repository.unlink(tx.connection, known.id, tx.now):
        raise LinkNotFound
    tx.audit("identity.unlinked", key=known.person_id, detail={"provider": known.provider})
    sessions = await repository.sessions_of_link(tx.connection, known.id)
    return await _end(tx, [session for session in sessions if session != kept])


async def inspect(tx: Transaction, person_id: UUID, purpose: InspectionPurpose, reference: str | None) -> list[Link]:
    """Return with which identities somebody may sign in, to administrators who say why; he sees that they looked.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
        PersonNotFound: when there is no such person.
    """
    PERMISSIONS.require(tx.caller, "identity.inspect")
    require_assurance(tx.caller.acr, INSPECTING_NEEDS)
    if await person_by_id(tx.connection, person_id) is None:
        raise PersonNotFound
    tx.audit("identities.inspected", key=person_id, detail={"purpose": purpose.value, "reference": reference})
    return await repository.links_of(tx.connection, person_id)


async def honour_logout(provider: Provider, upstream: Upstream, logout_token: str) -> None:
    """End the sessions whose sign-in has ended at the other provider; the same notice counts once.

    Raises:
        UpstreamNotBelieved: when the notice is not the provider's.
        UpstreamAway: when its keys cannot be fetched.
    """
    signed_out = await upstream.signed_out(logout_token)
    async with provider.transaction(replace(ANONYMOUS, client=upstream.id, channel="system")) as tx:
        token_hash = digest(f"{upstream.provider.issuer}\0{signed_out.token_id}")
        if not await repository.note_logout(tx.connection, token_hash, signed_out.expires_at):
            return
        sessions = await _sessions(tx, provider, upstream, signed_out)
        revoked = await _end(tx, sessions)
    provider.revoked.add(revoked)


async def signed_in_elsewhere(provider: Provider, session_id: UUID) -> Elsewhere | None:
    """Return where the person is still signed in by what began a session; None when he is not, or nobody answers."""
    async with acquired(provider.context.pool) as connection:
        kept = await repository.sealed_id_token(connection, session_id)
        if kept is None or kept[0].provider not in provider.upstreams:
            return None
        link, sealed = kept
        opened = await provider.cipher.decrypt(connection, link.person_id, *_ID_TOKEN, link.id, sealed)
    upstream = provider.upstreams[link.provider]
    return_to = f"{provider.issuer}/federation/{upstream.id}/signed-out"
    try:
        address = await upstream.sign_out_address(opened.decode(), return_to)
    except (UpstreamAway, UpstreamNotBelieved):
        return None
    return Elsewhere(upstream.name, address) if address else None


def callback_of(provider: Provider, upstream: Upstream) -> str:
    """Return where the provider sends browsers back to."""
    return f"{provider.issuer}/federation/{upstream.id}/callback"


def _asked(provider: Provider, upstream: Upstream, begun: Begun, *, state: str, visit: str, now: datetime) -> Asked:
    earliest = begun.signed_in_after
    return Asked(
        redirect_uri=callback_of(provider, upstream),
        state=state,
        nonce=form_token(visit, f"federation-nonce:{state}"),
        verifier=form_token(visit, f"federation-verifier:{state}"),
        max_age=None if earliest is None else max(int((now - earliest).total_seconds()), 0),
        signed_in_after=earliest,
    )


async def _linked(tx: Transaction, provider: Provider, stated: Stated) -> Link:
    """Return the link by which the person signs in; made here when his number says who he is."""
    cipher = provider.cipher
    subject = _subject_index(provider, stated.issuer, stated.subject)
    link = await repository.link_by_subject(tx.connection, subject)
    if link is not None:
        if stated.verified is not None:
            await verify(tx, cipher, link.person_id, stated.verified, stated.level)
        return link
    facts = stated.require_verified()
    for known in await people_with_number(tx.connection, cipher, facts.identity_number):
        if known.level >= Level.REAL_NAME:
            standing = await repository.standing_of(tx.connection, known.id, stated.provider)
            standing.require_findable()
            await verify(tx, cipher, known.id, facts, stated.level)
            return await _link(tx, stated, known.id, subject, by_person=False)
    person_id = await _register(tx, provider, stated, facts)
    return await _link(tx, stated, person_id, subject, by_person=False)


async def _register(tx: Transaction, provider: Provider, stated: Stated, facts: Facts) -> UUID:
    """Make known whom nobody here is known to be, as surely as the provider knows him."""
    person_id = uuid7()
    tx.caller = replace(tx.caller, sub=person_id, kind="natural")
    new = NewPerson(
        id=person_id,
        username=f"{stated.provider}-{person_id.hex[-12:]}",
        password_hash=None,
        name=facts.name,
        identity_number=facts.identity_number,
        phone=stated.phone,
        assurance=stated.level,
    )
    await register_person(tx, provider.cipher, new)
    verified = PersonVerified(person_id=person_id, assurance=stated.level, verified_at=tx.now)
    tx.emit(verified, key=person_id, version=FIRST_VERSION)
    tx.audit("person.verified", key=person_id, detail={"assurance": int(stated.level)})
    return person_id


async def _link_own(tx: Transaction, provider: Provider, stated: Stated, person_id: UUID) -> None:
    subject = _subject_index(provider, stated.issuer, stated.subject)
    known = await repository.link_by_subject(tx.connection, subject)
    if known is not None:
        if known.person_id != person_id:
            raise LinkedToAnother
        return
    facts = stated.require_verified()
    standing = await repository.standing_of(tx.connection, person_id, stated.provider)
    standing.require_free()
    await verify(tx, provider.cipher, person_id, facts, stated.level)
    await _link(tx, stated, person_id, subject, by_person=True)


async def _link(tx: Transaction, stated: Stated, person_id: UUID, subject: bytes, *, by_person: bool) -> Link:
    new = Link(uuid7(), person_id, stated.provider, by_person, linked_at=tx.now, used_at=tx.now)
    await repository.add_link(tx.connection, new, subject)
    if tx.caller.sub is None:
        tx.caller = replace(tx.caller, sub=person_id, kind="natural")
    tx.audit("identity.linked", key=person_id, detail={"provider": stated.provider, "by_person": by_person})
    return new


async def _expect(tx: Transaction, provider: Provider, known: Link, stated: Stated, visit: str) -> None:
    """Note that the person comes by a link, until he has a session: a second factor may be asked for in between."""
    await repository.use_link(tx.connection, known.id, tx.now)
    sealed = await provider.cipher.encrypt(
        tx.connection, known.person_id, *_ID_TOKEN, known.id, stated.id_token.encode()
    )
    session = _session_hash(stated.issuer, stated.session) if stated.session else None
    await repository.keep_arrival(
        tx.connection, known, visit=digest(visit), session=session, id_token=sealed, expires_at=tx.now + LIFETIME
    )


async def _person(tx: Transaction, known: Link) -> Person:
    person = await person_by_id(tx.connection, known.person_id)
    if person is None:
        raise LookupError(str(known.person_id))
    return person


async def _has_another_way(tx: Transaction, known: Link) -> bool:
    """Tell whether the person could sign in without a link: by another one, a password, a passkey, or his phone."""
    links = await repository.links_of(tx.connection, known.person_id, lock=True)
    if len(links) > 1 or await has_password(tx.connection, known.person_id):
        return True
    factors = await factors_of(tx.connection, known.person_id)
    return bool(factors.passkeys) or (await sealed_fields(tx.connection, known.person_id))[1] is not None


async def _sessions(tx: Transaction, provider: Provider, upstream: Upstream, signed_out: SignedOut) -> list[UUID]:
    issuer = upstream.provider.issuer
    if signed_out.session is not None:
        session_hash = _session_hash(issuer, signed_out.session)
        return await repository.sessions_of_upstream(tx.connection, session_hash)
    subject = _subject_index(provider, issuer, signed_out.subject or "")
    known = await repository.link_by_subject(tx.connection, subject)
    return await repository.sessions_of_link(tx.connection, known.id) if known else []


async def _end(tx: Transaction, sessions: list[UUID]) -> tuple[str, ...]:
    ended = [await end(tx, session_id) for session_id in sessions]
    return tuple(identifier for identifiers in ended for identifier in identifiers)


def _subject_index(provider: Provider, issuer: str, subject: str) -> bytes:
    return provider.cipher.blind_index("federated-subject", f"{issuer}\0{subject}")


def _session_hash(issuer: str, session: str) -> bytes:
    return digest(f"{issuer}\0{session}")
