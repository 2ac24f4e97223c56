"""What the edge needs to know about identity; `gateway.tokens.identities.Identities` fulfils it."""

from collections.abc import Iterable
from typing import Protocol

from gateway.tokens.principal import Principal


class Identity(Protocol):
    """Says who sends a request, and states it for one service."""

    async def resolve(self, headers: Iterable[tuple[bytes, bytes]], method: str, path: bytes) -> Principal | None:
        """Return who sends a request with these headers to this path; None when it names nobody.

        Raises:
            NamedError: with status 401, when somebody is named who cannot be believed.
        """

    def assertion_for(self, principal: Principal, audience: str) -> str:
        """Return an internal assertion of `principal` for one service, as compact JWT."""
