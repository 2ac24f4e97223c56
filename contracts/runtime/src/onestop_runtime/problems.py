"""Problem documents (RFC 9457): every error a person or a program gets has the same shape, in Chinese.

A named error carries its slug, title and status; `errors(...)` turns the errors a route may raise into its OpenAPI
responses, so that they document themselves.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_runtime.codec import dumps
from onestop_runtime.logs import REQUEST_ID, logger

MEDIA_TYPE = "application/problem+json"
AWAY = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError, asyncpg.PostgresIOError, asyncpg.ReadOnlySQLTransactionError,
        ConnectionError)  # fmt: skip
"""How the database fails when it is away: gone, stopping, without room, or not the one that is written to any more."""

log = logger(__name__)


class WrongField(BaseModel):
    """One wrong place of the input."""

    pointer: str = Field(
        description="JSON 指针（请求体，空为整体），或 `?name`（查询参数）、`{name}`（路径）、`#Header-Name`（请求头）"
    )
    code: str
    detail: str


class Problem(BaseModel):
    """A problem document 问题说明 (RFC 9457)."""

    type: str = Field(description="稳定的问题类型，可在网关上打开查看说明", examples=["/problems/case-not-found"])
    title: str
    status: int
    detail: str
    instance: str | None = Field(default=None, description="本次请求的编号")
    errors: list[WrongField] = Field(default_factory=list)


class NotSignedIn(NamedError):
    """The call needs somebody signed in."""

    slug = "not-signed-in"
    title = "请先登录"
    status = 401
    pointer = "#Authorization"


class NotPermitted(NamedError):
    """The caller may see it, but may not do it."""

    slug = "not-permitted"
    title = "没有权限进行此项操作"
    status = 403
    pointer = "#Authorization"


class NotFound(NamedError):
    """There is nothing at this address."""

    slug = "not-found"
    title = "没有这个地址"
    status = 404


class MethodNotAllowed(NamedError):
    """The address exists, but does not know this method."""

    slug = "method-not-allowed"
    title = "该地址不支持这种请求方法"
    status = 405


class StaleVersion(NamedError):
    """Somebody else changed it since the caller read it (`If-Match`)."""

    slug = "stale-version"
    title = "内容已被他人修改，请重新读取后再提交"
    status = 412
    pointer = "#If-Match"


class VersionRequired(NamedError):
    """The change must name the version it is based on (`If-Match`)."""

    slug = "version-required"
    title = "缺少 If-Match 请求头"
    status = 428
    pointer = "#If-Match"


class MalformedHeader(NamedError):
    """A header does not have the form it should have."""

    slug = "malformed-header"
    title = "请求头格式不正确"
    status = 400


class IdempotencyKeyRequired(NamedError):
    """An unsafe POST must carry an `Idempotency-Key`."""

    slug = "idempotency-key-required"
    title = "缺少 Idempotency-Key 请求头"
    status = 400
    pointer = "#Idempotency-Key"


class IdempotencyKeyReused(NamedError):
    """The key was used before with another request."""

    slug = "idempotency-key-reused"
    title = "同一个 Idempotency-Key 不能用于不同的请求"
    status = 422
    pointer = "#Idempotency-Key"


class RequestInProgress(NamedError):
    """The same request is being worked on at this moment."""

    slug = "request-in-progress"
    title = "相同的请求正在处理中，请稍后再试"
    status = 409


class BodyTooLarge(NamedError):
    """The request body exceeds what the address takes."""

    slug = "body-too-large"
    title = "请求内容过大"
    status = 413
    pointer = ""


class MalformedBody(NamedError):
    """The request body is no JSON."""

    slug = "malformed-body"
    title = "请求内容不是有效的 JSON"
    status = 400
    pointer = ""


class UnsupportedMediaType(NamedError):
    """The request body is no JSON by its `Content-Type`."""

    slug = "unsupported-media-type"
    title = "请求内容应为 JSON"
    status = 415
    pointer = "#Content-Type"


class InvalidCursor(NamedError):
    """The cursor was not made by this list."""

    slug = "invalid-cursor"
    title = "翻页标记无效"
    status = 400
    pointer = "?cursor"


class Busy(NamedError):
    """Another change holds the same thing; nothing was done."""

    slug = "busy"
    title = "正在被其他操作占用，请稍后再试"
    status = 409


class Overloaded(NamedError):
    """More is asked than can be done at present; nothing was done."""

    slug = "overloaded"
    title = "系统繁忙，请稍后再试"
    status = 503


class ServiceUnavailable(NamedError):
    """A part the service needs is away; nothing was done."""

    slug = "service-unavailable"
    title = "服务暂时不可用，请稍后再试"
    status = 503


class InternalError(NamedError):
    """Something unexpected happened; nothing was done."""

    slug = "internal-error"
    title = "系统内部错误"
    status = 500


def problem_type(slug: str) -> str:
    """Return the stable `type` of a problem."""
    return f"/problems/{slug}"


def problem_document(error: NamedError) -> dict[str, Any]:
    """Return the problem document of `error`."""
    document: dict[str, Any] = {
        "type": problem_type(error.slug),
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if request_id := REQUEST_ID.get():
        document["instance"] = f"urn:onestop:request:{request_id}"
    if error.errors:
        document["errors"] = [
            {"pointer": wrong.pointer, "code": wrong.code, "detail": wrong.detail} for wrong in error.errors
        ]
    return document


def problem_response(error: NamedError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that tells `error`."""
    sent = dict(headers or {})
    if error.retry_after is not None:
        sent["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        sent.setdefault("WWW-Authenticate", "Bearer")
    return Response(dumps(problem_document(error)), error.status, sent, MEDIA_TYPE)


def errors(*raised: type[NamedError]) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI responses for the named errors a route may raise."""
    responses: dict[int | str, dict[str, Any]] = {}
    for error in raised:
        response = responses.setdefault(
            error.status,
            {"model": Problem, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}},
        )
        titles = [title for title in (response["description"], error.title) if title]
        response["description"] = "；".join(titles)
        response["content"][MEDIA_TYPE]["examples"][error.slug] = {
            "summary": error.title,
            "description": (error.__doc__ or "").strip(),
            "value": _example_of(error),
        }
    return responses


def _example_of(error: type[NamedError]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": problem_type(error.slug), "title": error.title, "status": error.status, "detail": error.title,
    }  # fmt: skip
    if error.pointer is not None:
        shown["errors"] = [{"pointer": error.pointer, "code": error.slug, "detail": error.title}]
    return shown


def say_problem_media_type(document: dict[str, Any]) -> None:
    """Move the schema of every problem in an OpenAPI document to `application/problem+json`, where it belongs."""
    for path in document.get("paths", {}).values():
        for operation in path.values():
            for response in operation.get("responses", {}).values():
                content = response.get("content", {})
                if MEDIA_TYPE in content and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json") | content[MEDIA_TYPE]


def merge_responses(*parts: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Return several `errors(...)` as one; errors of the same status stand beside each other."""
    merged: dict[int | str, dict[str, Any]] = {}
    for part in parts:
        for status, response in part.items():
            if status not in merged:
                merged[status] = {
                    **response,
                    "content": {k: {**v} for k, v in response.get("content", {}).items()},
                }
                continue
            here = merged[status]
            for media_type, content in response.get("content", {}).items():
                known = here.setdefault("content", {}).setdefault(media_type, {"examples": {}})
                known["examples"] = known.get("examples", {}) | content.get("examples", {})
            examples = here["content"].get(MEDIA_TYPE, {}).get("examples", {})
            if examples:
                here["description"] = "；".join(example["summary"] for example in examples.values())
    return merged


_MESSAGES = {
    "missing": ("required", "必须填写"),
    "extra_forbidden": ("unknown-field", "没有这个字段"),
    "string_too_short": ("too-short", "内容太短，至少 {min_length} 个字"),
    "string_too_long": ("too-long", "内容太长，最多 {max_length} 个字"),
    "string_pattern_mismatch": ("wrong-format", "格式不正确"),
    "string_type": ("not-a-string", "应为文字"),
    "int_parsing": ("not-an-integer", "应为整数"),
    "int_type": ("not-an-integer", "应为整数"),
    "float_parsing": ("not-a-number", "应为数字"),
    "bool_parsing": ("not-a-boolean", "应为是或否"),
    "bool_type": ("not-a-boolean", "应为是或否"),
    "uuid_parsing": ("not-an-id", "不是有效的编号"),
    "date_from_datetime_parsing": ("not-a-date", "应为日期，例如 2026-03-02"),
    "date_parsing": ("not-a-date", "应为日期，例如 2026-03-02"),
    "datetime_parsing": ("not-an-instant", "应为时间，例如 2026-03-02T01:30:00Z"),
    "enum": ("not-in-list", "只能是其中之一：{expected}"),
    "literal_error": ("not-in-list", "只能是其中之一：{expected}"),
    "greater_than_equal": ("too-small", "不能小于 {ge}"),
    "greater_than": ("too-small", "应大于 {gt}"),
    "less_than_equal": ("too-large", "不能大于 {le}"),
    "less_than": ("too-large", "应小于 {lt}"),
    "list_type": ("not-a-list", "应为列表"),
    "too_short": ("too-few", "至少 {min_length} 项"),
    "too_long": ("too-many", "最多 {max_length} 项"),
    "dict_type": ("not-an-object", "应为对象"),
    "model_type": ("not-an-object", "应为对象"),
    "model_attributes_type": ("not-an-object", "应为对象"),
}


_QUOTED = re.compile(r"'([^']*)'")
"""A value in what pydantic says of a list: `'a', 'b' or 'c'`."""


def wrong_fields(error: RequestValidationError) -> list[FieldError]:
    """Return the wrong places of a request as people can read them."""
    wrong = []
    for item in error.errors():
        code, text = _MESSAGES.get(item["type"], ("invalid", "内容不正确"))
        place, *path = item["loc"]
        if place == "body":
            pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
        else:
            name = str(path[0]) if path else ""
            pointer = f"#{name}" if place == "header" else f"?{name}" if place == "query" else f"{{{name}}}"
        context = {key: value for key, value in item.get("ctx", {}).items() if isinstance(value, str | int | float)}
        if "expected" in context:
            context["expected"] = "、".join(_QUOTED.findall(str(context["expected"])))
        wrong.append(FieldError(pointer, code, text.format_map(_Lenient(context))))
    return wrong


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def http_problem(error: HTTPException) -> Response:
    """Return the problem that stands for an error of the framework's."""
    known = {404: NotFound, 405: MethodNotAllowed, 400: MalformedBody, 413: BodyTooLarge}
    return problem_response(known.get(error.status_code, InternalError)(), error.headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""

    async def on_named(_request: Request, error: NamedError) -> Response:
        return problem_response(error)

    async def on_invalid(_request: Request, error: RequestValidationError) -> Response:
        if any(item["type"] == "json_invalid" for item in error.errors()):
            return problem_response(MalformedBody())
        return problem_response(FieldErrors(wrong_fields(error)))

    async def on_http(_request: Request, error: HTTPException) -> Response:
        return http_problem(error)

    async def on_database(_request: Request, error: Exception) -> Response:
        log.error("database failed a request", error=type(error).__name__)
        return problem_response(ServiceUnavailable(retry_after=2))

    app.add_exception_handler(NamedError, on_named)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, on_http)  # type: ignore[arg-type]
    for away in AWAY:
        app.add_exception_handler(away, on_database)
