"""The internal assertion: who calls, signed by the gateway (or a service), believed offline.

An EdDSA JWT for one audience, about a minute long. Services trust this header and nothing else.
Every key belongs to one issuer: the gateway's states people and registered systems, a service's that service only.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from onestop_legal.errors import NamedError
from onestop_runtime import codec
from onestop_runtime.caller import ANONYMOUS, Caller, Party, system

HEADER = "onestop-assertion"
GATEWAY: Final = "onestop-gateway"
"""The issuer that states people; every other one is a service and states itself."""
LIFETIME_SECONDS = 60
_ALGORITHMS = ["Ed25519", "EdDSA"]
_CACHE_SIZE = 10_000


class InvalidAssertion(NamedError):
    """The internal assertion is forged, expired or meant for another service."""

    slug = "invalid-assertion"
    title = "内部身份凭证无效"
    status = 401


def claims_of(caller: Caller) -> dict[str, Any]:
    """Return the claims that state `caller`."""
    claims: dict[str, Any] = {
        "sub": str(caller.sub) if caller.sub else "",
        "kind": caller.kind,
        "acr": caller.acr,
        "roles": sorted(caller.given_roles),
        "client": caller.client,
        "channel": caller.channel,
    }
    if caller.act:
        claims["act"] = act_claim(caller.act)
    optional = {"agency": caller.agency, "region": caller.region, "hall": caller.hall, "name": caller.name}
    claims |= {name: value for name, value in optional.items() if value}
    if caller.mandate:
        claims["mandate"] = str(caller.mandate)
    return claims


def act_claim(party: Party) -> dict[str, str]:
    """Return the claim that states whom somebody acts for; only a legal person has a credit code."""
    code = {"credit_code": party.credit_code} if party.credit_code else {}
    return {"sub": str(party.id), **code, "name": party.name}


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Return the caller that `claims` state."""
    act = claims.get("act")
    return Caller(
        sub=UUID(claims["sub"]) if claims.get("sub") else None,
        kind=claims["kind"],
        act=Party(UUID(act["sub"]), act.get("credit_code"), act["name"]) if act else None,
        mandate=UUID(claims["mandate"]) if claims.get("mandate") else None,
        acr=claims.get("acr", "0"),
        agency=claims.get("agency"),
        region=claims.get("region"),
        hall=claims.get("hall"),
        client=claims.get("client", ""),
        channel=claims.get("channel", ""),
        name=claims.get("name", ""),
        given_roles=frozenset(claims.get("roles", ())),
    )


def load_signing_key(path: Path) -> OKPKey:
    """Return the private Ed25519 key stored as JWK in `path`."""
    return OKPKey.import_key(codec.loads(path.read_bytes()))


def published(key: OKPKey, issuer: str) -> OKPKey:
    """Return the public half of `key` as a JWKS of believed keys names it: bound to `issuer` by its member `iss`."""
    return OKPKey.import_key(key.as_dict(private=False, iss=issuer))


def make_assertion(caller: Caller, key: OKPKey, *, issuer: str, audience: str) -> str:
    """Return a signed assertion of `caller` for one `audience` (`svc-intake`), 60 seconds long."""
    issued = int(time.time())  # noqa: TID251 - a token's life is counted by the wall clock of its maker
    claims = claims_of(caller) | {
        "iss": issuer,
        "aud": audience,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
        "jti": uuid4().hex,
    }
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=_ALGORITHMS)


class AssertionVerifier:
    """Verifies assertions for one audience; remembers the verified ones until they expire."""

    def __init__(self, keys: KeySet, audience: str) -> None:
        """Believe `keys`, each for the issuer its member `iss` names.

        Raises:
            ValueError: when a key names no issuer, or two have the same `kid`.
        """
        self._keys = keys
        self._issuers = _issuers_of(keys)
        self._audience = audience
        self._verified: dict[str, tuple[float, Caller]] = {}
        self._registry = jwt.JWTClaimsRegistry(
            leeway=5,
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iss={"essential": True},
            kind={"essential": True},
        )

    @classmethod
    def from_file(cls, path: Path, audience: str) -> "AssertionVerifier":
        """Return a verifier that believes the keys of a JWKS file."""
        return cls(KeySet.import_key_set(codec.loads(path.read_bytes())), audience)

    @classmethod
    def nobody(cls, audience: str) -> "AssertionVerifier":
        """Return a verifier that believes no key: every caller without assertion is anonymous, others are refused."""
        return cls(KeySet([]), audience)

    def verify(self, token: str | None) -> Caller:
        """Return the caller that `token` states, or the anonymous one for None.

        Raises:
            InvalidAssertion: when it was not made by a known key, for us, within its time, or when the key's issuer
                may not state this caller.
        """
        if not token:
            return ANONYMOUS
        known = self._verified.get(token)
        moment = time.time()  # noqa: TID251 - the token's expiry is on the wall clock
        if known and known[0] > moment:
            return known[1]
        try:
            decoded = jwt.decode(token, self._keys, algorithms=_ALGORITHMS)
            self._registry.validate(decoded.claims)
            caller = caller_of(decoded.claims)
            issuer = self._issuers[decoded.header["kid"]]
            if decoded.claims["iss"] != issuer or not self._may_state(issuer, caller):
                raise InvalidAssertion
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise InvalidAssertion from error
        if len(self._verified) >= _CACHE_SIZE:
            self._verified.clear()
        self._verified[token] = (decoded.claims["exp"], caller)
        return caller

    def _may_state(self, issuer: str, caller: Caller) -> bool:
        if issuer == GATEWAY:
            return caller.client not in self._issuers.values()
        return caller == replace(system(issuer), agency=caller.agency)


def _issuers_of(keys: KeySet) -> dict[str | None, str]:
    issuers = {key.kid: str(key.get("iss", "")) for key in keys}
    if len(issuers) < len(keys.keys) or not all(issuers.values()):
        raise ValueError("ASSERTION_KEYS 中的每个公钥都应有自己的 kid，并以 iss 注明属于谁")
    return issuers
