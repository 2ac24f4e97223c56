"""Access tokens: RFC 9068 JWTs that carry who, for whom and as what, so that the edge asks no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from gateway.tokens.binding import bound_to, confirmation
from gateway.tokens.keys import ALGORITHM, KeyRing
from gateway.tokens.principal import Principal, names_of
from onestop_legal.errors import NamedError
from onestop_runtime.assertion import caller_of, claims_of
from onestop_runtime.caller import Caller
from onestop_runtime.clock import Clock

LIFETIME: Final = timedelta(minutes=10)
_PASSED_ON: Final = (
    "sub", "kind", "acr", "roles", "channel", "act", "mandate", "agency", "region", "hall", "name", "grant",
    "auth_time",
)  # fmt: skip
"""What a token that is made from another one says like it: who, for whom, as what, and since when."""
_TYPE: Final = "at+jwt"
_LEEWAY_SECONDS: Final = 5
_MAX_LENGTH: Final = 8192


class InvalidToken(NamedError):
    """The access token is forged, expired, revoked or not meant for us (RFC 6750, 3.1).

    Attributes:
        scheme: how it was presented: `Bearer` or `DPoP`.
    """

    slug = "invalid-token"
    title = "访问令牌无效或已过期，请重新登录"
    status = 401
    pointer = "#Authorization"

    def __init__(self, scheme: str = "Bearer") -> None:
        super().__init__()
        self.scheme = scheme


class InsufficientScope(NamedError):
    """The client may not do this in the person's name (RFC 6750, 3.1).

    Attributes:
        needed: the scope that would do.
        scheme: how the token was presented: `Bearer` or `DPoP`.
    """

    slug = "insufficient-scope"
    title = "该应用没有获得办理此事的授权"
    status = 403

    def __init__(self, needed: str = "", scheme: str = "Bearer") -> None:
        super().__init__()
        self.needed = needed
        self.scheme = scheme


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A signed access token.

    Attributes:
        value: the compact JWT.
        token_id: its `jti`.
        seconds: how long it lives.
    """

    value: str
    token_id: str
    seconds: int


class AccessTokens:
    """Issues and verifies access tokens of one issuer.

    Attributes:
        issuer: our public origin.
    """

    def __init__(self, keys: KeyRing, issuer: str, clock: Clock) -> None:
        self._keys = keys
        self.issuer = issuer
        self._clock = clock
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
            client_id={"essential": True},
            kind={"essential": True},
        )

    @property
    def withdrawals(self) -> int:
        """How often keys were taken out; after each, tokens that were believed have to be verified again."""
        return self._keys.withdrawals

    def issue(
        self,
        caller: Caller,
        *,
        scopes: frozenset[str],
        grant_id: UUID | None,
        auth_time: int | None = None,
        key: str | None = None,
        resource: str | None = None,
        first_party: bool = False,
        until: datetime | None = None,
    ) -> IssuedToken:
        """Return an access token for `caller.client` in the name of `caller`.

        Args:
            caller: who, for whom, through which client and channel.
            scopes: what the client was granted.
            grant_id: the authorization that the token belongs to and is revoked with.
            auth_time: second of the epoch at which the person signed in.
            key: what the token is bound to (see `binding`); None for a bearer token.
            resource: where the token is good; None for our own API.
            first_party: whether the client is our own.
            until: when it ends at the latest.
        """
        issued = int(self._clock().timestamp())
        seconds = int(LIFETIME.total_seconds())
        if until is not None:
            seconds = max(min(seconds, int(until.timestamp()) - issued), 0)
        token_id = uuid4().hex
        claims = claims_of(caller)
        del claims["client"]
        claims |= {
            "iss": self.issuer,
            "aud": resource or self.issuer,
            "iat": issued,
            "exp": issued + seconds,
            "jti": token_id,
            "client_id": caller.client,
            "scope": " ".join(sorted(scopes)),
        }
        if grant_id:
            claims["grant"] = str(grant_id)
        if auth_time is not None:
            claims["auth_time"] = auth_time
        if key is not None:
            claims["cnf"] = confirmation(key)
        if first_party:
            claims["first_party"] = True
        return IssuedToken(self._signed(claims), token_id, seconds)

    def delegate(
        self, subject: Mapping[str, Any], client_id: str, *, scopes: frozenset[str], key: str | None, resource: str
    ) -> IssuedToken:
        """Return a token by which another client goes on in the name of whom `subject` is for (RFC 8693).

        What RFC 8693 calls `act` is `client_id` here, and `via` the client whose token it was exchanged for, and so on
        to the one that the person signed in to: `act` says in our tokens for whom somebody acts.

        Args:
            subject: what the other token states; the new one does not outlive it.
            client_id: who gets it.
            scopes: what it is good for.
            key: what it is bound to; None for a bearer token.
            resource: where it is good.
        """
        issued = int(self._clock().timestamp())
        until = min(issued + int(LIFETIME.total_seconds()), int(subject["exp"]))
        token_id = uuid4().hex
        before = {name: subject[name] for name in ("client_id", "via") if name in subject}
        claims = {name: subject[name] for name in _PASSED_ON if name in subject} | {
            "iss": self.issuer,
            "aud": resource,
            "iat": issued,
            "exp": until,
            "jti": token_id,
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            "via": before,
        }
        if key is not None:
            claims["cnf"] = confirmation(key)
        return IssuedToken(self._signed(claims), token_id, until - issued)

    def _signed(self, claims: dict[str, Any]) -> str:
        signing = self._keys.signing
        header = {"alg": ALGORITHM, "typ": _TYPE, "kid": signing.kid}
        return jwt.encode(header, claims, signing, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Principal:
        """Return who `token` makes the bearer.

        Raises:
            InvalidToken: when it is no access token of ours, for us, within its time.
        """
        claims = self.read(token)
        if claims["aud"] != self.issuer:
            raise InvalidToken
        try:
            return _principal(claims)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidToken from error

    def read(self, token: str) -> dict[str, Any]:
        """Return what `token` states, whatever resource it is for.

        Raises:
            InvalidToken: when it is no access token of ours within its time.
        """
        if len(token) > _MAX_LENGTH:
            raise InvalidToken
        try:
            decoded = jwt.decode(token, self._keys.published, algorithms=[ALGORITHM])
            if decoded.header.get("typ") != _TYPE:
                raise InvalidToken
            self._registry.validate(decoded.claims)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidToken from error
        claims: dict[str, Any] = decoded.claims
        return claims


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        caller=caller_of({**claims, "client": claims["client_id"]}),
        client_id=claims["client_id"],
        scopes=frozenset(claims.get("scope", "").split()),
        expires_at=float(claims["exp"]),
        token_id=claims["jti"],
        issued_at=float(claims["iat"]),
        names=names_of(claims),
        key=bound_to(claims),
        first_party=claims.get("first_party") is True,
        grant_id=claims.get("grant"),
        signed_in_at=datetime.fromtimestamp(claims["auth_time"], UTC) if "auth_time" in claims else None,
    )
