"""What intake tells the other services."""

from onestop_legal.working_days import legal_day
from onestop_messages.base import AgencyRef, Party
from onestop_messages.catalog import Limits, Result
from onestop_messages.intake import (
    CaseAccepted,
    CaseCorrected,
    CaseDelivered,
    CaseRefused,
    CaseSubmitted,
    CaseWithdrawn,
    CorrectionRequested,
    MaterialRef,
)
from onestop_runtime.transaction import Transaction
from svc_intake.domain.acceptance import Acceptance
from svc_intake.domain.case import Case
from svc_intake.domain.correction import CorrectionNotice
from svc_intake.domain.guide import Guide
from svc_intake.domain.progress import Delivery
from svc_intake.domain.receipt import Receipt
from svc_intake.domain.refusal import Refusal


def _party(case: Case) -> Party:
    who = case.applicant
    return Party(id=str(who.id), kind=who.kind, credit_code=who.credit_code, name=who.name)


def _agency(case: Case) -> AgencyRef:
    return AgencyRef(code=case.agency.code, name=case.agency.name)


def submitted(tx: Transaction, case: Case, receipt: Receipt) -> None:
    """Tell that the application was received 收件."""
    tx.emit(
        CaseSubmitted(
            case_id=case.id,
            case_number=receipt.case_number,
            item_code=case.item_code,
            item_name=case.item_name,
            guide_version_id=case.guide_version_id,
            agency=_agency(case),
            region=case.region,
            hall=case.hall,
            applicant=_party(case),
            channel=case.channel,
            submitted_at=receipt.submitted_at,
            received_on=receipt.received_on,
        ),
        key=case.id,
        version=case.version,
    )


def accepted(
    tx: Transaction,
    case: Case,
    guide: Guide,
    receipt: Receipt,
    acceptance: Acceptance,
    legal_representative: str | None,
) -> None:
    """Tell that the case was accepted 受理, with all the office needs."""
    document = guide.document
    names = {ask.code: ask.name for ask in guide.asks}
    tx.emit(
        CaseAccepted(
            case_id=case.id,
            case_number=receipt.case_number,
            item_code=case.item_code,
            item_name=case.item_name,
            item_type=case.item_type,
            guide_version_id=case.guide_version_id,
            agency=_agency(case),
            region=case.region,
            hall=case.hall,
            applicant=_party(case),
            channel=case.channel,
            accepted_on=acceptance.accepted_on,
            accepted_at=acceptance.accepted_at,
            by_silence=acceptance.by_silence,
            document_number=acceptance.document_number,
            procedure=document["procedure"],
            limits=Limits.model_validate(document["limits"]),
            result=Result.model_validate(document["result"]),
            obligations=tuple(document["obligations"]),
            public_fields=dict(case.public_fields),
            materials=tuple(
                MaterialRef(code=code, name=names[code], sha256=one.sha256, via=one.via)
                for code, one in sorted(case.handed_in.items())
            ),
            legal_representative=legal_representative,
        ),
        key=case.id,
        version=case.version,
    )


def corrections_named(tx: Transaction, case: Case, notice: CorrectionNotice) -> None:
    """Tell that everything to be corrected was named."""
    event = CorrectionRequested(
        case_id=case.id,
        notice_number=notice.number,
        corrections=len(notice.items),
        requested_on=notice.named_on,
    )
    tx.emit(event, key=case.id, version=case.version)


def corrected(tx: Transaction, case: Case) -> None:
    """Tell that the applicant handed in what was named."""
    tx.emit(CaseCorrected(case_id=case.id, corrected_on=legal_day(tx.now)), key=case.id, version=case.version)


def refused(tx: Transaction, case: Case, refusal: Refusal) -> None:
    """Tell that the application was refused 不予受理."""
    event = CaseRefused(
        case_id=case.id,
        kind=refusal.kind.value,
        document_number=refusal.document_number,
        refused_on=refusal.refused_on,
    )
    tx.emit(event, key=case.id, version=case.version)


def withdrawn(tx: Transaction, case: Case) -> None:
    """Tell that the applicant took the application back 撤回."""
    tx.emit(CaseWithdrawn(case_id=case.id, withdrawn_at=tx.now), key=case.id, version=case.version)


def delivered(tx: Transaction, case: Case, delivery: Delivery) -> None:
    """Tell that the result reached the applicant 送达."""
    event = CaseDelivered(case_id=case.id, delivered_at=delivery.delivered_at, means=delivery.means)
    tx.emit(event, key=case.id, version=case.version)
