"""Who a session of our own pages makes its browser, for calls to the API."""

from typing import Final

from gateway.choices.repository import OWN_PAGES, chosen_in_session
from gateway.people.callers import caller_as
from gateway.people.repository import person_by_id
from gateway.signin.cookies import Cookies
from gateway.signin.repository import session_by_token
from gateway.terminals.domain import CHANNEL as TERMINAL
from gateway.tokens.opaque import digest
from gateway.tokens.principal import Principal
from onestop_legal.working_days import legal_day
from onestop_runtime.context import Context
from onestop_runtime.transaction import acquired

_BELIEVED_SECONDS: Final = 1
"""No longer than a token that was taken back: a session ends, a mandate is withdrawn, another capacity is chosen."""
_REMEMBERED: Final = 10_000


class SessionPrincipals:
    """Finds who a session cookie belongs to; believes an answer for a second."""

    def __init__(self, context: Context, cookies: Cookies, *, two_factors_for_staff: bool) -> None:
        self._context = context
        self._cookies = cookies
        self._two_factors_for_staff = two_factors_for_staff
        self._known: dict[bytes, Principal] = {}

    async def principal_of(self, cookie: bytes) -> Principal | None:
        """Return the principal of the `Cookie` header's session, or None when there is none."""
        token = self._cookies.session_in(cookie)
        if token is None:
            return None
        token_hash = digest(token)
        known = self._known.get(token_hash)
        if known is not None and known.expires_at > self._context.clock().timestamp():
            return known
        self._known.pop(token_hash, None)
        found = await self._look_up(token_hash)
        if found is not None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[token_hash] = found
        return found

    async def _look_up(self, token_hash: bytes) -> Principal | None:
        now = self._context.clock()
        async with acquired(self._context.pool) as connection:
            session = await session_by_token(connection, token_hash, now)
            person = await person_by_id(connection, session.person_id) if session else None
            chosen = await chosen_in_session(connection, session.id, OWN_PAGES) if session else None
        if session is None or person is None:
            return None
        if self._two_factors_for_staff and not session.strong:
            person = person.off_duty()
        capacity = person.usual(chosen, legal_day(now))
        return Principal(
            caller=caller_as(person, capacity, client_id="", channel=TERMINAL if session.terminal_id else "web"),
            client_id="",
            scopes=frozenset({"openid", "profile"}),
            expires_at=now.timestamp() + _BELIEVED_SECONDS,
            token_id=str(session.id),
            first_party=True,
            signed_in_at=session.signed_in_at,
        )
