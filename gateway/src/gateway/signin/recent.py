"""The session behind a request to our own API, for what is changed only shortly after a sign-in (RFC 9470)."""

from starlette.requests import Request

from gateway.own_api import principal_of
from gateway.provider import provider_of
from gateway.signin.domain import Session, SessionNotFound, require_recent
from gateway.signin.repository import session_behind
from onestop_runtime.problems import NotPermitted
from onestop_runtime.sql import Connection


async def recent_session(connection: Connection, request: Request) -> Session:
    """Return the session that a request comes from.

    Raises:
        NotPermitted: when a client that is not our own asks.
        SignInTooOld: when the person has signed in too long ago.
        SessionNotFound: when the session has ended.
    """
    principal, now = principal_of(request), provider_of(request).context.clock()
    if not principal.first_party:
        raise NotPermitted
    require_recent(principal, now)
    session = await session_behind(connection, principal.grant_id, principal.token_id, now)
    if session is None:
        raise SessionNotFound
    return session
