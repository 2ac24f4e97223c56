"""The running parts of the gateway that sign-in and protocol share."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request

from gateway.clients.keys import ClientKeys
from gateway.clients.service import Rules
from gateway.edge.admission import Admission
from gateway.federation.upstream import Upstream
from gateway.messages.carriers import Carrier
from gateway.oidc.id_tokens import IdTokens
from gateway.outbound import Outbound
from gateway.signin.cookies import Cookies
from gateway.signin.passwords import Passwords
from gateway.tokens.access import AccessTokens
from gateway.tokens.dpop import Proofs
from gateway.tokens.identities import Identities
from gateway.tokens.keys import KeyRing
from gateway.tokens.keystore import Keystore, Rotation
from gateway.tokens.revoked import Revoked
from onestop_legal.working_days import legal_day
from onestop_runtime.caller import Caller
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher
from onestop_runtime.problems import ServiceUnavailable
from onestop_runtime.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class Provider:
    """What the pages and endpoints of the OpenID Provider work with.

    Attributes:
        issuer: our public address; names us in every token.
        keystore: the keys that sign our tokens.
        rotation: how these follow one another.
        outbound: calls addresses that others have registered.
        rules: how strict the registry of clients is.
        upstreams: other providers that people may sign in at, by their short names.
    """

    context: Context
    issuer: str
    keystore: Keystore
    rotation: Rotation
    access_tokens: AccessTokens
    id_tokens: IdTokens
    identities: Identities
    admission: Admission
    revoked: Revoked
    proofs: Proofs
    passwords: Passwords
    cookies: Cookies
    cipher: FieldCipher
    carrier: Carrier
    outbound: Outbound
    client_keys: ClientKeys
    rules: Rules
    upstreams: Mapping[str, Upstream]

    def transaction(self, caller: Caller) -> AbstractAsyncContextManager[Transaction]:
        """Return a transaction on behalf of `caller`."""
        context = self.context
        return transaction(
            context.pool,
            caller,
            context.clock(),
            constraints=context.service.constraints,
            after_commit=context.wake_relay,
        )

    @property
    def ring(self) -> KeyRing:
        """The key that signs our tokens, and those that are believed."""
        return self.keystore.ring

    def today(self) -> date:
        """Return the present legal day."""
        return legal_day(self.context.clock())


def provider_of(request: Request) -> Provider:
    """Return the running provider.

    Raises:
        ServiceUnavailable: while the gateway has not reached its database.
    """
    provider = request.app.state.context.state
    if not isinstance(provider, Provider):
        raise ServiceUnavailable("登录服务尚未就绪，请稍后再试。", retry_after=2)
    return provider
