"""受理: what the window answers to an application."""

from uuid import UUID

from onestop_runtime.problems import errors
from onestop_runtime.routing import IfMatch, Write, command_router
from svc_intake.domain.authority import NoAcceptanceAuthority
from svc_intake.domain.correction import CorrectionsAlreadyNamed
from svc_intake.domain.party import AgencyUnknown
from svc_intake.domain.silence import AcceptedBySilence
from svc_intake.domain.state import CaseNotAwaitingAnswer, CaseNotFound
from svc_intake.routes import PREFIX
from svc_intake.routes.dependencies import Own
from svc_intake.schemas.answers import CorrectOnTheSpot, NameCorrections, Refuse, Unmask, UnmaskedForm
from svc_intake.schemas.cases import CaseView
from svc_intake.service import answering, applying

commands = command_router(PREFIX, ["受理"])
disclosures = command_router(PREFIX, ["受理"], idempotency=False)
"""What shows personal data is not kept for repeats."""


@commands.post(
    "/cases/{case_id}/acceptance",
    responses=errors(CaseNotFound, CaseNotAwaitingAnswer, NoAcceptanceAuthority, AgencyUnknown),
    summary="受理",
)
async def accept_case(case_id: UUID, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Accept, within the authority the agency gave the hall; the statutory clock starts."""
    return CaseView.of(await answering.accept(tx, own, case_id, if_match))


@commands.post(
    "/cases/{case_id}/refusal",
    responses=errors(CaseNotFound, CaseNotAwaitingAnswer, AcceptedBySilence, NoAcceptanceAuthority, AgencyUnknown),
    summary="不予受理",
)
async def refuse_case(case_id: UUID, form: Refuse, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Refuse, with reasons, the right organ where it is another's business, and the full remedies."""
    return CaseView.of(
        await answering.refuse(
            tx,
            own,
            case_id,
            if_match,
            kind=form.kind,
            reason=form.reason,
            right_organ=form.right_organ,
            advice=form.remedy,
        )
    )


@commands.post(
    "/cases/{case_id}/correction-notice",
    responses=errors(
        CaseNotFound, CaseNotAwaitingAnswer, CorrectionsAlreadyNamed, AcceptedBySilence, NoAcceptanceAuthority,
        AgencyUnknown,
    ),
    summary="一次性告知补正",
)  # fmt: skip
async def name_corrections(case_id: UUID, form: NameCorrections, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Name everything to be corrected, once (行政许可法 32(4))."""
    return CaseView.of(await answering.name_corrections(tx, own, case_id, if_match, form.corrections()))


@commands.post(
    "/cases/{case_id}/on-the-spot-correction",
    responses=errors(CaseNotFound, CaseNotAwaitingAnswer, AcceptedBySilence),
    summary="当场更正",
)
async def correct_on_the_spot(
    case_id: UUID, form: CorrectOnTheSpot, tx: Write, own: Own, if_match: IfMatch
) -> CaseView:
    """Correct at the window what can be corrected there, the applicant standing by (行政许可法 32(3))."""
    return CaseView.of(await answering.correct_on_the_spot(tx, own, case_id, if_match, form.fields))


@disclosures.post("/cases/{case_id}/unmasking", responses=errors(CaseNotFound), summary="查看未脱敏的申请表")
async def unmask_form(case_id: UUID, form: Unmask, tx: Write, own: Own) -> UnmaskedForm:
    """Show the form unmasked, for a purpose that the audit trail keeps."""
    return UnmaskedForm(case_id=str(case_id), form=await applying.unmask(tx, own, case_id, form.purpose))
