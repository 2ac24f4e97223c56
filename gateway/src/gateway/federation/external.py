"""Another's provider in our own place: whom its access tokens stand for (RFC 9068, or RFC 7662 for opaque ones).

The edge and the services need nothing of it but this: the issuer, and what its claims mean.

    {"issuer": "https://…", "audience": "onestop", "algorithms": ["RS256"], "types": ["at+jwt"],
     "claims": {"client_id": "azp", "roles": "realm_access.roles", "agency": "agency", "name": "name"},
     "levels": {"urn:…:real-name": 2}, "roles": {"their-reviewer": "reviewer"}, "first_party": ["onestop-web"]}
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.federation.configuration import Algorithm, Registration, require_address
from gateway.federation.credentials import Credentials
from gateway.federation.errors import UpstreamNotBelieved
from gateway.federation.issuer import Issuer, ask
from gateway.federation.tokens import LEEWAY
from gateway.tokens.access import InvalidToken
from gateway.tokens.foreign import reading
from gateway.tokens.principal import Principal
from onestop_runtime.caller import Caller, Party
from onestop_runtime.clock import Clock
from onestop_runtime.fields import mask_name

_BELIEVED_SECONDS: Final = 30
"""How long an answer about an opaque token is believed: so long a token counts that was revoked there."""
_MAX_LENGTH: Final = 16 * 1024
_CONNECTIONS: Final = 20
_KINDS: Final = frozenset({"natural", "staff", "system"})
_HIGHEST: Final = 3
_SYSTEM_LEVEL: Final = 2
"""A system that proves itself with a key or secret is known as surely as a person by his real name."""


class ClaimNames(BaseModel):
    """Where the provider says what; a dot leads into an object. What is not named is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sub: str = "sub"
    client_id: str = "client_id"
    scope: str = "scope"
    acr: str = "acr"
    kind: str | None = None
    name: str | None = None
    agency: str | None = None
    region: str | None = None
    hall: str | None = None
    roles: str | None = None
    channel: str | None = None
    act: str | None = None
    act_credit_code: str | None = None
    act_name: str | None = None
    mandate: str | None = None


class ExternalIssuer(BaseModel):
    """The provider in our place.

    Attributes:
        audience: what its access tokens for us name.
        tokens: whether they are JWTs, or are asked about.
        types: `typ` of its access tokens; ID tokens have another one.
        registration: how we prove ourselves where opaque tokens are asked about.
        levels: our level for each of its own; what is not listed counts as 0.
        roles: our role for each of its own; others give nothing.
        first_party: clients that are our own, so that no scope limits what they do for a person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    audience: str
    tokens: Literal["jwt", "opaque"] = "jwt"
    algorithms: tuple[Algorithm, ...] = ("RS256",)
    types: tuple[str, ...] = ("at+jwt",)
    registration: Registration | None = None
    claims: ClaimNames = ClaimNames()
    levels: dict[str, int] = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)
    first_party: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _sound(self) -> "ExternalIssuer":
        require_address(self.issuer)
        if (self.registration is not None) != (self.tokens == "opaque"):
            raise ValueError("tokens 为 opaque 时须有 registration，为 jwt 时不能有")
        if not self.algorithms or not all(0 <= level <= _HIGHEST for level in self.levels.values()):
            raise ValueError("algorithms 不能为空，levels 只能是 0 到 3")
        return self


def read(path: Path, *, production: bool) -> ExternalIssuer:
    """Return the provider that a file names.

    Raises:
        ValueError: when something is wrong in it; in production also when its issuer is no https address.
    """
    found = ExternalIssuer.model_validate_json(path.read_bytes())
    if production and not found.issuer.startswith("https://"):
        raise ValueError("生产环境的外部签发者必须是 https 地址")
    registration = found.registration
    return (
        found if registration is None else found.model_copy(update={"registration": registration.beside(path.parent)})
    )


class ExternalTokens:
    """Tells whom access tokens of the provider in our place stand for."""

    def __init__(self, external: ExternalIssuer, http: httpx.AsyncClient, clock: Clock) -> None:
        self._external = external
        self._issuer = Issuer(external.issuer, http, clock)
        self._reading = reading(external.algorithms)
        self._http = http
        self._clock = clock
        self._credentials = Credentials(external.registration, clock) if external.registration else None
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": external.issuer},
            aud={"essential": True, "value": external.audience},
            exp={"essential": True},
        )

    async def principal_of(self, token: str) -> Principal:
        """Return who `token` makes the bearer.

        Raises:
            InvalidToken: when it is no access token of the provider, for us, within its time.
            UpstreamAway: when the provider would have to be asked and does not answer.
        """
        if len(token) > _MAX_LENGTH:
            raise InvalidToken
        try:
            claims = await (self._read(token) if self._credentials is None else self._ask(token, self._credentials))
            self._registry.validate(dict(claims))
            return principal_of(self._external, claims, token, self._until(claims))
        except (JoseError, UpstreamNotBelieved, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidToken from error

    async def _read(self, token: str) -> Mapping[str, Any]:
        kid = jws.extract_compact(token.encode("ascii"), registry=self._reading).headers().get("kid")
        decoded = jwt.decode(token, await self._issuer.keys(kid), registry=self._reading)
        if str(decoded.header.get("typ", "")).removeprefix("application/") not in self._external.types:
            raise InvalidToken
        return decoded.claims

    async def _ask(self, token: str, credentials: Credentials) -> Mapping[str, Any]:
        endpoint = await self._issuer.endpoint("introspection_endpoint")
        headers, proof = credentials.proof(endpoint)
        form = {"token": token, "token_type_hint": "access_token", **proof}
        _, claims = await ask(self._http, "POST", endpoint, headers=headers, form=form)
        if claims.get("active") is not True:
            raise InvalidToken
        return {"iss": self._external.issuer, **claims}

    def _until(self, claims: Mapping[str, Any]) -> float:
        """Return the second of the epoch until which this is believed without another look."""
        expires = float(claims["exp"])
        return expires if self._credentials is None else min(expires, self._clock().timestamp() + _BELIEVED_SECONDS)


def principal_of(external: ExternalIssuer, claims: Mapping[str, Any], token: str, until: float) -> Principal:
    """Return the principal that `claims` mean.

    Raises:
        KeyError, ValueError, TypeError: when something is missing or is not what it should be.
    """
    said = _Said(claims)
    names = external.claims
    subject, client_id = said.required(names.sub), said.required(names.client_id)
    agency = said.text(names.agency)
    kind = said.text(names.kind) or ("system" if subject == client_id else "staff" if agency else "natural")
    if kind not in _KINDS:
        raise ValueError("a kind that there is not")
    level = _SYSTEM_LEVEL if kind == "system" else external.levels.get(said.text(names.acr) or "", 0)
    mandate, name = said.text(names.mandate), said.text(names.name)
    caller = Caller(
        sub=_opaque(external.issuer, subject),
        kind=kind,
        act=_party(external, said),
        mandate=UUID(mandate) if mandate else None,
        acr=str(level),
        agency=agency,
        region=said.text(names.region),
        hall=said.text(names.hall),
        client=client_id,
        channel=said.text(names.channel) or "web",
        name=mask_name(name) if name else "",
        given_roles=frozenset(external.roles[it] for it in said.texts(names.roles) if it in external.roles),
    )
    confirmation = claims.get("cnf")
    return Principal(
        caller=caller,
        client_id=client_id,
        scopes=frozenset((said.text(names.scope) or "").split()),
        expires_at=until,
        token_id=sha256(token.encode()).hexdigest(),
        issued_at=float(claims.get("iat", 0)),
        key=None if confirmation is None else str(confirmation["jkt"]),
        first_party=client_id in external.first_party,
    )


@asynccontextmanager
async def open_external(external: ExternalIssuer | None, clock: Clock) -> AsyncIterator[ExternalTokens | None]:
    """Open the way to the provider in our place, if there is one; nothing is asked of it yet.

    Raises:
        ValueError: when a key file holds no private key with `alg` and `kid`.
    """
    if external is None:
        yield None
        return
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=_CONNECTIONS)) as http:
        yield ExternalTokens(external, http, clock)


class _Said:
    """What claims say, found by where they say it."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self._claims = claims

    def text(self, path: str | None) -> str | None:
        value = self._at(path)
        if value is not None and not isinstance(value, str):
            raise TypeError(path)
        return value or None

    def texts(self, path: str | None) -> tuple[str, ...]:
        value = self._at(path)
        listed = value.split() if isinstance(value, str) else value
        return tuple(it for it in listed or () if isinstance(it, str))

    def required(self, path: str) -> str:
        text = self.text(path)
        if text is None:
            raise KeyError(path)
        return text

    def _at(self, path: str | None) -> Any:
        value: Any = self._claims
        for name in path.split(".") if path else ():
            value = value.get(name) if isinstance(value, Mapping) else None
        return value if path else None


def _party(external: ExternalIssuer, said: _Said) -> Party | None:
    """Return for whom somebody acts; a credit code is enough to know a legal person by."""
    names = external.claims
    known, code = said.text(names.act), said.text(names.act_credit_code)
    if known is None and code is None:
        return None
    return Party(_opaque(external.issuer, known or f"legal:{code}"), code, said.text(names.act_name) or "")


def _opaque(issuer: str, subject: str) -> UUID:
    """Return the id by which services know a subject: its own when it is one, else one that is always the same."""
    try:
        return UUID(subject)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"{issuer}#{subject}")
