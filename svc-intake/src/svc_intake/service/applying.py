"""What an applicant does after receipt: hand in corrections, withdraw, take the result; and what he reads."""

from typing import Any
from uuid import UUID

from onestop_runtime.problems import NotPermitted
from onestop_runtime.sql import Record
from onestop_runtime.transaction import Reader, Transaction
from svc_intake.domain.progress import Delivery
from svc_intake.permissions import PERMISSIONS
from svc_intake.repository import case_lists, cases, documents, timeline
from svc_intake.resources import Resources
from svc_intake.service import events
from svc_intake.service.access import (
    Sheet,
    calendar_of,
    form_of,
    locked,
    require_version,
    seen,
    sheet_of,
    sheet_without_form,
)
from svc_intake.service.submission import form_errors


async def correct(tx: Transaction, own: Resources, case_id: UUID, version: int) -> Sheet:
    """Hand in again what was asked; the office's time to answer counts anew.

    Raises:
        CaseNotFound, NotPermitted, StaleVersion, CaseNotInCorrection: nothing is changed.
        FieldErrors: when a named place was not touched, or something is still missing.
    """
    loaded = await locked(tx, case_id, "case.submit")
    case = loaded.case
    require_version(case, version)
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    case.correct(guide, await form_errors(tx, own, loaded), tx.now, await calendar_of(tx, own, loaded))
    await cases.save(tx.connection, case, tx.caller.sub)
    events.corrected(tx, case)
    tx.audit("case.corrected", key=case.id)
    return await sheet_without_form(tx, own, loaded)


async def withdraw(tx: Transaction, own: Resources, case_id: UUID, version: int) -> Sheet:
    """Take the application back before the decision.

    Raises:
        CaseNotFound, NotPermitted, StaleVersion, CaseNotWithdrawable: nothing is changed.
    """
    loaded = await locked(tx, case_id, "case.withdraw")
    case = loaded.case
    require_version(case, version)
    case.withdraw(tx.now)
    await cases.save(tx.connection, case, tx.caller.sub)
    events.withdrawn(tx, case)
    tx.audit("case.withdrawn", key=case.id)
    return await sheet_without_form(tx, own, loaded)


async def deliver(tx: Transaction, own: Resources, case_id: UUID, version: int, means: Any) -> Sheet:
    """Note that the result reached the applicant: he confirms online, a clerk what was handed over or sent.

    Raises:
        CaseNotFound, StaleVersion, CaseNotConcluded: nothing is changed.
        NotPermitted: when an applicant claims what only a clerk can know, or the other way round.
    """
    loaded = await locked(tx, case_id, "case.deliver")
    case = loaded.case
    require_version(case, version)
    if (means == "online") != PERMISSIONS.permits(tx.caller, "case.edit", loaded.row):
        raise NotPermitted("网上查收由申请人确认，窗口领取和邮寄由窗口人员登记。")
    delivery = Delivery(means, tx.now)
    case.deliver(delivery)
    await cases.save(tx.connection, case, tx.caller.sub)
    events.delivered(tx, case, delivery)
    tx.audit("case.delivered", key=case.id, detail={"means": means})
    return await sheet_without_form(tx, own, loaded)


async def read_case(reader: Reader, own: Resources, case_id: UUID) -> Sheet:
    """Return a case as the caller may see it; raises `CaseNotFound`."""
    return await sheet_of(reader, own, await seen(reader, case_id))


async def unmask(tx: Transaction, own: Resources, case_id: UUID, purpose: str) -> dict[str, Any]:
    """Return the form unmasked, for a purpose that the audit trail keeps; raises `CaseNotFound`, `NotPermitted`."""
    loaded = await locked(tx, case_id, "form.unmask")
    tx.audit("form.unmasked", key=case_id, detail={"purpose": purpose})
    return await form_of(tx, own, loaded)


async def list_cases(
    reader: Reader, *, case_number: str | None, state: str | None, after: UUID | None, limit: int
) -> list[Record]:
    """Return a page of the cases the caller may see, newest first: his own, his hall's inbox, his agency's."""
    conditions = PERMISSIONS.conditions(reader.caller, "case.read")
    parameters = PERMISSIONS.parameters(conditions, reader.caller)
    return await case_lists.page(
        reader.connection, conditions, parameters, case_number=case_number, state=state, after=after, limit=limit
    )


async def read_timeline(reader: Reader, case_id: UUID) -> list[Record]:
    """Return all that happened to a case, oldest first; raises `CaseNotFound`."""
    await seen(reader, case_id)
    return await timeline.timeline(reader.connection, case_id)


async def read_documents(reader: Reader, case_id: UUID) -> list[Record]:
    """Return the documents of a case, oldest first; raises `CaseNotFound`."""
    await seen(reader, case_id)
    return await documents.of_case(reader.connection, case_id)
