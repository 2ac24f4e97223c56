"""Opens the running parts of the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from typing import Final

import asyncpg

from gateway.certificates import Certificates
from gateway.clients.keys import ClientKeys
from gateway.clients.service import Rules
from gateway.edge.admission import Admission
from gateway.edge.client_use import ClientUse
from gateway.edge.limiter import LocalLimiter
from gateway.edge.origins import Origins
from gateway.edge.rates import rates
from gateway.edge.seen_proofs import SeenProofs
from gateway.edge.shared_limiter import SharedLimiter
from gateway.federation.configuration import IdentityProvider
from gateway.federation.configuration import read as read_providers
from gateway.federation.external import ExternalIssuer, open_external
from gateway.federation.external import read as read_external
from gateway.federation.upstream import open_upstreams
from gateway.logout.service import keep_telling
from gateway.messages.carriers import open_carrier
from gateway.messages.service import keep_carrying
from gateway.oidc.id_tokens import IdTokens
from gateway.outbound import Outbound
from gateway.phones.service import keep_completing
from gateway.provider import Provider
from gateway.settings import GatewaySettings
from gateway.signin.cookies import Cookies
from gateway.signin.passwords import Passwords
from gateway.signin.principals import SessionPrincipals
from gateway.tokens.access import AccessTokens
from gateway.tokens.dpop import Nonces, Proofs
from gateway.tokens.identities import Identities
from gateway.tokens.keystore import Keystore
from gateway.tokens.revoked import Revoked
from gateway.turns import sign_in_turns
from onestop_runtime.assertion import load_signing_key
from onestop_runtime.caller import system
from onestop_runtime.clock import Clock
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher, FileKeys
from onestop_runtime.logs import logger
from onestop_runtime.transaction import acquired, transaction

_LOOK_SECONDS: Final = 1.0
_TURNS_A_CONNECTION: Final = 2
"""Pages of a crowd that are served at once for each connection to the database: nobody waits long for one."""
log = logger(__name__)


@asynccontextmanager
async def open_parts(context: Context) -> AsyncIterator[Provider]:
    """Open what sign-in and protocol work with.

    Raises:
        ValueError: when a key file is not named.
    """
    settings = context.settings
    if not isinstance(settings, GatewaySettings) or not settings.assertion_key or not settings.field_keys:
        raise ValueError("缺少设置：ONESTOP_GATEWAY_ASSERTION_KEY、ONESTOP_GATEWAY_FIELD_KEYS")
    issuer, clock = settings.public_url, context.clock
    cipher = FieldCipher(FileKeys(settings.field_keys))
    async with transaction(context.pool, system("gateway"), clock()) as tx:
        keystore = await Keystore.open(tx, cipher)
    ring = keystore.ring
    revoked, cookies = Revoked(), Cookies(issuer)
    await revoked.look(context.pool, clock)
    access_tokens = AccessTokens(ring, issuer, clock)
    admission = await _admission(context, settings)
    proofs = Proofs(Nonces(ring, clock), issuer, clock, SeenProofs(admission.limiter))
    local = settings.environment == "local"
    async with (
        open_carrier(settings.messages_url, settings.messages_secret, clock) as carrier,
        aclosing(Outbound(local=local, networks=settings.outbound_networks)) as outbound,
        open_upstreams(_providers(settings), clock) as upstreams,
        open_external(external_of(settings), clock) as external,
    ):
        sessions = SessionPrincipals(context, cookies, two_factors_for_staff=settings.two_factors_for_staff)
        identities = Identities(
            access_tokens,
            load_signing_key(settings.assertion_key),
            clock,
            revoked=revoked,
            sessions=None if external else sessions,
            proofs=proofs,
            external=external,
            certificates=bool(settings.client_certificate_header),
        )
        with closing(Passwords(settings.password_workers, settings.password_queue)) as passwords:
            yield Provider(
                context=context,
                issuer=issuer,
                keystore=keystore,
                rotation=settings.rotation,
                access_tokens=access_tokens,
                id_tokens=IdTokens(ring, issuer, clock),
                identities=identities,
                admission=admission,
                revoked=revoked,
                proofs=proofs,
                passwords=passwords,
                cookies=cookies,
                cipher=cipher,
                carrier=carrier,
                outbound=outbound,
                client_keys=ClientKeys(outbound, clock),
                certificates=_certificates(settings, clock),
                mtls_origin=settings.mtls_origin,
                rules=Rules(local=local, four_eyes=settings.client_review == "required"),
                upstreams=upstreams,
                two_factors_for_staff=settings.two_factors_for_staff,
                turns=sign_in_turns(_TURNS_A_CONNECTION * settings.pool_size, settings.password_queue),
            )


def external_of(settings: GatewaySettings) -> ExternalIssuer | None:
    """Return the provider that stands in the place of our own, if one does; raises `ValueError`."""
    if settings.external_issuer is None:
        return None
    return read_external(settings.external_issuer, production=settings.environment == "production")


def _certificates(settings: GatewaySettings, clock: Clock) -> Certificates | None:
    if not settings.client_certificate_header:
        return None
    return Certificates.vouched_for_by(settings.client_certificate_cas, clock)


def _providers(settings: GatewaySettings) -> tuple[IdentityProvider, ...]:
    if settings.identity_providers is None:
        return ()
    return read_providers(settings.identity_providers, production=settings.environment == "production")


async def _admission(context: Context, settings: GatewaySettings) -> Admission:
    use, origins = ClientUse(context.clock), Origins()
    async with acquired(context.pool) as connection:
        await use.tell(connection)
        await origins.look(connection)
    alone = LocalLimiter(settings.rates_file)
    limiter = SharedLimiter(context, alone) if settings.rates_in_database else alone
    return Admission(limiter, use, origins, rates(settings.rate_factor))


async def watch_revocations(context: Context) -> None:
    """Keep what was revoked in memory."""
    provider: Provider = context.state
    await provider.revoked.keep_looking(context.pool, context.clock, context.stopping)


async def watch_signing_keys(context: Context) -> None:
    """Keep the signing keys as the database has them, and have one follow the other."""
    provider: Provider = context.state
    await provider.keystore.keep(context, provider.rotation)


async def tell_of_logouts(context: Context) -> None:
    """Have clients told that sessions have ended."""
    provider: Provider = context.state
    await keep_telling(context, provider.id_tokens, provider.outbound)


async def watch_clients(context: Context) -> None:
    """Add up with other processes how many requests clients sent, and look who is registered, every second."""
    admission = context.state.admission
    while True:
        over = context.stopping.is_set()  # what was counted last is told, too
        try:
            async with context.pool.acquire() as connection:
                await admission.use.tell(connection)
                await admission.origins.look(connection)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("clients could not be looked at", error=type(error).__name__)
        if over:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), _LOOK_SECONDS)


async def carry_messages(context: Context) -> None:
    """Have messages carried to phones."""
    provider: Provider = context.state
    await keep_carrying(context, provider.cipher, provider.carrier)


async def complete_phone_changes(context: Context) -> None:
    """Have new phone numbers count when their time has come."""
    provider: Provider = context.state
    await keep_completing(context, provider.cipher)
