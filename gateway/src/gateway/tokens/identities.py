"""From the headers of a request to who sends it, and from there to the assertion a service believes.

This is all the edge needs to know about identity. A bearer token is verified once and remembered until it
expires; a revoked one is refused from memory, too.
"""

from collections.abc import Iterable
from typing import Final, Protocol

from joserfc.jwk import OKPKey

from gateway.tokens.access import AccessTokens, InvalidToken
from gateway.tokens.principal import Principal
from onestop_runtime.assertion import GATEWAY, LIFETIME_SECONDS, make_assertion
from onestop_runtime.clock import Clock

_REMEMBERED: Final = 20_000
_RENEW_SECONDS: Final = 15
"""An assertion is replaced this long before it expires: it must still be good when the service reads it."""

Headers = Iterable[tuple[bytes, bytes]]
"""Headers as ASGI has them: lower-case names, in order."""


class Sessions(Protocol):
    """Finds who a session cookie belongs to."""

    async def principal_of(self, cookie: bytes) -> Principal | None:
        """Return the principal of the `Cookie` header's session, or None when there is none."""


class Revocations(Protocol):
    """Knows what was taken back before its time."""

    def __contains__(self, identifier: object) -> bool:
        """Whether the grant or token with this identifier was revoked."""


class Identities:
    """Resolves requests to principals and principals to internal assertions."""

    def __init__(
        self,
        tokens: AccessTokens,
        assertion_key: OKPKey,
        clock: Clock,
        *,
        revoked: Revocations = frozenset(),
        sessions: Sessions | None = None,
    ) -> None:
        self._tokens = tokens
        self._key = assertion_key
        self._clock = clock
        self._revoked = revoked
        self._sessions = sessions
        self._known: dict[str, Principal] = {}

    async def resolve(self, headers: Headers) -> Principal | None:
        """Return who sends a request with these headers; None when it names nobody.

        A bearer token wins over a session. A session counts only for a request that the browser itself marks
        as coming from our own pages (`Sec-Fetch-Site: same-origin`): no other site can send it in the person's
        name.

        Raises:
            InvalidToken: when a token is given but cannot be believed (RFC 6750: it never falls back).
        """
        authorization = cookie = site = None
        for name, value in headers:
            if name == b"authorization":
                if authorization is not None:
                    raise InvalidToken
                authorization = value
            elif name == b"cookie":
                cookie = value
            elif name == b"sec-fetch-site":
                site = value
        if authorization is not None:
            return self.bearer(authorization)
        if cookie is None or site != b"same-origin" or self._sessions is None:
            return None
        return await self._sessions.principal_of(cookie)

    def bearer(self, authorization: bytes) -> Principal:
        """Return who an `Authorization: Bearer …` header stands for.

        Raises:
            InvalidToken: when the scheme is another one or the token cannot be believed.
        """
        scheme, _, credentials = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not credentials.isascii():
            raise InvalidToken
        token = credentials.decode("ascii").strip()
        principal = self._known.get(token)
        if principal is None:
            principal = self._tokens.verify(token)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[token] = principal
        elif principal.expires_at <= self._clock().timestamp():
            del self._known[token]
            raise InvalidToken
        if principal.grant_id in self._revoked or principal.token_id in self._revoked:
            raise InvalidToken
        return principal

    def assertion_for(self, principal: Principal, audience: str) -> str:
        """Return an internal assertion of `principal` for a service (`svc-intake`), good for 15 s or more."""
        moment = self._clock().timestamp()
        made = principal.assertions.get(audience)
        if made and made[0] > moment:
            return made[1]
        assertion = make_assertion(principal.caller, self._key, issuer=GATEWAY, audience=audience)
        principal.assertions[audience] = (moment + LIFETIME_SECONDS - _RENEW_SECONDS, assertion)
        return assertion
