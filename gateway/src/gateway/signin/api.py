"""The API of one's own sessions."""

from uuid import UUID

from fastapi import Request

from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from gateway.signin.domain import SessionNotFound
from gateway.signin.repository import living_session, sessions_of
from gateway.signin.schemas import SessionView
from gateway.signin.service import end, end_all
from onestop_runtime.problems import NotSignedIn, errors
from onestop_runtime.routing import Read, Write, command_router, query_router

queries = query_router(PREFIX, ["身份"])
commands = command_router(PREFIX, ["身份"])


@queries.get("/sessions", summary="我登录过的浏览器")
async def my_sessions(tx: Read) -> list[SessionView]:
    """Return where the person is signed in, the newest first."""
    PERMISSIONS.require(tx.caller, "session.list")
    if tx.caller.sub is None:
        raise NotSignedIn
    return [SessionView.of(it) for it in await sessions_of(tx.connection, tx.caller.sub, tx.now)]


@commands.delete("/sessions", summary="退出所有设备上的登录", status_code=204)
async def end_all_my_sessions(tx: Write, request: Request) -> None:
    """End all of one's own sessions, this one too, and everything that was granted in them."""
    PERMISSIONS.require(tx.caller, "session.list")
    if tx.caller.sub is None:
        raise NotSignedIn
    provider_of(request).revoked.add(await end_all(tx, tx.caller.sub))


@commands.delete(
    "/sessions/{session_id}", summary="退出某个浏览器上的登录", status_code=204, responses=errors(SessionNotFound)
)
async def end_my_session(session_id: UUID, tx: Write, request: Request) -> None:
    """End one of one's own sessions and everything that was granted in it."""
    found = await living_session(tx.connection, session_id, tx.now)
    if found is None or not PERMISSIONS.permits(tx.caller, "session.end", found):
        raise SessionNotFound
    provider_of(request).revoked.add(await end(tx, session_id))
