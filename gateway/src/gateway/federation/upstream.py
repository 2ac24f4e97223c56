"""Another's provider, as we are its relying party: from the address that a browser is sent to, to what it states."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from gateway.federation.configuration import IdentityProvider
from gateway.federation.credentials import Credentials
from gateway.federation.domain import Stated
from gateway.federation.errors import UpstreamNotBelieved
from gateway.federation.issuer import Issuer, ask
from gateway.federation.tokens import LEEWAY, SignedOut, UpstreamTokens
from gateway.identity.domain import Facts, Level
from onestop_legal.errors import FieldErrors
from onestop_runtime.clock import Clock
from onestop_runtime.logs import logger

_TOKENS: Final = ("id_token", "access_token")
_LONGEST: Final = 512

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in that is asked for.

    Attributes:
        nonce: what the ID token has to contain.
        verifier: what the code is redeemed with (PKCE).
        signed_in_after: when the person has to have signed in there at the earliest; None for any time.
        max_age: the same in seconds, as the provider is asked.
    """

    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    max_age: int | None
    signed_in_after: datetime | None

    @property
    def challenge(self) -> str:
        """What the verifier is made into (RFC 7636, S256)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


class Upstream:
    """One configured provider."""

    def __init__(self, provider: IdentityProvider, http: httpx.AsyncClient, clock: Clock) -> None:
        self.provider = provider
        self.id = provider.id
        self.name = provider.name
        self._issuer = Issuer(provider.issuer, http, clock)
        self._http = http
        self._clock = clock
        self._tokens = UpstreamTokens(self._issuer, provider.client_id, provider.algorithms)
        self._credentials = Credentials(provider, clock)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys that we prove ourselves with at the provider."""
        key = self._credentials.key
        return {"keys": [key.as_dict(private=False)] if key else []}

    async def address(self, asked: Asked) -> str:
        """Return where the browser is sent to sign in; raises `UpstreamAway`, `UpstreamNotBelieved`."""
        endpoint = await self._issuer.endpoint("authorization_endpoint")
        parameters = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": asked.redirect_uri,
            "scope": " ".join(self.provider.scopes),
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": asked.challenge,
            "code_challenge_method": "S256",
        }
        if self.provider.acr_values:
            parameters["acr_values"] = " ".join(self.provider.acr_values)
        if asked.max_age is not None:
            parameters["max_age"] = str(asked.max_age)
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    async def require_own_answer(self, answer: Mapping[str, str]) -> None:
        """Do nothing when the answer to an authorization request names this provider (RFC 9207).

        Raises:
            UpstreamNotBelieved: when it names another one, or none although the provider says that it does.
            UpstreamAway: when its metadata cannot be fetched.
        """
        promised = (await self._issuer.metadata()).get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", None if promised else self.provider.issuer) != self.provider.issuer:
            log.warning("an answer names another identity provider", provider=self.id)
            raise UpstreamNotBelieved

    async def stated(self, code: str, asked: Asked) -> Stated:
        """Return who has signed in there.

        Raises:
            UpstreamNotBelieved: when the code is not good, or the ID token not to be believed.
            UpstreamAway: when the provider does not answer.
        """
        tokens = await self._redeem(code, asked)
        access_token = tokens["access_token"]
        claims = await self._tokens.id_token(
            tokens["id_token"], nonce=asked.nonce, access_token=access_token, now=self._clock()
        )
        names = self.provider.claims
        if any(name not in claims for name in (names.identity_number, names.name, self.provider.assurance.claim)):
            claims = {**await self._userinfo(access_token, str(claims["sub"])), **claims}
        return self._statement(claims, tokens["id_token"], self._signed_in_at(claims, asked.signed_in_after))

    async def signed_out(self, logout_token: str) -> SignedOut:
        """Return whose sign-in ended there; raises `UpstreamNotBelieved`, `UpstreamAway`."""
        return await self._tokens.logout_token(logout_token, self._clock())

    async def sign_out_address(self, id_token: str, return_to: str) -> str | None:
        """Return where the browser signs out there; None when the provider has no such place.

        Raises:
            UpstreamAway: when its metadata cannot be fetched.
            UpstreamNotBelieved: when they are not its own.
        """
        if "end_session_endpoint" not in await self._issuer.metadata():
            return None
        endpoint = await self._issuer.endpoint("end_session_endpoint")
        parameters = {
            "id_token_hint": id_token,
            "client_id": self.provider.client_id,
            "post_logout_redirect_uri": return_to,
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    def _statement(self, claims: Mapping[str, Any], id_token: str, signed_in_at: datetime) -> Stated:
        names, assurance = self.provider.claims, self.provider.assurance
        methods = claims.get("amr")
        return Stated(
            provider=self.id,
            issuer=self.provider.issuer,
            subject=claims["sub"],
            level=Level(assurance.levels.get(str(claims.get(assurance.claim, "")), 0)),
            facts=_facts(_text(claims, names.name), _text(claims, names.identity_number)),
            phone=_phone(_text(claims, names.phone)),
            session=_text(claims, "sid"),
            signed_in_at=signed_in_at,
            second_factor=isinstance(methods, list) and not set(self.provider.second_factor).isdisjoint(methods),
            id_token=id_token,
        )

    def _signed_in_at(self, claims: Mapping[str, Any], earliest: datetime | None) -> datetime:
        """Return when the person signed in there; the present where clocks only seem to differ, or nothing is said."""
        now, said = self._clock(), _instant(claims.get("auth_time"))
        if earliest is not None and (said is None or said < earliest - LEEWAY):
            log.warning("a sign-in at an identity provider is older than was asked for", provider=self.id)
            raise UpstreamNotBelieved
        return now if said is None or said > now or (earliest is not None and said < earliest) else said

    async def _redeem(self, code: str, asked: Asked) -> dict[str, str]:
        endpoint = await self._issuer.endpoint("token_endpoint")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        headers, proof = self._credentials.proof(endpoint)
        status, answer = await ask(self._http, "POST", endpoint, headers=headers, form=form | proof, may_refuse=True)
        tokens = {name: answer[name] for name in _TOKENS if isinstance(answer.get(name), str)}
        if status != HTTPStatus.OK or len(tokens) < len(_TOKENS):
            log.warning("an identity provider gives no tokens", provider=self.id, error=str(answer.get("error", "")))
            raise UpstreamNotBelieved
        return tokens

    async def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        """Return what the provider says about the person beside the ID token; nothing when it has no such place."""
        if "userinfo_endpoint" not in await self._issuer.metadata():
            return {}
        endpoint = await self._issuer.endpoint("userinfo_endpoint")
        headers = {"Authorization": f"Bearer {access_token}"}
        _, claims = await ask(self._http, "GET", endpoint, headers=headers)
        if claims.get("sub") != subject:
            log.warning("an identity provider speaks of somebody else", provider=self.id)
            raise UpstreamNotBelieved
        return claims


@asynccontextmanager
async def open_upstreams(providers: Iterable[IdentityProvider], clock: Clock) -> AsyncIterator[dict[str, Upstream]]:
    """Open the ways to the configured providers; nothing is asked of them yet.

    Raises:
        ValueError: when a key file holds no private key with `alg` and `kid`.
    """
    configured = tuple(providers)
    if not configured:  # a client reads every certificate of the machine: not for nothing
        yield {}
        return
    async with httpx.AsyncClient() as http:
        yield {it.id: Upstream(it, http, clock) for it in configured}


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST else None


def _facts(name: str | None, identity_number: str | None) -> Facts | None:
    try:
        return Facts.read(name or "", identity_number or "")
    except FieldErrors:
        return None


def _phone(text: str | None) -> str | None:
    return text.removeprefix("+86").replace(" ", "").replace("-", "") if text else None


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None
    except (ValueError, OverflowError, OSError):
        return None
