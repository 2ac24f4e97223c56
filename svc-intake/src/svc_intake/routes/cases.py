"""办件: what applicants do and read."""

from uuid import UUID

from fastapi import Response

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_intake.domain.correction import NotAmongCorrections
from svc_intake.domain.guide import ItemSuspended, ItemWithdrawn, UnknownItem
from svc_intake.domain.party import MandateDoesNotCover, NotServed
from svc_intake.domain.state import (
    CaseNotConcluded,
    CaseNotEditable,
    CaseNotFound,
    CaseNotInCorrection,
    CaseNotSubmitted,
    CaseNotWithdrawable,
    State,
)
from svc_intake.routes import PREFIX
from svc_intake.routes.dependencies import Own
from svc_intake.schemas.answers import Deliver
from svc_intake.schemas.cases import AnswerQuestions, CaseSummary, CaseView, OpenCase, SaveForm
from svc_intake.schemas.receipts import DocumentsView, ReceiptView, TimelineView
from svc_intake.service import applying, drafting, submission

commands = command_router(PREFIX, ["办件"])
submissions = command_router(PREFIX, ["办件"], sharing=True)
queries = query_router(PREFIX, ["办件"])


@commands.post(
    "/cases",
    status_code=201,
    responses=errors(UnknownItem, ItemSuspended, ItemWithdrawn, NotServed, MandateDoesNotCover),
    summary="新建申请",
)
async def open_case(form: OpenCase, tx: Write, own: Own, response: Response) -> CaseView:
    """Open a draft for the guide in force; says which materials are needed and which sharing covers."""
    view = CaseView.of(await drafting.open_case(tx, own, form.guide_code, form.answers, form.hall))
    response.headers["location"] = f"{PREFIX}/cases/{view.id}"
    return view


@commands.put("/cases/{case_id}/answers", responses=errors(CaseNotFound, CaseNotEditable), summary="回答引导问题")
async def answer_questions(case_id: UUID, form: AnswerQuestions, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Answer the guide's questions anew; the materials follow."""
    return CaseView.of(await drafting.answer_questions(tx, own, case_id, form.answers, if_match))


@commands.put(
    "/cases/{case_id}/form",
    responses=errors(CaseNotFound, CaseNotEditable, NotAmongCorrections),
    summary="暂存申请表",
)
async def save_form(case_id: UUID, form: SaveForm, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Save the form as far as it is filled in; `form_problems` says what is still wrong."""
    return CaseView.of(await drafting.save_form(tx, own, case_id, form.form, if_match))


@commands.delete(
    "/cases/{case_id}", status_code=204, responses=errors(CaseNotFound, CaseNotEditable), summary="删除草稿"
)
async def remove_draft(case_id: UUID, tx: Write, if_match: IfMatch) -> None:
    """Throw a draft away."""
    await drafting.remove_draft(tx, case_id, if_match)


@submissions.post(
    "/cases/{case_id}/submission",
    status_code=201,
    responses=errors(CaseNotFound, CaseNotEditable, ItemSuspended, ItemWithdrawn, MandateDoesNotCover),
    summary="提交申请",
)
async def submit_case(case_id: UUID, tx: Write, own: Own, if_match: IfMatch) -> ReceiptView:
    """Submit; the answer is the receipt, for every repeat the same one."""
    return ReceiptView.of(await submission.submit(tx, own, case_id, if_match))


@commands.post(
    "/cases/{case_id}/corrections",
    responses=errors(CaseNotFound, CaseNotInCorrection),
    summary="提交补正",
)
async def correct_case(case_id: UUID, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Hand in what the correction notice names."""
    return CaseView.of(await applying.correct(tx, own, case_id, if_match))


@commands.post(
    "/cases/{case_id}/withdrawal",
    responses=errors(CaseNotFound, CaseNotWithdrawable),
    summary="撤回申请",
)
async def withdraw_case(case_id: UUID, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Take the application back before the decision."""
    return CaseView.of(await applying.withdraw(tx, own, case_id, if_match))


@commands.post(
    "/cases/{case_id}/delivery",
    responses=errors(CaseNotFound, CaseNotConcluded),
    summary="送达结果",
)
async def deliver_result(case_id: UUID, form: Deliver, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Confirm that the result arrived: the applicant online, a clerk at the window or by post."""
    return CaseView.of(await applying.deliver(tx, own, case_id, if_match, form.means))


@queries.get("/cases", summary="办件列表")
async def list_cases(
    tx: Read, case_number: str | None = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 20
) -> Page[CaseSummary]:
    """List what the caller may see, newest first: own cases, the hall's inbox, the agency's proceedings."""
    after = decode_cursor(cursor, UUID)
    rows = await applying.list_cases(
        tx, case_number=case_number, state=state, after=after[0] if after else None, limit=limit + 1
    )
    page, more = page_of(rows, limit)
    return Page(
        items=[CaseSummary.of(row) for row in page],
        next=encode_cursor(page[-1]["id"]) if more else None,
    )


@queries.get("/cases/{case_id}", responses=errors(CaseNotFound), summary="办件详情")
async def read_case(case_id: UUID, tx: Read, own: Own) -> CaseView:
    """Show a case; its ETag is the version that a change must name."""
    return CaseView.of(await applying.read_case(tx, own, case_id))


@queries.get("/cases/{case_id}/receipt", responses=errors(CaseNotFound, CaseNotSubmitted), summary="收件凭证")
async def read_receipt(case_id: UUID, tx: Read) -> ReceiptView:
    """Show the receipt."""
    return ReceiptView.of(await submission.read_receipt(tx, case_id))


@queries.get("/cases/{case_id}/timeline", responses=errors(CaseNotFound), summary="办理进度")
async def read_timeline(case_id: UUID, tx: Read) -> TimelineView:
    """Show all that happened, in intake and in the office."""
    return TimelineView.of(await applying.read_timeline(tx, case_id))


@queries.get("/cases/{case_id}/documents", responses=errors(CaseNotFound), summary="文书")
async def read_documents(case_id: UUID, tx: Read) -> DocumentsView:
    """Show the dated documents: correction notice, acceptance, refusal."""
    return DocumentsView.of(await applying.read_documents(tx, case_id))
