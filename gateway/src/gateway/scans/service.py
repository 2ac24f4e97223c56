"""Use cases of scanning: show a code, open it with a phone, answer it, be signed in by it."""

from dataclasses import dataclass
from datetime import datetime
from secrets import randbelow
from typing import Final
from uuid import UUID

from gateway.people.domain import Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider
from gateway.scans import repository
from gateway.scans.domain import LIFETIME, METHOD, Scan, ScanGone
from gateway.signin.domain import MULTIPLE, Arrival, Session
from gateway.signin.origins import device_of, network_index, network_of
from gateway.signin.repository import living_session
from gateway.tokens.opaque import digest, form_token
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction

_LOWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Opened:
    """A scan as its phone sees it.

    Attributes:
        same_network: whether the screen asks from where the phone is.
    """

    scan: Scan
    same_network: bool


@dataclass(frozen=True, slots=True)
class Approver:
    """Who has approved a scan.

    Attributes:
        methods: how the screen's session calls it: two factors count there, too, when the phone was shown them.
        signed_in_at: when he last proved to his phone who he is; scanning is no proof that is any newer.
    """

    person: Person
    methods: tuple[str, ...]
    signed_in_at: datetime


def code_of(scan_id: UUID, visit: str) -> str:
    """Return the code of a scan, which only the browser that shows it can make: it is kept nowhere."""
    return form_token(visit, f"scan:{scan_id}")


async def show(tx: Transaction, provider: Provider, arrival: Arrival, application: str, visit: str) -> UUID:
    """Let the screen that is known by `visit` wait for a phone; return by what it finds its scan again."""
    new = Scan(
        id=uuid7(),
        visit_hash=digest(visit),
        application=application,
        device=device_of(arrival.device),
        network=network_of(arrival.address),
        network_index=network_index(provider.cipher, arrival.address),
        number=str(_LOWEST + randbelow(100 - _LOWEST)),
        asked_at=tx.now,
        expires_at=tx.now + LIFETIME,
    )
    await repository.add_scan(tx.connection, new, digest(code_of(new.id, visit)))
    tx.audit("scan.shown", key=new.id, detail={"client": arrival.client_id})
    return new.id


async def open_scan(tx: Transaction, provider: Provider, code: str, address: str) -> Opened:
    """Open a code with the caller's phone, so that nobody else can answer it; raises `ScanGone`."""
    person_id, known = await _known(tx, code)
    opened = known.opened(person_id, tx.now)
    if known.person_id is None:
        await repository.save(tx.connection, opened)
        tx.audit("scan.opened", key=opened.id)
    return Opened(opened, opened.network_index == network_index(provider.cipher, address))


async def answer(tx: Transaction, code: str, session: Session, number: str | None) -> Scan:
    """Take the phone's answer: the number that the screen shows, or None for no.

    The wrong number refuses as well. Raises `ScanGone`.
    """
    person_id, known = await _known(tx, code)
    if number is None:
        answered = known.refused(person_id, tx.now)
    else:
        answered = known.answered(person_id, session.id, number, tx.now)
    await repository.save(tx.connection, answered)
    if answered.approved_at:
        tx.audit("scan.approved", key=answered.id)
    else:
        tx.audit("scan.refused", key=answered.id)
    return answered


async def scan_at(tx: Transaction, scan_id: UUID, visit: str) -> Scan:
    """Return the scan that a browser shows; raises `ScanGone`."""
    known = await repository.scan_at(tx.connection, scan_id, digest(visit))
    if known is None:
        raise ScanGone
    return known


async def take(tx: Transaction, scan: Scan) -> Approver:
    """Return who has approved a scan, for the screen that shows it to sign him in, once; raises `ScanGone`."""
    used = scan.used(tx.now)
    session = await living_session(tx.connection, used.session_id, tx.now) if used.session_id else None
    person = await person_by_id(tx.connection, session.person_id) if session else None
    if session is None or person is None:
        raise ScanGone
    await repository.save(tx.connection, used)
    methods = (METHOD, MULTIPLE) if MULTIPLE in session.methods else (METHOD,)
    return Approver(person, methods, session.signed_in_at)


async def _known(tx: Transaction, code: str) -> tuple[UUID, Scan]:
    known = await repository.scan_by_code(tx.connection, digest(code))
    if known is None or tx.caller.sub is None:
        raise ScanGone
    return tx.caller.sub, known
