"""How the proceeding goes on in the office, noted in the case: progress, clock, decision, licence."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction
from svc_intake.domain.case import Case
from svc_intake.domain.progress import Licence, Progress, Result, limits_told
from svc_intake.domain.timeline import Entry, Happening, entry
from svc_intake.repository import cases

log = logger(__name__)

ENDS = {"withdrawn": "撤回", "annulled": "撤销", "cancelled": "注销", "revoked": "吊销"}
"""How a licence ends; four different things with different effects."""


@dataclass(frozen=True, slots=True)
class LicenceEnd:
    """How and when a licence ended, and on what basis."""

    way: str
    basis: str
    ended_on: date


async def start(tx: Transaction, case_id: UUID, progress: Progress, at: datetime) -> None:
    """Note that the office has begun; from now on the staff of its agency may read the case."""
    if case := await _found(tx, case_id):
        text = limits_told(progress.statutory, progress.promised)
        case.follow(progress, entry(Happening.STARTED, at, text, proceeding_id=str(progress.proceeding_id)))
        await cases.save(tx.connection, case, None)


async def follow(tx: Transaction, case_id: UUID, happened: Entry, **changes: object) -> None:
    """Note a step of the proceeding, and what it changes in the progress shown."""
    if case := await _found(tx, case_id):
        if case.progress is None:
            log.warning("a step of a proceeding that has not started here", case_id=str(case_id))
            return
        case.follow(replace(case.progress, **changes), happened)  # type: ignore[arg-type]
        await cases.save(tx.connection, case, None)


async def conclude(tx: Transaction, case_id: UUID, result: Result, at: datetime) -> None:
    """Note the decision 办结."""
    if case := await _found(tx, case_id):
        word = "准予" if result.outcome == "granted" else "不予"
        text = f"{word}。{result.document_name} {result.document_number}。"
        case.conclude(result, entry(Happening.DECIDED, at, text, outcome=result.outcome))
        await cases.save(tx.connection, case, None)


async def hold(tx: Transaction, case_id: UUID, licence: Licence, at: datetime) -> None:
    """Note the licence that was issued."""
    if case := await _found(tx, case_id):
        text = f"{licence.name} {licence.number}。"
        case.hold(licence, entry(Happening.LICENCE_ISSUED, at, text, identifier=licence.identifier))
        await cases.save(tx.connection, case, None)


async def end_licence(tx: Transaction, licence_id: UUID, end: LicenceEnd, at: datetime) -> None:
    """Note that the licence ended, and how."""
    case = await cases.lock_by_licence(tx.connection, licence_id)
    if case is None or case.licence is None:
        log.warning("a licence of no case here has ended", licence_id=str(licence_id))
        return
    text = f"{end.ended_on.isoformat()} 依法{ENDS[end.way]}。依据：{end.basis}。"
    case.hold(replace(case.licence, ended=end.way), entry(Happening.LICENCE_ENDED, at, text, way=end.way))
    await cases.save(tx.connection, case, None)


async def _found(tx: Transaction, case_id: UUID) -> Case | None:
    case = await cases.lock_alone(tx.connection, case_id)
    if case is None:
        log.warning("a proceeding of no case here", case_id=str(case_id))
    return case
