"""Rows of `case_file` as cases, and back."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

from onestop_legal.working_days import Deadline
from onestop_runtime.sql import Record
from svc_intake.domain.acceptance import Acceptance
from svc_intake.domain.case import Case
from svc_intake.domain.correction import CorrectionNotice
from svc_intake.domain.material import HandedIn
from svc_intake.domain.party import Agency, Agent, Applicant
from svc_intake.domain.progress import Delivery, Licence, Progress, Result
from svc_intake.domain.receipt import Receipt
from svc_intake.domain.refusal import Refusal
from svc_intake.domain.state import State

T = TypeVar("T")

_HANDED_IN = TypeAdapter(dict[str, HandedIn])
_RECEIPT = TypeAdapter(Receipt)
_NOTICE = TypeAdapter(CorrectionNotice)
_ACCEPTANCE = TypeAdapter(Acceptance)
_REFUSAL = TypeAdapter(Refusal)
_PROGRESS = TypeAdapter(Progress)
_RESULT = TypeAdapter(Result)
_LICENCE = TypeAdapter(Licence)
_DELIVERY = TypeAdapter(Delivery)


def _maybe(adapter: TypeAdapter[T], value: Any) -> T | None:
    return None if value is None else adapter.validate_python(value)


def case_of(row: Record) -> Case:
    """Return the case that a row of `case_file` holds."""
    due = row["answer_due_on"]
    return Case(
        id=row["id"],
        version=row["version"],
        state=State(row["state"]),
        item_code=row["item_code"],
        item_name=row["item_name"],
        item_type=row["item_type"],
        guide_version_id=row["guide_version_id"],
        agency=Agency(row["agency_code"], row["agency_name"]),
        region=row["region"],
        hall=row["hall"],
        applicant=Applicant(row["applicant_id"], row["applicant_kind"], row["applicant_name"], row["applicant_code"]),
        opened_by=row["opened_by"],
        mandate_id=row["mandate_id"],
        channel=row["channel"],
        created_at=row["created_at"],
        agent=Agent(row["agent_name"], row["agent_agency"]) if row["agent_name"] else None,
        answers=row["answers"],
        form_complete=row["form_complete"],
        public_fields=row["public_fields"],
        handed_in=_HANDED_IN.validate_python(row["handed_in"]),
        receipt=_maybe(_RECEIPT, row["receipt"]),
        submitted_version=row["submitted_version"],
        counted_from=row["counted_from"],
        answer_due=None if due is None else Deadline(due, row["answer_due_provisional"]),
        silence_accepts=row["silence_accepts"],
        notice=_maybe(_NOTICE, row["notice"]),
        acceptance=_maybe(_ACCEPTANCE, row["acceptance"]),
        refusal=_maybe(_REFUSAL, row["refusal"]),
        progress=_maybe(_PROGRESS, row["progress"]),
        result=_maybe(_RESULT, row["result"]),
        licence=_maybe(_LICENCE, row["licence"]),
        delivery=_maybe(_DELIVERY, row["delivery"]),
    )


def birth_values(case: Case) -> Mapping[str, Any]:
    """Return the values that a case is born with and keeps."""
    return {
        "item_code": case.item_code,
        "item_name": case.item_name,
        "item_type": case.item_type,
        "guide_version_id": case.guide_version_id,
        "agency_code": case.agency.code,
        "agency_name": case.agency.name,
        "region": case.region,
        "hall": case.hall,
        "applicant_id": case.applicant.id,
        "applicant_kind": case.applicant.kind,
        "applicant_name": case.applicant.name,
        "applicant_code": case.applicant.credit_code,
        "opened_by": case.opened_by,
        "mandate_id": case.mandate_id,
        "channel": case.channel,
        "created_at": case.created_at,
        "agent_name": case.agent.name if case.agent else None,
        "agent_agency": case.agent.agency if case.agent else None,
    }


def changing_values(case: Case) -> Mapping[str, Any]:
    """Return the values that change in the life of a case, the form apart.

    From receipt on the case lies in the inbox of its hall, or of its agency where the item has no hall.
    """
    receipt, received = case.receipt, case.receipt is not None
    return {
        "version": case.version,
        "state": case.state.value,
        "answers": case.answers,
        "form_complete": case.form_complete,
        "public_fields": case.public_fields,
        "handed_in": case.handed_in,
        "case_number": receipt.case_number if receipt else None,
        "receiving_hall": case.hall if received else None,
        "receiving_agency": case.agency.code if received and case.hall is None else None,
        "proceeding_agency": case.progress.agency_code if case.progress else None,
        "submitted_version": case.submitted_version,
        "submitted_at": receipt.submitted_at if receipt else None,
        "counted_from": case.counted_from,
        "answer_due_on": case.answer_due.day if case.answer_due else None,
        "answer_due_provisional": case.answer_due.provisional if case.answer_due else None,
        "silence_accepts": case.silence_accepts,
        "receipt": receipt,
        "notice": case.notice,
        "acceptance": case.acceptance,
        "accepted_on": case.acceptance.accepted_on if case.acceptance else None,
        "refusal": case.refusal,
        "progress": case.progress,
        "result": case.result,
        "decided_on": case.result.decided_on if case.result else None,
        "licence_id": case.licence.id if case.licence else None,
        "licence": case.licence,
        "delivery": case.delivery,
    }
