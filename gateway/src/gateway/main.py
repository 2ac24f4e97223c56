"""What the gateway is made of."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.cas import routes as cas
from gateway.clients import routes as clients
from gateway.clients.domain import ClientExists
from gateway.consents import pages as consent_pages
from gateway.consents import routes as consents
from gateway.credentials import pages as security
from gateway.credentials import routes as credentials
from gateway.credentials import sign_in_pages
from gateway.devices import api as devices
from gateway.edge import api as edge
from gateway.edge import forward_auth
from gateway.edge.app import Edge
from gateway.edge.door import Door
from gateway.edge.proxy import Proxy
from gateway.edge.records import Records
from gateway.edge.routes import RouteTable
from gateway.edge.table import ROUTES
from gateway.edge.upstream import upstreams_of
from gateway.erasures import pages as erasure_pages
from gateway.erasures import routes as erasures
from gateway.erasures.domain import ErasureExists
from gateway.federation import api as linked_identities
from gateway.federation import routes as federation
from gateway.federation.domain import AlreadyLinked, LinkedToAnother
from gateway.federation.elsewhere import SignInElsewhere
from gateway.housekeeping import tidy
from gateway.identity import pages as registering
from gateway.identity import routes as identity
from gateway.identity.domain import IdentityKnown, UsernameTaken
from gateway.late_identity import LateIdentity
from gateway.late_requests import routes as late_requests
from gateway.legal_persons import routes as legal_persons
from gateway.legal_persons.domain import LegalPersonExists
from gateway.mandates import pages as mandate_pages
from gateway.mandates import routes as mandates
from gateway.mandates.domain import MandateExists
from gateway.messages import mailbox
from gateway.oidc import routes as protocol
from gateway.operations import Operations
from gateway.own_api import OwnApi
from gateway.pages import missing
from gateway.parts import (
    carry_messages,
    complete_phone_changes,
    external_of,
    open_parts,
    tell_of_logouts,
    watch_clients,
    watch_revocations,
    watch_signing_keys,
)
from gateway.people import routes as people
from gateway.people.domain import NotKnownSurelyEnough
from gateway.permissions import PERMISSIONS
from gateway.phones import pages as phone_pages
from gateway.phones import routes as phones
from gateway.records import pages as record_pages
from gateway.records import routes as records
from gateway.recovery import pages as recovering
from gateway.recovery import routes as recovery
from gateway.scans import api as scans
from gateway.seed import seed
from gateway.settings import GatewaySettings
from gateway.signin import api as sessions
from gateway.signin.domain import SignInTooOld
from gateway.staff import routes as staff
from gateway.staff.domain import AppointmentExists
from gateway.tables import metadata
from gateway.terminals import routes as terminals
from gateway.terminals.domain import KeyInUse
from gateway.tokens import routes as signing_keys
from gateway.tokens.challenges import challenge_of
from gateway.tokens.dpop import InvalidProof, NonceNeeded
from gateway.trusted_proxies import TrustedNetworks, TrustedProxies
from onestop_legal.errors import NamedError
from onestop_runtime.context import Context
from onestop_runtime.problems import Busy, problem_response
from onestop_runtime.service import Service


def _configure(app: FastAPI, context: Context) -> None:
    """Stand the edge around the provider; the last one added is the outermost."""
    settings = context.settings
    if not isinstance(settings, GatewaySettings):
        raise TypeError(type(settings).__name__)
    identity = LateIdentity(context)
    for error in (NotKnownSurelyEnough, SignInTooOld, InvalidProof, NonceNeeded):
        app.add_exception_handler(error, _say_what_is_needed)
    app.add_exception_handler(HTTPException, missing)
    if (external := external_of(settings)) is not None:
        app.add_middleware(SignInElsewhere, issuer=external.issuer)
    trusted = None
    if settings.trusted_proxies:
        trusted = TrustedNetworks(settings.trusted_proxies, settings.client_certificate_header)
    app.state.edge = proxy = Proxy(
        RouteTable(ROUTES),
        upstreams_of(settings.upstreams),
        identity,
        public_url=settings.public_url,
        records=Records(),
        trusted=trusted,
        spans=context.spans,
        ratio=settings.trace_ratio,
    )
    app.add_middleware(OwnApi, entrance=proxy.entrance, identity=identity)
    app.add_middleware(Edge, proxy=proxy)
    app.add_middleware(Operations, networks=TrustedNetworks(settings.operations_networks))
    if trusted:
        app.add_middleware(TrustedProxies, networks=trusted)


async def _say_what_is_needed(_request: Request, error: Exception) -> Response:
    """Answer with the level or recent sign-in that a client has to ask for, or the nonce that its proof needs."""
    if not isinstance(error, NamedError):
        raise TypeError(type(error).__name__) from error
    return problem_response(error, challenge_of(error))


SERVICE = Service(
    name="gateway",
    package="gateway",
    title="秦皇岛经济技术开发区一网通办：身份与登录",
    settings=GatewaySettings,
    metadata=metadata,
    routers=(
        protocol.router,
        legal_persons.queries,
        legal_persons.commands,
        consents.queries,
        consents.commands,
        consent_pages.router,
        records.queries,
        records.inspections,
        record_pages.router,
        staff.queries,
        staff.commands,
        mandates.queries,
        mandates.lookups,
        mandates.steps,
        mandates.commands,
        mailbox.router,
        registering.router,
        mandate_pages.router,
        security.router,
        sign_in_pages.router,
        recovering.router,
        phone_pages.router,
        phones.queries,
        phones.commands,
        phones.steps,
        people.queries,
        credentials.queries,
        credentials.commands,
        credentials.unkeyed,
        credentials.slow,
        recovery.steps,
        recovery.commands,
        identity.steps,
        identity.lookups,
        identity.commands,
        erasures.queries,
        erasure_pages.router,
        erasures.commands,
        sessions.queries,
        sessions.commands,
        devices.router,
        scans.commands,
        linked_identities.queries,
        linked_identities.inspections,
        linked_identities.commands,
        federation.router,
        terminals.queries,
        terminals.commands,
        terminals.enrolments,
        late_requests.router,
        cas.router,
        clients.queries,
        clients.commands,
        signing_keys.queries,
        signing_keys.commands,
        edge.queries,
        forward_auth.router,
    ),
    constraints={
        "client_pkey": ClientExists,
        "terminal_key_is_unique": KeyInUse,
        "person_username_is_unique": UsernameTaken,
        "recovery_is_one_at_a_time": Busy,
        "phone_change_is_one_at_a_time": Busy,
        "person_identity_number_is_unique": IdentityKnown,
        "federated_identity_is_linked_once": LinkedToAnother,
        "federated_identity_is_one_for_each_provider": AlreadyLinked,
        "legal_person_credit_code_is_unique": LegalPersonExists,
        "staff_member_serves_an_agency_once": AppointmentExists,
        "erasure_is_open_once": ErasureExists,
        "mandate_is_given_once": MandateExists,
        "mandate_of_a_person_is_given_once": MandateExists,
    },
    permissions=PERMISSIONS,
    seed=seed,
    startup=open_parts,
    workers=(
        watch_revocations,
        watch_signing_keys,
        tell_of_logouts,
        watch_clients,
        carry_messages,
        complete_phone_changes,
        tidy,
    ),
    configure=_configure,
    protocol=Door,
)
