"""Routes that keep the promises of HTTP: one transaction, idempotency, versions.

`command_router` gives routes that change something: the body is read first (a slow sender holds no connection),
then one transaction surrounds the handler and is committed before the answer leaves. `query_router` gives routes
that read. The handler asks for `tx: Write` or `tx: Read`.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from onestop_legal.errors import FieldErrors, NamedError
from onestop_runtime import headers, idempotency, positions, problems
from onestop_runtime.assertion import HEADER, InvalidAssertion
from onestop_runtime.caller import Caller
from onestop_runtime.context import Context
from onestop_runtime.inputs import read_json, require_storable_address, version_of
from onestop_runtime.problems import (
    BodyTooLarge,
    Overloaded,
    ServiceUnavailable,
    VersionRequired,
    errors,
    merge_responses,
    problem_response,
)
from onestop_runtime.sharing import Lane, NotTogether
from onestop_runtime.transaction import Reader, Transaction, acquired, transaction

_POSITION = positions.HEADER.lower().encode()
_COMMITTED = "onestop.committed"
MAX_BODY = 1024 * 1024
"""Largest JSON body; files travel by streams that count for themselves."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def context_of(request: Request) -> Context:
    """Return the running service's parts; raises `ServiceUnavailable` while they are being opened."""
    context: Context = request.app.state.context
    if not context.started:
        raise ServiceUnavailable("服务正在启动。", retry_after=1)
    return context


def caller_of(request: Request) -> Caller:
    """Return who calls; raises `InvalidAssertion`."""
    return context_of(request).verifier.verify(request.headers.get(HEADER))


@asynccontextmanager
async def request_transaction(request: Request) -> AsyncIterator[Transaction]:
    """Lend a transaction to a handler that cannot be surrounded by one, such as an upload."""
    async with _transaction(request) as unit:
        yield unit
    request.scope.setdefault(_COMMITTED, {}).update(unit.positions)


@asynccontextmanager
async def _transaction(request: Request) -> AsyncIterator[Transaction]:
    """Lend a transaction in the request's turn."""
    context, caller = context_of(request), caller_of(request)
    async with (
        context.turns.turn(),
        transaction(
            context.pool,
            caller,
            context.clock(),
            constraints=context.service.constraints,
            after_commit=context.wake_relay,
        ) as unit,
    ):
        yield unit


@asynccontextmanager
async def request_reader(request: Request) -> AsyncIterator[Reader]:
    """Lend a reader for as long as a handler reads from the database, in the request's turn."""
    context, caller = context_of(request), caller_of(request)
    async with context.turns.turn(), acquired(context.pool) as connection:
        yield Reader(connection, context.clock(), caller)


async def _caller(request: Request) -> Caller:
    return caller_of(request)


async def _unit(request: Request) -> Any:
    return request.scope["onestop.unit"]


async def _if_match(request: Request) -> int:
    if_match = request.headers.get("if-match")
    if if_match is None:
        raise VersionRequired("请在 If-Match 请求头中给出读取时得到的 ETag。")
    return version_of(if_match)


async def _key(request: Request) -> str:
    return idempotency.required_key(request)


Write = Annotated[Transaction, Depends(_unit)]
Read = Annotated[Reader, Depends(_unit)]
Who = Annotated[Caller, Depends(_caller)]
IfMatch = Annotated[int, Depends(_if_match)]
Key = Annotated[str, Depends(_key)]
"""The caller's `Idempotency-Key`, for a handler that passes it on; commands keep it themselves."""
Cursor = Annotated[str | None, Query(description="翻页标记：上一页的 next")]
Limit = Annotated[int, Query(ge=1, le=100, description="每页条数")]


def _showing_version(endpoint: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Wrap `endpoint` so that the version of what it returns becomes the ETag."""

    @functools.wraps(endpoint)
    async def shown(*args: Any, **kwargs: Any) -> Any:
        result = await endpoint(*args, **kwargs)
        version = getattr(result, "version", None)
        if isinstance(version, int):
            for value in kwargs.values():
                if isinstance(value, Reader):
                    value.etag = f'"{version}"'
        return result

    return shown


class _Route(APIRoute):
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _showing_version(endpoint), **options)

    def get_route_handler(self) -> Handler:
        """Look at what comes in before anything is done with it."""
        handle = super().get_route_handler()
        takes_json = self.body_field is not None

        async def careful(request: Request) -> Response:
            require_storable_address(request)
            if takes_json and (body := await _read_body(request)):
                request._json = read_json(request, body)  # noqa: SLF001 - where starlette keeps a body it has parsed
            return await handle(request)

        return careful


class StreamRoute(_Route):
    """A route whose handler opens its transactions itself."""

    def get_route_handler(self) -> Handler:
        """Say the positions of what the handler has committed."""
        handle = super().get_route_handler()

        async def stream(request: Request) -> Response:
            response = await handle(request)
            return _with_position(response, request.scope.get(_COMMITTED, {}))

        return _after_position(stream)


class CommandRoute(_Route):
    """A route that changes something: body, transaction, answer, commit, in this order."""

    keyed = True

    def get_route_handler(self) -> Handler:
        """Surround the handler with the transaction."""
        handle = super().get_route_handler()
        keyed = self.keyed and "POST" in (self.methods or ())

        async def command(request: Request) -> Response:
            body = await _read_body(request)
            if not keyed:
                return await self.carry_out(handle, request, None)
            claim = idempotency.Claim.of(request, body, caller_of(request))
            try:
                return await self.carry_out(handle, request, claim)
            except (Overloaded, ServiceUnavailable):
                raise  # to look for an answer needs what is short already
            except NamedError:
                async with request_reader(request) as reader:
                    known = await idempotency.stored_answer(reader.connection, claim)
                if known:
                    return known
                raise

        return _after_position(command)

    async def carry_out(self, handle: Handler, request: Request, claim: idempotency.Claim | None) -> Response:
        """Return the handler's answer when what it did is committed."""
        return await _within(_transaction(request), handle, request, claim)


async def _within(
    opened: AbstractAsyncContextManager[Transaction], handle: Handler, request: Request, claim: idempotency.Claim | None
) -> Response:
    async with opened as unit:
        request.scope["onestop.unit"] = unit
        response = _with_etag(await handle(request), unit)
        if claim and not unit.confidential:
            unit.answer = claim.answered(response, unit.places)
    return _with_position(response, unit.positions)


class SharingCommandRoute(CommandRoute):
    """A route whose waiting requests share transactions; for the busiest commands.

    The path names the aggregate: requests that name the same never share.
    """

    async def carry_out(self, handle: Handler, request: Request, claim: idempotency.Claim | None) -> Response:
        """Return the handler's answer when what it did is committed, with others where it can, else alone."""
        context = context_of(request)
        lane = context.lanes.setdefault(self.path, Lane(context.wake_relay))
        aggregate = tuple(_identity(value) for value in request.path_params.values())
        shared = lane.transaction(context.pool, aggregate, caller_of(request), context.clock())
        try:
            return await _within(shared, handle, request, claim)
        except NotTogether:
            return await super().carry_out(handle, request, claim)


def _identity(value: str) -> UUID | str:
    """Return what a part of a path names: an id is the same in every spelling."""
    try:
        return UUID(value)
    except ValueError:
        return value


class UnkeyedCommandRoute(CommandRoute):
    """A POST that may be repeated without harm and needs no key."""

    keyed = False


class QueryRoute(_Route):
    """A route that reads; answers 304 when the caller already has this version."""

    def get_route_handler(self) -> Handler:
        """Lend the handler a connection."""
        handle = super().get_route_handler()

        async def query(request: Request) -> Response:
            async with request_reader(request) as reader:
                request.scope["onestop.unit"] = reader
                response = _with_etag(await handle(request), reader)
            etag = response.headers.get("etag")
            if etag and etag in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers={"etag": etag})
            return response

        return _after_position(query)


def _after_position(handle: Handler) -> Handler:
    """Return `handle`, done once the service has come to the positions that the request names, if it names any."""

    async def after(request: Request) -> Response:
        if not any(name == _POSITION for name, _ in request.scope["headers"]):
            return await handle(request)
        state = await _catch_up(request)
        try:
            response = await handle(request)
        except NamedError as error:
            response = problem_response(error)
        response.headers[positions.STATE_HEADER] = state
        if state == "stale":
            response.headers["Preference-Applied"] = state
        return response

    return after


async def _catch_up(request: Request) -> str:
    """Wait until the service has come to the positions that the request names; return how its answer stands to them.

    Raises:
        InvalidPosition: when they cannot be read.
        PositionNotReached, PositionHeldUp: when it does not come there and the request does not take a stale answer.
    """
    context = context_of(request)
    caller = caller_of(request)  # nobody waits whom nobody knows
    wanted = positions.decode_positions(",".join(request.headers.getlist(positions.HEADER)))
    seconds, stale = positions.preferences(request.headers.getlist("prefer"))
    concerned = context.progress.concerns(wanted)
    if not concerned:
        return "unrelated"
    try:
        await context.progress.reach(context.pool, caller.sub or caller.client, concerned, seconds)
    except (positions.PositionNotReached, positions.PositionHeldUp):
        if not stale:
            raise
        return "stale"
    return "reached"


def _with_position(response: Response, reached: positions.Positions) -> Response:
    if 0 < len(reached) <= positions.MOST:
        response.headers[positions.HEADER] = positions.encode_positions(reached)
    return response


def _with_etag(response: Response, unit: Reader) -> Response:
    if unit.etag:
        response.headers["etag"] = unit.etag
    return response


async def _read_body(request: Request) -> bytes:
    """Read the body whole, bounded; later `request.body()` gives the same bytes."""
    chunks: list[bytes] = []
    size = 0
    if hasattr(request, "_body"):
        return request._body  # noqa: SLF001
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise BodyTooLarge(f"请求内容最多 {MAX_BODY // 1024} KB。")
        chunks.append(chunk)
    request._body = b"".join(chunks)  # noqa: SLF001 - the place where starlette keeps a body that was read
    return request._body  # noqa: SLF001


_ALWAYS = errors(problems.NotSignedIn, InvalidAssertion, problems.NotPermitted, problems.ServiceUnavailable,
                 problems.Overloaded, problems.InternalError, positions.InvalidPosition, positions.PositionNotReached,
                 positions.PositionHeldUp)  # fmt: skip
_COMMANDS = merge_responses(_ALWAYS, errors(problems.Busy, FieldErrors))
_TAKES_JSON = errors(problems.MalformedBody, problems.UnsupportedMediaType, problems.BodyTooLarge)
_KEY_GIVEN = errors(problems.IdempotencyKeyRequired, problems.MalformedHeader)
_KEYED = merge_responses(_KEY_GIVEN, errors(problems.IdempotencyKeyReused, problems.RequestInProgress))
VERSIONED = errors(problems.VersionRequired, problems.StaleVersion, problems.MalformedHeader)
"""Responses to add to a route that takes `IfMatch`."""


class Router(APIRouter):
    """An `APIRouter` whose routes add the errors and headers every route of its kind has."""

    def __init__(self, *, always: dict[int | str, dict[str, Any]], keyed: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._always = always
        self._keyed = keyed

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Register a route; FastAPI's own description of 422 gives way to ours."""
        parts, taken = [self._always, options.pop("responses", None) or {}], [*headers.POSITION]
        if self._keyed and "POST" in options["methods"]:
            parts.append(_KEYED)
            taken.append(headers.KEY)
        if any(hint is Key for hint in _hints(endpoint)):
            parts.append(_KEY_GIVEN)
            taken.append(headers.KEY)
        if any(hint is Cursor for hint in _hints(endpoint)):
            parts.append(errors(problems.InvalidCursor))
        if any(isinstance(hint, type) and issubclass(hint, BaseModel) for hint in _hints(endpoint)):
            parts.append(_TAKES_JSON)
        if any(hint is IfMatch for hint in _hints(endpoint)):
            parts.append(VERSIONED)
            taken.append(headers.VERSION)
        responses = merge_responses(*parts)
        responses.setdefault(422, errors(FieldErrors)[422])
        shown = headers.READ if options["methods"] == ["GET"] else headers.WRITTEN
        success = responses.setdefault(options.get("status_code") or 200, {})
        success["headers"] = success.get("headers", {}) | shown
        own = options.get("openapi_extra") or {}
        options["openapi_extra"] = own | {"parameters": [*own.get("parameters", ()), *taken]}
        super().add_api_route(path, endpoint, responses=responses, **options)


def _hints(endpoint: Callable[..., Any]) -> Sequence[Any]:
    """Return what the parameters of a handler are said to be."""
    return tuple(hint for name, hint in getattr(endpoint, "__annotations__", {}).items() if name != "return")


def command_router(prefix: str, tags: list[str | Enum], *, idempotency: bool = True, sharing: bool = False) -> Router:
    """Return a router for routes that change something.

    Args:
        prefix: before every path.
        tags: of the routes in OpenAPI.
        idempotency: whether POST needs an `Idempotency-Key`.
        sharing: whether requests that wait at the same time share a transaction; see `sharing.py`.
    """
    if sharing:
        route_class: type[CommandRoute] = SharingCommandRoute
    else:
        route_class = CommandRoute if idempotency else UnkeyedCommandRoute
    return Router(
        prefix=prefix,
        tags=tags,
        route_class=route_class,
        always=_COMMANDS,
        keyed=idempotency,
    )


def query_router(prefix: str, tags: list[str | Enum]) -> Router:
    """Return a router for routes that read."""
    return Router(prefix=prefix, tags=tags, route_class=QueryRoute, always=_ALWAYS)


def stream_router(prefix: str, tags: list[str | Enum]) -> Router:
    """Return a router for uploads and downloads; the handler opens its transaction itself, after the stream."""
    return Router(prefix=prefix, tags=tags, route_class=StreamRoute, always=_ALWAYS)
