"""Our own app on a phone, by which people decide about sign-ins elsewhere."""

from typing import Final

from fastapi import Request

from gateway.clients.repository import client_by_id
from gateway.own_api import principal_of
from gateway.permissions import PERMISSIONS
from gateway.signin.domain import Session
from gateway.signin.repository import session_behind
from onestop_legal.errors import NamedError
from onestop_runtime.problems import NotSignedIn
from onestop_runtime.transaction import Transaction

_CHANNEL: Final = "mobile"


class NotOurApp(NamedError):
    """Only our own app on a phone may decide about a sign-in elsewhere: whoever may, gets everything."""

    slug = "not-our-app"
    title = "只有一网通办移动端可以确认其他设备的登录"
    status = 403


async def session_in_our_app(tx: Transaction, request: Request) -> Session:
    """Return the session in which the caller uses our own app.

    Raises:
        NotPermitted: when nobody may decide who calls.
        NotOurApp: when he uses something else.
        NotSignedIn: when the session has ended.
    """
    PERMISSIONS.require(tx.caller, "sign-in.decide")
    client = await client_by_id(tx.connection, tx.caller.client)
    if client is None or not client.first_party or client.channel != _CHANNEL:
        raise NotOurApp
    principal = principal_of(request)
    session = await session_behind(tx.connection, principal.grant_id, principal.token_id, tx.now)
    if session is None:
        raise NotSignedIn
    return session
