"""Guide versions: from the draft to publication and its end; and imports of item lists."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from onestop_legal.errors import FieldErrors
from onestop_runtime.caller import Caller
from onestop_runtime.problems import BodyTooLarge, NotSignedIn, errors
from onestop_runtime.routing import (
    IfMatch,
    Read,
    Write,
    caller_of,
    command_router,
    context_of,
    query_router,
    request_transaction,
    stream_router,
)
from svc_catalog.domain.guide_version import (
    FourEyesNeeded,
    GuideVersionNotFound,
    QualityGateClosed,
    ValidityOverlaps,
    WrongGuideState,
)
from svc_catalog.domain.imported import DryRunNeeded, ImportNotFound, NotAnItemList, NotCsv
from svc_catalog.routes import PREFIX
from svc_catalog.schemas.guides import CheckView, FindingView, GuideForm, GuideVersionView, ReasonForm
from svc_catalog.schemas.imports import ImportView
from svc_catalog.service import guides, imports

commands = command_router(PREFIX, ["办事指南编制"])
queries = query_router(PREFIX, ["办事指南编制"])
streams = stream_router(PREFIX, ["事项导入"])
_CHANGED = errors(GuideVersionNotFound, WrongGuideState)
_LIST = (
    "department,main_item,name,type_code,implementation_code\n"
    "区教科体局,未分类,教师资格认定,1,511A0138600000-511602000000-000-115113010833722043-1-00\n"
)
_CSV = {"content": {"text/csv": {"schema": {"type": "string", "examples": [_LIST]}}}, "required": True}
MAX_LIST = 10 * 1024 * 1024


def _person(caller: Caller) -> UUID:
    if caller.sub is None:
        raise NotSignedIn
    return caller.sub


@commands.post("/guide-versions", status_code=201, summary="编制办事指南", responses=errors(FieldErrors))
async def write_version(form: GuideForm, tx: Write) -> GuideVersionView:
    """Begin a new version as a draft."""
    return GuideVersionView.of(await guides.write(tx, form.checked(), _person(tx.caller)))


@commands.put("/guide-versions/{version_id}", summary="修改草稿", responses=_CHANGED)
async def rewrite_version(version_id: UUID, form: GuideForm, tx: Write, if_match: IfMatch) -> GuideVersionView:
    """Put another text in place of a draft's."""
    return GuideVersionView.of(await guides.rewrite(tx, version_id, form.checked(), _person(tx.caller), if_match))


@commands.post("/guide-versions/{version_id}/check", summary="质量检查", responses=_CHANGED)
async def check_version(version_id: UUID, tx: Write, if_match: IfMatch) -> CheckView:
    """Put a version through the quality gate; vague clauses block it."""
    version, found = await guides.check(tx, version_id, if_match)
    findings = [FindingView.of(finding) for finding in found]
    return CheckView(id=version.id, state=version.state.value, findings=findings, version=version.version)


@commands.post(
    "/guide-versions/{version_id}/approval",
    summary="审批",
    responses=errors(GuideVersionNotFound, WrongGuideState, FourEyesNeeded),
)
async def approve_version(version_id: UUID, tx: Write, if_match: IfMatch) -> GuideVersionView:
    """Approve a checked version; its author cannot."""
    return GuideVersionView.of(await guides.approve(tx, version_id, _person(tx.caller), if_match))


@commands.post(
    "/guide-versions/{version_id}/publication",
    summary="发布",
    responses=errors(GuideVersionNotFound, WrongGuideState, QualityGateClosed, ValidityOverlaps),
)
async def publish_version(version_id: UUID, request: Request, tx: Write, if_match: IfMatch) -> GuideVersionView:
    """Put an approved version in force in place of the one before."""
    version = await guides.publish(tx, version_id, if_match)
    context_of(request).state.drop(version.code)
    return GuideVersionView.of(version)


@commands.post("/guide-versions/{version_id}/suspension", summary="挂起", responses=_CHANGED)
async def suspend_version(
    version_id: UUID, form: ReasonForm, request: Request, tx: Write, if_match: IfMatch
) -> GuideVersionView:
    """Suspend the item until another version is published."""
    version = await guides.suspend(tx, version_id, form.reason, if_match)
    context_of(request).state.drop(version.code)
    return GuideVersionView.of(version)


@commands.post("/guide-versions/{version_id}/withdrawal", summary="取消", responses=_CHANGED)
async def withdraw_version(
    version_id: UUID, form: ReasonForm, request: Request, tx: Write, if_match: IfMatch
) -> GuideVersionView:
    """Withdraw a version; none is in force after it."""
    version = await guides.withdraw(tx, version_id, form.reason, if_match)
    context_of(request).state.drop(version.code)
    return GuideVersionView.of(version)


@queries.get("/guide-versions/{version_id}", summary="查看办事指南版本", responses=errors(GuideVersionNotFound))
async def get_version(version_id: UUID, tx: Read) -> GuideVersionView:
    """Show a version to the editors of its agency."""
    return GuideVersionView.of(await guides.read(tx, version_id))


@streams.post(
    "/item-imports",
    status_code=201,
    summary="导入事项清单（CSV）",
    responses=errors(NotAnItemList, NotCsv, DryRunNeeded, BodyTooLarge),
    openapi_extra={"requestBody": _CSV},
)
async def import_items(
    request: Request,
    dry_run: Annotated[bool | None, Query(description="试运行；没有 dry_run_id 时必须先试运行")] = None,
    dry_run_id: Annotated[UUID | None, Query(description="对同一文件试运行的编号；给出后正式导入")] = None,
) -> ImportView:
    """Try a list; with the id of that trial, import it. The same list again changes nothing."""
    imports.require_importer(caller_of(request))
    if request.headers.get("content-type", "text/csv").partition(";")[0].strip().lower() != "text/csv":
        raise NotCsv
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_LIST:
            raise BodyTooLarge("事项清单最大 10 MB。")
    async with request_transaction(request) as tx:
        return ImportView(**await imports.import_items(tx, bytes(data), dry_run=dry_run, dry_run_id=dry_run_id))


@queries.get("/item-imports/{import_id}", summary="查看导入结果", responses=errors(ImportNotFound))
async def get_import(import_id: UUID, tx: Read) -> ImportView:
    """Show an import with what is wrong in each row."""
    return ImportView(**await imports.read_import(tx, import_id))
