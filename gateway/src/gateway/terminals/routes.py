"""The API of terminals: for administrators, and for a terminal that brings its key."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from gateway.clients.domain import WrongClientState
from gateway.devices.domain import shown
from gateway.oidc.proofs import proofs_in
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.signin.domain import TooManyAttempts
from gateway.terminals import service
from gateway.terminals.domain import (
    KeyInUse,
    Terminal,
    TerminalNotEnrolled,
    TerminalNotFound,
    UnknownEnrolmentCode,
)
from gateway.terminals.schemas import (
    EnrolledTerminal,
    Enrolment,
    EnrolmentCode,
    SuspensionReason,
    TerminalFields,
    TerminalView,
)
from gateway.tokens.dpop import InvalidProof, NonceNeeded
from onestop_runtime.caller import ANONYMOUS
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import InvalidCursor, errors
from onestop_runtime.routing import IfMatch, Read, Write, command_router, query_router, stream_router

ENROLMENTS = f"{PREFIX}/terminal-enrolments"
_FIRST = UUID(int=0)
_PROOF = {
    "name": "DPoP",
    "in": "header",
    "required": True,
    "description": "用设备密钥对本次请求的证明（RFC 9449），其中的公钥即为启用的密钥",
    "schema": {"type": "string"},
}
_TAGS = ["自助终端"]
queries = query_router(PREFIX, [*_TAGS])
commands = command_router(PREFIX, [*_TAGS])
enrolments = stream_router("", [*_TAGS])


@queries.get("/terminals", summary="已登记的自助终端", responses=errors(InvalidCursor))
async def list_terminals(
    tx: Read, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Page[TerminalView]:
    """Return the registered terminals in the order in which they were registered."""
    after = decode_cursor(cursor, UUID) or (_FIRST,)
    found, more = page_of(await service.page(tx, after[0], limit + 1), limit)
    following = encode_cursor(found[-1].id) if more else None
    return Page(items=[TerminalView.of(it) for it in found], next=following)


@queries.get("/terminals/{terminal_id}", summary="一台自助终端", responses=errors(TerminalNotFound))
async def show_terminal(terminal_id: UUID, tx: Read) -> TerminalView:
    """Return a terminal."""
    return TerminalView.of(await service.read(tx, terminal_id))


@commands.post("/terminals", summary="登记自助终端", status_code=201, responses=errors(NotKnownSurelyEnough))
async def register_terminal(wanted: TerminalFields, tx: Write) -> TerminalView:
    """Register a terminal; it brings its key by an enrolment code."""
    terminal_id = uuid7()
    new = Terminal(id=terminal_id, client_id=f"terminal-{terminal_id}", **wanted.fields())
    await service.register(tx, new)
    return TerminalView.of(new)


@commands.put(
    "/terminals/{terminal_id}",
    summary="变更自助终端的位置或服务时间",
    responses=errors(TerminalNotFound, NotKnownSurelyEnough),
)
async def change_terminal(terminal_id: UUID, wanted: TerminalFields, version: IfMatch, tx: Write) -> TerminalView:
    """Change a terminal; from now on the new hours count, for tokens that it has as well."""
    return TerminalView.of(await service.change(tx, terminal_id, version, wanted.fields()))


@commands.post(
    "/terminals/{terminal_id}/enrolment-codes",
    summary="生成启用码",
    status_code=201,
    responses=errors(TerminalNotFound, NotKnownSurelyEnough),
)
async def make_enrolment_code(terminal_id: UUID, tx: Write, request: Request) -> EnrolmentCode:
    """Return a code by which the terminal brings its key, once and within a day; one that was out before is void."""
    waiting, code = await service.make_code(tx, provider_of(request), terminal_id)
    return EnrolmentCode.model_validate({"enrolment_code": shown(code), "expires_at": waiting.enrolment_expires_at})


@commands.post(
    "/terminals/{terminal_id}/suspension",
    summary="停用自助终端",
    status_code=204,
    responses=errors(TerminalNotFound, TerminalNotEnrolled, WrongClientState, NotKnownSurelyEnough),
)
async def suspend_terminal(terminal_id: UUID, given: SuspensionReason, tx: Write, request: Request) -> None:
    """Let a terminal in no more, at once, and sign out who stays at it."""
    provider_of(request).revoked.add(await service.suspend(tx, terminal_id, given.reason))


@commands.post(
    "/terminals/{terminal_id}/resumption",
    summary="恢复自助终端",
    status_code=204,
    responses=errors(TerminalNotFound, TerminalNotEnrolled, WrongClientState, NotKnownSurelyEnough),
)
async def resume_terminal(terminal_id: UUID, given: SuspensionReason, tx: Write) -> None:
    """Let a suspended terminal in again; what it had before stays void."""
    await service.resume(tx, terminal_id, given.reason)


@enrolments.post(
    ENROLMENTS,
    summary="自助终端启用设备密钥",
    status_code=201,
    responses=errors(UnknownEnrolmentCode, TooManyAttempts, InvalidProof, NonceNeeded, KeyInUse),
    openapi_extra={"parameters": [_PROOF]},
)
async def enrol_terminal(enrolment: Enrolment, request: Request) -> EnrolledTerminal:
    """Take the key that the header `DPoP` proves; from now on the terminal is a client that proves itself by it."""
    provider = provider_of(request)
    proof = provider.proofs.read(proofs_in(request), "POST", ENROLMENTS)
    address = request.client.host if request.client else ""
    async with provider.transaction(ANONYMOUS) as tx:
        enrolled = await service.enrol(tx, provider, enrolment.enrolment_code, proof, address)
    if enrolled is None:
        raise UnknownEnrolmentCode
    return EnrolledTerminal(
        id=enrolled.id,
        client_id=enrolled.client_id,
        issuer=provider.issuer,
        name=enrolled.name,
        place=enrolled.place,
    )
