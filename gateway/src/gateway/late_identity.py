"""Identity for those parts of the gateway that exist before its database was reached."""

from collections.abc import Callable
from functools import cached_property

from gateway.edge.admission import Admission
from gateway.provider import Provider
from gateway.tokens.identities import Credentials
from gateway.tokens.principal import Principal
from onestop_runtime.context import Context
from onestop_runtime.problems import ServiceUnavailable


class LateIdentity:
    """Resolves requests by the provider as soon as it is there."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def admission(self) -> Admission:
        """Who may come through; raises `ServiceUnavailable` while the gateway has not reached its database."""
        return self._provider().admission

    @cached_property
    def resolve_at_once(self) -> Callable[[Credentials, str, bytes], Principal | None]:
        """Returns who sends a request, as `resolve` does; raises `NotAtOnce` when that has to be looked up."""
        return self._provider().identities.resolve_at_once

    async def resolve(self, given: Credentials, method: str, path: bytes) -> Principal | None:
        """Return who sends a request; None when it names nobody.

        Raises:
            InvalidToken: when somebody is named who cannot be believed.
            InvalidProof: when the proof beside a token cannot.
            NonceNeeded: when the proof needs a nonce.
            ServiceUnavailable: while the gateway has not reached its database.
        """
        return await self._provider().identities.resolve(given, method, path)

    @cached_property
    def assertion_for(self) -> Callable[[Principal, str], str]:
        """Returns an internal assertion of a principal for one service."""
        return self._provider().identities.assertion_for

    def _provider(self) -> Provider:
        provider = self._context.state
        if not isinstance(provider, Provider):
            raise ServiceUnavailable("登录服务尚未就绪，请稍后再试。", retry_after=2)
        return provider
