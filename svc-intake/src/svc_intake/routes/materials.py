"""申请材料 and 共享核验: files in and out, evidence instead of files."""

from functools import partial
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from onestop_runtime.problems import MalformedHeader, StaleVersion, errors
from onestop_runtime.routing import (
    IfMatch,
    Key,
    Read,
    Write,
    command_router,
    query_router,
    request_reader,
    request_transaction,
    stream_router,
)
from svc_intake.domain.correction import NotAmongCorrections
from svc_intake.domain.evidence import NothingOnRecord, ResourceNotUsed, SharingRefused, SharingUnavailable
from svc_intake.domain.file_type import ContentDoesNotFitType, MediaTypeNotTaken
from svc_intake.domain.material import (
    FileEmpty,
    FileTooLarge,
    MaterialNotAsked,
    MaterialNotHandedIn,
    UploadBrokenOff,
)
from svc_intake.domain.state import CaseNotEditable, CaseNotFound
from svc_intake.routes import PREFIX
from svc_intake.routes.dependencies import FileName, Own, Version, chunks_of
from svc_intake.schemas.cases import CaseView
from svc_intake.schemas.receipts import AskForEvidence, EvidenceList, EvidenceView
from svc_intake.service import proving, uploading

commands = command_router(PREFIX, ["材料"])
queries = query_router(PREFIX, ["材料"])
streams = stream_router(PREFIX, ["材料"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "文件内容；Content-Type 须为办事指南允许的格式，并与内容相符",
        "content": {"application/pdf": _BINARY, "image/jpeg": _BINARY, "image/png": _BINARY},
    }
}


@streams.put(
    "/cases/{case_id}/materials/{material_code}",
    responses=errors(
        CaseNotFound, MaterialNotAsked, CaseNotEditable, NotAmongCorrections, MediaTypeNotTaken, FileTooLarge,
        FileEmpty, ContentDoesNotFitType, UploadBrokenOff, MalformedHeader, StaleVersion,
    ),
    openapi_extra=_BODY,
    summary="提交材料",
)  # fmt: skip
async def hand_in_material(
    case_id: UUID,
    material_code: str,
    request: Request,
    response: Response,
    own: Own,
    file_name: FileName,
    version: Version,
) -> CaseView:
    """Hand a material in, in place of an earlier one; the body is the file itself."""
    upload = uploading.Upload(
        case_id=case_id,
        code=material_code,
        content_type=request.headers.get("content-type", ""),
        file_name=file_name or material_code,
        size=int(length) if (length := request.headers.get("content-length", "")).isdigit() else None,
        version=version,
        chunks=chunks_of(request),
    )
    reader, transaction = partial(request_reader, request), partial(request_transaction, request)
    sheet = await uploading.hand_in(own, reader, transaction, upload)
    response.headers["etag"] = f'"{sheet.version}"'
    return CaseView.of(sheet)


@streams.get(
    "/cases/{case_id}/materials/{material_code}/content",
    responses={
        200: {"description": "文件内容", "content": {"application/octet-stream": _BINARY}},
        **errors(CaseNotFound, MaterialNotHandedIn),
    },
    response_class=Response,
    summary="下载材料",
)
async def read_material(case_id: UUID, material_code: str, request: Request, own: Own) -> Response:
    """Give the file that was handed in last."""
    content = await uploading.read(own, partial(request_transaction, request), case_id, material_code)
    return StreamingResponse(
        content.chunks,
        media_type=content.media_type,
        headers={
            "content-length": str(content.size),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(content.file_name)}",
            "etag": f'"{content.sha256}"',
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


@commands.delete(
    "/cases/{case_id}/materials/{material_code}",
    responses=errors(CaseNotFound, CaseNotEditable, MaterialNotHandedIn),
    summary="移除材料",
)
async def remove_material(case_id: UUID, material_code: str, tx: Write, own: Own, if_match: IfMatch) -> CaseView:
    """Take a material out of a draft."""
    return CaseView.of(await uploading.remove(tx, own, case_id, material_code, if_match))


@streams.post(
    "/cases/{case_id}/evidence",
    status_code=201,
    responses=errors(
        CaseNotFound, CaseNotEditable, NotAmongCorrections, ResourceNotUsed, NothingOnRecord, SharingRefused,
        SharingUnavailable,
    ),
    summary="共享核验",
)  # fmt: skip
async def obtain_evidence(
    case_id: UUID, form: AskForEvidence, request: Request, response: Response, own: Own, key: Key
) -> EvidenceView:
    """Have shared data prove what would otherwise be handed in; when it fails, the material can be handed in."""
    reader, transaction = partial(request_reader, request), partial(request_transaction, request)
    proved = await proving.obtain(own, reader, transaction, case_id, form.resource, key)
    response.headers["etag"] = f'"{proved.version}"'
    return EvidenceView.of(proved)


@queries.get("/cases/{case_id}/evidence", responses=errors(CaseNotFound), summary="共享核验结果")
async def list_evidence(case_id: UUID, tx: Read) -> EvidenceList:
    """Show what shared data proved, masked as the source gave it."""
    case, found = await proving.read(tx, case_id)
    return EvidenceList(items=[EvidenceView.at(one, case.id, case.version) for one in found])
