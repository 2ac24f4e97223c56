"""Use cases of erasure: asked for by the person, or proposed by one official and approved by another."""

from typing import Final
from uuid import UUID

from prometheus_client import Counter

from gateway.erasures import repository
from gateway.erasures.domain import Erasure, ErasureNotFound, Ground, require_erasable
from gateway.identity.domain import PersonNotFound
from gateway.mandates.service import end_with_person
from gateway.people.domain import require_assurance
from gateway.people.repository import person_by_id
from gateway.permissions import PERMISSIONS
from gateway.signin.service import end_all
from onestop_legal.working_days import legal_day
from onestop_messages.gateway import PersonErased, StaffAppointed
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.problems import NotSignedIn, StaleVersion
from onestop_runtime.transaction import Reader, Transaction

ERASED = Counter("onestop_people_erased_total", "People whose data was to be destroyed", ["ground"])
log = logger(__name__)

_DECIDING_NEEDS: Final = 2
"""Who destroys what cannot be brought back has to be known by his real name."""


async def ask(tx: Transaction, cipher: FieldCipher) -> tuple[Erasure, tuple[str, ...]]:
    """Erase the caller, who asks for it himself.

    Returns:
        The erasure, and the identifiers of grants to refuse from now on.

    Raises:
        NotPermitted, NotSignedIn: when the caller may not.
        StillServes, StillRepresents: when others rely on him.
    """
    PERMISSIONS.require(tx.caller, "erasure.ask")
    if tx.caller.sub is None:
        raise NotSignedIn
    erasure = Erasure.asked(uuid7(), tx.caller.sub, tx.now)
    await repository.close_proposals(tx.connection, tx.caller.sub, tx.now)
    await repository.add(tx.connection, erasure)
    return erasure, await _carry_out(tx, cipher, erasure)


async def propose(tx: Transaction, person_id: UUID, ground: Ground, reason: str) -> Erasure:
    """Propose to erase a person, on a ground that law gives.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
        PersonNotFound: when there is no such person, or none any more.
        ErasureExists: when it is proposed already.
        StillServes, StillRepresents: when others rely on him.
    """
    PERMISSIONS.require(tx.caller, "erasure.propose")
    by = _official(tx)
    await _require_erasable(tx, person_id)
    erasure = Erasure(uuid7(), person_id, ground, reason, by, tx.now)
    await repository.add(tx.connection, erasure)
    tx.audit("erasure.proposed", key=person_id, detail={"ground": ground.value})
    return erasure


async def waiting(reader: Reader, after: UUID | None, limit: int) -> list[Erasure]:
    """Return what waits for a decision, the oldest first; raises `NotPermitted`."""
    PERMISSIONS.require(reader.caller, "erasure.read")
    return await repository.waiting(reader.connection, after, limit)


async def read(reader: Reader, erasure_id: UUID) -> Erasure:
    """Return an erasure; raises `NotPermitted`, `ErasureNotFound`."""
    PERMISSIONS.require(reader.caller, "erasure.read")
    found = await repository.by_id(reader.connection, erasure_id)
    if found is None:
        raise ErasureNotFound
    return found


async def approve(
    tx: Transaction, cipher: FieldCipher, erasure_id: UUID, version: int
) -> tuple[Erasure, tuple[str, ...]]:
    """Agree to what another official has proposed, and carry it out.

    Returns:
        The erasure, and the identifiers of grants to refuse from now on.

    Raises:
        NotPermitted, NotKnownSurelyEnough, ProposedErasureYourself: when the caller may not.
        ErasureNotFound, StaleVersion, ErasureDecided, StillServes, StillRepresents: nothing is changed.
    """
    before = await _locked(tx, "erasure.approve", erasure_id, version)
    erasure = before.approved(_official(tx), tx.now)
    await repository.save(tx.connection, erasure)
    return erasure, await _carry_out(tx, cipher, erasure)


async def refuse(tx: Transaction, erasure_id: UUID, why: str, version: int) -> Erasure:
    """Turn down what was proposed; raises as `approve` does."""
    before = await _locked(tx, "erasure.refuse", erasure_id, version)
    erasure = before.refused(_official(tx), why, tx.now)
    await repository.save(tx.connection, erasure)
    tx.audit("erasure.refused", key=erasure.person_id)
    return erasure


async def _carry_out(tx: Transaction, cipher: FieldCipher, erasure: Erasure) -> tuple[str, ...]:
    """Sign the person out everywhere, end his mandates, destroy his data, and have every service forget its copy."""
    person_id = erasure.person_id
    await _require_erasable(tx, person_id)
    ended = (*await end_all(tx, person_id), *await end_with_person(tx, person_id))
    for staff_id, version in await repository.appointments(tx.connection, person_id):
        tx.bury(StaffAppointed.TOPIC, key=staff_id, version=version)
    person_version = await repository.destroy(tx.connection, cipher, person_id, tx.now)
    event = PersonErased(person_id=person_id, erased_at=tx.now)
    tx.emit(event, key=person_id, version=person_version)
    tx.audit("person.erased", key=person_id, detail={"ground": erasure.ground.value})
    ERASED.labels(erasure.ground.value).inc()
    log.info("person erased", person_id=str(person_id), ground=erasure.ground.value, erasure_id=str(erasure.id))
    return ended


async def _require_erasable(tx: Transaction, person_id: UUID) -> None:
    if not await repository.lock_person(tx.connection, person_id):
        raise PersonNotFound
    person = await person_by_id(tx.connection, person_id)
    if person is None:
        raise PersonNotFound
    require_erasable(person, legal_day(tx.now))


async def _locked(tx: Transaction, action: str, erasure_id: UUID, version: int) -> Erasure:
    PERMISSIONS.require(tx.caller, action)
    found = await repository.by_id(tx.connection, erasure_id, lock=True)
    if found is None:
        raise ErasureNotFound
    if found.version != version:
        raise StaleVersion
    return found


def _official(tx: Transaction) -> UUID:
    require_assurance(tx.caller.acr, _DECIDING_NEEDS)
    if tx.caller.sub is None:
        raise NotSignedIn
    return tx.caller.sub
