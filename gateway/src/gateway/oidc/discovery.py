"""What everybody may know of the provider: where it is, what it can, which keys its tokens are checked with."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.clients.authentication import ASSERTION_ALGORITHMS
from gateway.clients.domain import AUTHENTICATIONS, BY_CERTIFICATE, GRANT_TYPES, PROVING, SCOPES
from gateway.oidc.domain import ACR_VALUES
from gateway.oidc.endpoints import DEVICE_AUTHORIZATION, EXCHANGE, USERINFO
from gateway.oidc.http import public_document
from gateway.oidc.introspection import PATH as INTROSPECTION
from gateway.oidc.pushed_requests import PATH as PUSHED_REQUESTS
from gateway.provider import provider_of
from gateway.tokens.dpop import ALGORITHMS as PROOF_ALGORITHMS
from gateway.tokens.keys import ALGORITHMS

_ALIASED: Final = (
    "token_endpoint", "pushed_authorization_request_endpoint", "revocation_endpoint", "introspection_endpoint",
    "device_authorization_endpoint", "userinfo_endpoint",
)  # fmt: skip
"""Where a client shows its certificate (RFC 8705, 5)."""


async def jwks(request: Request) -> Response:
    """Publish the keys that our tokens are checked with."""
    return public_document(provider_of(request).ring.jwks())


async def discovery(request: Request) -> Response:
    """Say where everything is and what is supported (OIDC Discovery; RFC 8414)."""
    provider = provider_of(request)
    told = metadata(provider.issuer, certificates=provider.certificates is not None)
    if provider.certificates is not None:
        origin = provider.mtls_origin or provider.issuer
        told["tls_client_certificate_bound_access_tokens"] = True
        told["mtls_endpoint_aliases"] = {it: origin + told[it].removeprefix(provider.issuer) for it in _ALIASED}
    return public_document(told)


def metadata(issuer: str, *, certificates: bool = False) -> dict[str, Any]:
    """Return the provider's metadata; `certificates` tells whether a proxy passes on those of clients."""
    methods = [it for it in AUTHENTICATIONS if certificates or it not in BY_CERTIFICATE]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}{PUSHED_REQUESTS}",
        "require_pushed_authorization_requests": False,
        "device_authorization_endpoint": f"{issuer}{DEVICE_AUTHORIZATION}",
        "token_endpoint": f"{issuer}{EXCHANGE}",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "userinfo_endpoint": f"{issuer}{USERINFO}",
        "end_session_endpoint": f"{issuer}/oauth/end-session",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint": f"{issuer}{INTROSPECTION}",
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": [it for it in methods if it in PROVING],
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": list(ACR_VALUES),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "act",
            "name", "preferred_username", "phone_number", "phone_number_verified", "agency", "roles",
        ],
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "service_documentation": f"{issuer}/docs",
    }  # fmt: skip
