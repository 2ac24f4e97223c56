"""What the edge needs to know about identity; `gateway.late_identity.LateIdentity` fulfils it."""

from typing import Protocol

from gateway.edge.admission import Admission
from gateway.tokens.identities import Credentials
from gateway.tokens.principal import Principal


class Identity(Protocol):
    """Says who sends a request, whether it may come, and states who sent it for one service."""

    @property
    def admission(self) -> Admission:
        """Who may come through, and how often.

        Raises:
            ServiceUnavailable: while it is not known yet.
        """

    def resolve_at_once(self, given: Credentials, method: str, path: bytes) -> Principal | None:
        """Return what `resolve` does, if that needs no waiting.

        Raises:
            NotAtOnce: when it does.
            NamedError: as `resolve`.
        """

    async def resolve(self, given: Credentials, method: str, path: bytes) -> Principal | None:
        """Return who sends a request with these credentials to this path; None when it names nobody.

        Raises:
            NamedError: with status 401, when somebody is named who cannot be believed.
        """

    def assertion_for(self, principal: Principal, audience: str) -> str:
        """Return an internal assertion of `principal` for one service, as compact JWT."""
