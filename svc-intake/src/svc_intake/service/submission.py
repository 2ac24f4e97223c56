"""Submission 提交: the application is received, once, and the receipt says so.

The hot path of intake: applications that arrive at the same moment are loaded by one statement, get their numbers by
one visit to the counter, are saved by one statement and wait for the disk once.
"""

from dataclasses import dataclass
from uuid import UUID

from onestop_legal.errors import FieldError
from onestop_legal.implementation_code import case_number
from onestop_legal.working_days import legal_day
from onestop_runtime.transaction import Reader, Transaction
from svc_intake.domain.case import Case
from svc_intake.domain.guide import require_open
from svc_intake.domain.receipt import Receipt
from svc_intake.domain.state import CaseNotSubmitted
from svc_intake.repository import cases
from svc_intake.repository.cases import Loaded
from svc_intake.resources import Resources
from svc_intake.service import events
from svc_intake.service.access import calendar_of, form_of, locked, require_version, seen


@dataclass(slots=True)
class Received:
    """A receipt with the case it belongs to."""

    case: Case
    receipt: Receipt


async def submit(tx: Transaction, own: Resources, case_id: UUID, version: int) -> Received:
    """Receive the application and return the receipt; the second click gets the first one's.

    Raises:
        CaseNotFound, NotPermitted: when it is not the caller's.
        StaleVersion: when the case has changed since.
        ItemSuspended, ItemWithdrawn: when the item cannot be applied for any more.
        MandateDoesNotCover: when the company has withdrawn the caller's mandate.
        FieldErrors: with everything that is missing or wrong, at once.
    """
    loaded = await locked(tx, case_id, "case.submit")
    case = loaded.case
    if case.receipt and case.already_received(version):
        return Received(case, case.receipt)
    require_version(case, version)
    case.require_draft()
    today = legal_day(tx.now)
    require_open(loaded.item_state, loaded.item_reason, "{case_id}")
    if loaded.mandate:
        loaded.mandate.require_cover(case.item_code, today)
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    case.require_complete(guide, await form_errors(tx, own, loaded))
    calendar = await calendar_of(tx, own, loaded)
    number = case_number(case.item_code, today, await own.numbers.draw(case.item_code, today))
    receipt = case.submit(guide, number, tx.now, calendar)
    tx.later(cases.save_all, cases.change_of(case, tx.caller.sub))
    events.submitted(tx, case, receipt)
    tx.audit("case.submitted", key=case.id)
    return Received(case, receipt)


async def form_errors(tx: Reader, own: Resources, loaded: Loaded) -> list[FieldError]:
    """Return what is wrong with the saved form; the saved verdict spares reading a form that is complete."""
    if loaded.case.form_complete:
        return []
    schema = await own.memory.form_schema(tx.connection, loaded.case.guide_version_id)
    return schema.problems(await form_of(tx, own, loaded))


async def read_receipt(reader: Reader, case_id: UUID) -> Received:
    """Return the receipt of a case; raises `CaseNotFound`, `CaseNotSubmitted`."""
    case = (await seen(reader, case_id)).case
    if case.receipt is None:
        raise CaseNotSubmitted
    return Received(case, case.receipt)
