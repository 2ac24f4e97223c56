"""The office's answer to an application: accept, refuse, or name all corrections, each with a dated document."""

from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.working_days import legal_day
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction
from svc_intake.domain.acceptance import Acceptance
from svc_intake.domain.authority import AcceptanceAuthority, authority_for
from svc_intake.domain.case import Case
from svc_intake.domain.correction import Correction
from svc_intake.domain.document import Document, Series, document_number
from svc_intake.domain.evidence import legal_representative
from svc_intake.domain.party import AgencyFacts
from svc_intake.domain.refusal import RefusalKind
from svc_intake.repository import authorities, cases, documents, materials
from svc_intake.repository.cases import Loaded
from svc_intake.resources import Resources
from svc_intake.service import events
from svc_intake.service.access import (
    Sheet,
    agency_of,
    calendar_of,
    form_of,
    locked,
    require_version,
    sheet_without_form,
)
from svc_intake.service.drafting import changed_fields, sealed


async def accept(tx: Transaction, own: Resources, case_id: UUID, version: int) -> Sheet:
    """Accept formally 受理, within the authority the agency gave the hall.

    Raises:
        CaseNotFound, NotPermitted, StaleVersion: nothing is changed.
        NoAcceptanceAuthority: when the agency has not authorised the clerk's hall.
        CaseNotAwaitingAnswer: when the case was answered, or not even received.
        AgencyUnknown: when the agency's facts have not arrived yet.
    """
    loaded = await locked(tx, case_id, "case.answer")
    require_version(loaded.case, version)
    authority = await _authority(tx, loaded.case)
    await accept_loaded(tx, own, loaded, authority)
    return await sheet_without_form(tx, own, loaded)


async def accept_loaded(
    tx: Transaction, own: Resources, loaded: Loaded, authority: AcceptanceAuthority | None
) -> Acceptance:
    """Accept a loaded case and tell the office; for clerks and for silence alike."""
    case = loaded.case
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    agency = await agency_of(tx, case)
    calendar = await calendar_of(tx, own, loaded)
    serial, number = await _numbered(tx, agency, Series.ACCEPTANCE)
    acceptance = case.accept(guide, agency, authority, number, tx.now, calendar)
    await _issue(tx, case, Series.ACCEPTANCE, serial, number, acceptance)
    await cases.save(tx.connection, case, tx.caller.sub)
    assert case.receipt  # noqa: S101 - what is accepted was received
    proved = legal_representative(await materials.all_evidence(tx.connection, case.id))
    events.accepted(tx, case, guide, case.receipt, acceptance, proved)
    tx.audit("case.accepted", key=case.id, detail={"by_silence": acceptance.by_silence})
    return acceptance


async def refuse(
    tx: Transaction,
    own: Resources,
    case_id: UUID,
    version: int,
    *,
    kind: RefusalKind,
    reason: str,
    right_organ: str | None,
    advice: str | None,
) -> Sheet:
    """Refuse 不予受理, with reasons and the full remedies.

    Raises:
        CaseNotFound, NotPermitted, StaleVersion: nothing is changed.
        NoAcceptanceAuthority: when the agency has not authorised the clerk's hall.
        CaseNotAwaitingAnswer, AcceptedBySilence: when there is nothing left to refuse.
        FieldErrors: when the right organ is not named.
    """
    loaded = await locked(tx, case_id, "case.answer")
    case = loaded.case
    require_version(case, version)
    await _authority(tx, case)
    case.require_awaiting_answer(legal_day(tx.now))
    agency = await agency_of(tx, case)
    serial, number = await _numbered(tx, agency, Series.REFUSAL)
    refusal = case.refuse(kind, reason, agency, number, tx.now, right_organ=right_organ, advice=advice)
    await _issue(tx, case, Series.REFUSAL, serial, number, refusal)
    await cases.save(tx.connection, case, tx.caller.sub)
    events.refused(tx, case, refusal)
    tx.audit("case.refused", key=case.id, detail={"kind": kind.value})
    return await sheet_without_form(tx, own, loaded)


async def name_corrections(
    tx: Transaction, own: Resources, case_id: UUID, version: int, items: tuple[Correction, ...]
) -> Sheet:
    """Name all corrections, once (行政许可法 32(4)).

    Raises:
        CaseNotFound, NotPermitted, StaleVersion: nothing is changed.
        NoAcceptanceAuthority: when the agency has not authorised the clerk's hall.
        CorrectionsAlreadyNamed: when they were named before.
        CaseNotAwaitingAnswer, AcceptedBySilence: when it is too late to name any.
        FieldErrors: when a place does not exist.
    """
    loaded = await locked(tx, case_id, "case.answer")
    case = loaded.case
    require_version(case, version)
    await _authority(tx, case)
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    agency = await agency_of(tx, case)
    serial, number = await _numbered(tx, agency, Series.CORRECTION)
    notice = case.name_corrections(items, guide, number, tx.now)
    await _issue(tx, case, Series.CORRECTION, serial, number, notice)
    await cases.save(tx.connection, case, tx.caller.sub)
    events.corrections_named(tx, case, notice)
    tx.audit("case.corrections-named", key=case.id, detail={"corrections": len(items)})
    return await sheet_without_form(tx, own, loaded)


async def correct_on_the_spot(
    tx: Transaction, own: Resources, case_id: UUID, version: int, fields: dict[str, Any]
) -> Sheet:
    """Correct fields of the form at the window, the applicant standing by (行政许可法 32(3)).

    Raises:
        CaseNotFound, NotPermitted, StaleVersion: nothing is changed.
        CaseNotAwaitingAnswer, AcceptedBySilence: when it is too late.
        FieldErrors: when nothing changes or the form is not valid afterwards.
    """
    loaded = await locked(tx, case_id, "case.answer")
    case = loaded.case
    require_version(case, version)
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    schema = await own.memory.form_schema(tx.connection, case.guide_version_id)
    before = await form_of(tx, own, loaded)
    form = before | fields
    if wrong := schema.problems(form):
        raise FieldErrors(wrong)
    changed = changed_fields(before, form)
    if not changed:
        raise FieldErrors([FieldError("/fields", "unchanged", "没有需要更正的内容")])
    case.correct_on_the_spot(changed, schema.published(form, guide.public_fields), tx.now)
    loaded.form = await sealed(tx, own, case, form)
    await cases.save(tx.connection, case, tx.caller.sub, form=loaded.form)
    tx.audit("case.corrected-on-the-spot", key=case.id, detail={"fields": changed})
    return await sheet_without_form(tx, own, loaded)


async def _authority(tx: Transaction, case: Case) -> AcceptanceAuthority | None:
    """Return what lets the clerk answer; None when he serves the agency itself. Raises `NoAcceptanceAuthority`."""
    caller = tx.caller
    if caller.agency == case.agency.code:
        return None
    given = await authorities.of_agency(tx.connection, case.agency.code, caller.hall or "")
    return authority_for(given, case.agency.code, caller.hall, case.item_code, legal_day(tx.now))


async def _numbered(tx: Transaction, agency: AgencyFacts, series: Series) -> tuple[int, str]:
    """Return the next serial of the agency's series in this year, and the number it makes."""
    year = legal_day(tx.now).year
    serial = await documents.next_serial(tx.connection, agency.code, series, year)
    return serial, document_number(agency.short_name, series, year, serial)


async def _issue(tx: Transaction, case: Case, series: Series, serial: int, number: str, content: object) -> None:
    today = legal_day(tx.now)
    await documents.add(
        tx.connection,
        Document(
            id=uuid7(),
            case_id=case.id,
            agency_code=case.agency.code,
            series=series,
            year=today.year,
            serial=serial,
            number=number,
            dated=today,
            issued_at=tx.now,
            issued_by=tx.caller.sub,
            content=content,
        ),
    )
