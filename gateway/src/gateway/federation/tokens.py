"""What another's provider signs: ID tokens (OIDC Core, 3.1.3.7) and logout tokens (Back-Channel Logout, 2.6)."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from gateway.federation.errors import UpstreamNotBelieved
from gateway.federation.issuer import Issuer
from gateway.tokens.foreign import reading
from onestop_runtime.logs import logger

LEEWAY: Final = timedelta(seconds=30)
_OLDEST: Final = timedelta(minutes=10)
_LONGEST: Final = 32 * 1024
_LONGEST_SUBJECT: Final = 255
_LONGEST_ID: Final = 512
_HASHES: Final = {"Ed25519": "sha512", "EdDSA": "sha512"}
"""What `at_hash` is made with; everything else that may be pinned says SHA-256."""
_LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Whose sign-in ended at another's provider: everywhere, or in one session.

    Attributes:
        token_id: by which the notice is known when it comes again.
        expires_at: from when on it would not count anyway.
    """

    subject: str | None
    session: str | None
    token_id: str
    expires_at: datetime


class UpstreamTokens:
    """Reads what one provider signs for us; nothing counts that is not signed with a pinned algorithm."""

    def __init__(self, issuer: Issuer, client_id: str, algorithms: tuple[str, ...]) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._reading = reading(algorithms)

    async def id_token(self, token: str, *, nonce: str, access_token: str, now: datetime) -> Mapping[str, Any]:
        """Return the claims of the ID token of a sign-in that we began.

        Raises:
            UpstreamNotBelieved: when it is not signed by the provider, for us, for this sign-in, within its time.
            UpstreamAway: when the provider's keys cannot be fetched.
        """
        header, claims = await self._verified(token, now)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise _not_believed("sub")
        if not _same(claims.get("nonce"), nonce):
            raise _not_believed("nonce")
        if header.get("typ", "JWT") != "JWT":
            raise _not_believed("typ")
        if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token, str(header["alg"]))):
            raise _not_believed("at_hash")
        return claims

    async def logout_token(self, token: str, now: datetime) -> SignedOut:
        """Return whose sign-in ended.

        Raises:
            UpstreamNotBelieved: when it is no logout token of the provider, for us, within its time.
            UpstreamAway: when the provider's keys cannot be fetched.
        """
        header, claims = await self._verified(token, now)
        events, token_id = claims.get("events"), claims.get("jti")
        if header.get("typ", "logout+jwt").lower() not in {"logout+jwt", "jwt"}:
            raise _not_believed("typ")
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT), dict) or "nonce" in claims:
            raise _not_believed("events")
        if not isinstance(token_id, str) or not 0 < len(token_id) <= _LONGEST_ID:
            raise _not_believed("jti")
        subject, session = _text(claims, "sub"), _text(claims, "sid")
        if subject is None and session is None:
            raise _not_believed("sub")
        return SignedOut(subject, session, token_id, now + _OLDEST + 2 * LEEWAY)

    async def _verified(self, token: str, now: datetime) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return header and claims of a token that the provider signed for us and that is not over."""
        if len(token) > _LONGEST:
            raise _not_believed("length")
        try:
            kid = jws.extract_compact(token.encode("ascii"), registry=self._reading).headers().get("kid")
            decoded = jwt.decode(token, await self._issuer.keys(kid), registry=self._reading)
            self._registry(now).validate(decoded.claims)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _not_believed(type(error).__name__) from error
        claims: dict[str, Any] = decoded.claims
        if claims["iat"] < (now - _OLDEST - LEEWAY).timestamp():
            raise _not_believed("iat")
        for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if for_several else self._client_id) != self._client_id:
            raise _not_believed("azp")
        return decoded.header, claims

    def _registry(self, now: datetime) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=lambda: int(now.timestamp()),
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": self._issuer.address},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
        )


def _not_believed(check: str) -> UpstreamNotBelieved:
    log.warning("a token of an identity provider is not believed", check=check)
    return UpstreamNotBelieved()


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= _LONGEST_ID):
        raise _not_believed(name)
    return value


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _half_hash(token: str, algorithm: str) -> str:
    whole = hashlib.new(_HASHES.get(algorithm, "sha256"), token.encode()).digest()
    return urlsafe_b64encode(whole[: len(whole) // 2]).decode().rstrip("=")
