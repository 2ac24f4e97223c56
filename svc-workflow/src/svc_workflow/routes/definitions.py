"""Definitions: list and import."""

from importlib.resources import files
from typing import Any

from fastapi import Request

from onestop_runtime.problems import errors
from onestop_runtime.routing import Read, Write, command_router, query_router
from svc_workflow.bpmn import UnsupportedBpmn
from svc_workflow.domain.definition import UnsoundDefinition
from svc_workflow.domain.expression import InvalidExpression
from svc_workflow.routes import PREFIX
from svc_workflow.schemas.definitions import DefinitionView
from svc_workflow.service import definitions

queries = query_router(PREFIX, ["流程定义"])
commands = command_router(PREFIX, ["流程定义"])

_EXAMPLE = files("svc_workflow").joinpath("definitions", "standard-licence.bpmn").read_text(encoding="utf-8")
_BPMN = {"schema": {"type": "string", "examples": [_EXAMPLE]}}


def _views(rows: list[Any]) -> list[DefinitionView]:
    return [
        DefinitionView(
            id=row["id"],
            key=row["key"],
            number=row["number"],
            name=row["name"],
            steps=[node["title"] for node in row["graph"]["nodes"] if node["kind"] == "task"],
            imported_at=row["imported_at"],
        )
        for row in rows
    ]


@queries.get("/definitions", summary="流程定义列表")
async def list_definitions(tx: Read) -> list[DefinitionView]:
    """List every version of every definition."""
    return _views(await definitions.everything(tx))


@commands.post(
    "/definitions",
    summary="导入流程定义（BPMN 2.0）",
    responses=errors(UnsupportedBpmn, InvalidExpression, UnsoundDefinition),
    openapi_extra={"requestBody": {"content": {"application/xml": _BPMN}, "required": True}},
)
async def import_definition(request: Request, tx: Write) -> list[DefinitionView]:
    """Import a BPMN 2.0 document; the same document again changes nothing."""
    return _views(await definitions.import_by_person(tx, await request.body()))
