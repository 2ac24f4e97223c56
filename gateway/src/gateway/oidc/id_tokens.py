"""ID tokens: what a client learns about a sign-in (OIDC Core, 2)."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from gateway.oidc.errors import OAuthError
from gateway.tokens.keys import ALGORITHM, ALGORITHMS, KeyRing
from onestop_runtime.assertion import act_claim
from onestop_runtime.caller import Caller
from onestop_runtime.clock import Clock

LIFETIME: Final = timedelta(minutes=10)
_LOGOUT_LIFETIME: Final = timedelta(minutes=2)
_TYPE: Final = "JWT"
_LOGOUT_TYPE: Final = "logout+jwt"
_MAX_LENGTH: Final = 8192


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token that comes back as a hint says: whose sign-in, where, in which session."""

    subject: UUID
    client_id: str
    session_id: UUID


class IdTokens:
    """Issues ID tokens, and reads them again when they come back as hints."""

    def __init__(self, keys: KeyRing, issuer: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._clock = clock
        self._registry = jwt.BaseClaimsRegistry(iss={"essential": True, "value": issuer})

    def issue(
        self,
        caller: Caller,
        *,
        session_id: UUID,
        signed_in_at: datetime,
        methods: tuple[str, ...],
        nonce: str | None,
        access_token: str,
        algorithm: str = ALGORITHM,
    ) -> str:
        """Return an ID token for `caller.client`, signed by the algorithm that it is registered for."""
        issued = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": str(caller.sub),
            "aud": caller.client,
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
            "auth_time": int(signed_in_at.timestamp()),
            "acr": caller.acr,
            "amr": list(methods),
            "sid": str(session_id),
            "at_hash": _half_hash(access_token),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        if caller.act:
            claims["act"] = act_claim(caller.act)
        return self._signed(_TYPE, claims, algorithm)

    def logout_token(self, client_id: str, subject: UUID, session_id: UUID, algorithm: str = ALGORITHM) -> str:
        """Return what tells a client that a session has ended (OpenID Connect Back-Channel Logout 1.0, 2.4)."""
        issued = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": str(subject),
            "aud": client_id,
            "iat": issued,
            "exp": issued + int(_LOGOUT_LIFETIME.total_seconds()),
            "jti": uuid4().hex,
            "sid": str(session_id),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        return self._signed(_LOGOUT_TYPE, claims, algorithm)

    def read_hint(self, token: str) -> Hint:
        """Return what one of our ID tokens says, expired or not (OIDC RP-Initiated Logout, 2).

        Each of our keys is for one algorithm, so the key that a token names says which one it has to be signed by.

        Raises:
            OAuthError: `invalid_request` when it is none of ours.
        """
        error = OAuthError("invalid_request", "id_token_hint is not an ID token of this issuer")
        if len(token) > _MAX_LENGTH:
            raise error
        try:
            decoded = jwt.decode(token, self._keys.remembered, algorithms=list(ALGORITHMS))
            if decoded.header.get("typ") != _TYPE:
                raise error
            self._registry.validate(decoded.claims)
            claims = decoded.claims
            return Hint(UUID(claims["sub"]), str(claims["aud"]), UUID(claims["sid"]))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as reason:
            raise error from reason

    def _signed(self, type_: str, claims: dict[str, Any], algorithm: str) -> str:
        key = self._keys.signers[algorithm]
        return jwt.encode({"alg": algorithm, "typ": type_, "kid": key.kid}, claims, key, algorithms=[algorithm])


def _half_hash(token: str) -> str:
    """Return `at_hash`: the left half of the access token's SHA-256, the hash of all our algorithms."""
    return urlsafe_b64encode(sha256(token.encode()).digest()[:16]).decode().rstrip("=")
