"""The running parts of the gateway that sign-in and protocol share."""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request

from gateway.certificates import Certificates
from gateway.clients.keys import ClientKeys
from gateway.clients.service import Rules
from gateway.edge.admission import Admission
from gateway.federation.upstream import Upstream
from gateway.messages.carriers import Carrier
from gateway.oidc.id_tokens import IdTokens
from gateway.outbound import Outbound
from gateway.people.domain import Person
from gateway.signin.cookies import Cookies
from gateway.signin.domain import MULTIPLE
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
from onestop_runtime.turns import Turns


@dataclass(frozen=True, slots=True)
class Provider:
    """What the pages and endpoints of the OpenID Provider work with.

    Attributes:
        issuer: our public address; names us in every token.
        keystore: the keys that sign our tokens.
        rotation: how these follow one another.
        outbound: calls addresses that others have registered.
        certificates: reads those of connections; None where no proxy asks for any.
        mtls_origin: where clients come with certificates; empty for our issuer.
        rules: how strict the registry of clients is.
        upstreams: other providers that people may sign in at, by their short names.
        turns: in which the pages of a crowd are served: as many at once as the database serves well.
        two_factors_for_staff: whether nobody acts for an agency who has not shown two factors.
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
    certificates: Certificates | None
    mtls_origin: str
    rules: Rules
    upstreams: Mapping[str, Upstream]
    two_factors_for_staff: bool
    turns: Turns

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

    def as_proved(self, person: Person, methods: Collection[str]) -> Person:
        """Return a person as far as he has proved himself: on one factor nobody serves an agency that requires two."""
        return person if self.strong_enough(methods) else person.off_duty()

    def strong_enough(self, methods: Collection[str]) -> bool:
        """Tell whether who has proved himself by `methods` (RFC 8176) may act for an agency."""
        return MULTIPLE in methods or not self.two_factors_for_staff

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
