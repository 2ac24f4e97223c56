"""Another's provider takes the place of our own: the issuer swap as a drill, with `oidc-provider` as it is."""

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_local.ports import free_port
from onestop_local.testing.client import ServiceClient, believed_keys, signing_key
from onestop_local.testing.listening import listening
from onestop_runtime.assertion import GATEWAY, HEADER, AssertionVerifier
from onestop_runtime.caller import Caller

AUDIENCE = "https://api.onestop.test"
CALLBACK = "https://portal.test/callback"
COMPANY = "91130371MA7001010P"
AGENT = "0190a5f0-0000-7000-8000-00000000000a"
ME = "/api/gateway/v1/me"
CASES = "/api/intake/v1/cases"
SAID: dict[str, dict[str, Any]] = {
    AGENT: {
        "level": "urn:hebei:real-name",
        "full_name": "周海燕",
        "party": {"code": COMPANY, "name": "秦皇岛开发区山海食品有限公司"},
    },
    "wang": {
        "level": "urn:hebei:real-name",
        "full_name": "王思远",
        "office": "11130371037100371Q",
        "realm_access": {"roles": ["examiner", "admin", "offline_access"]},
    },
    "kiosk": {},
}
CLAIMS = {
    "acr": "level",
    "name": "full_name",
    "agency": "office",
    "roles": "realm_access.roles",
    "act_credit_code": "party.code",
    "act_name": "party.name",
}


class Issuer:
    """The provider in our place, and clients that get tokens there."""

    def __init__(self, province: Any, clock: Any) -> None:
        self.issuer = province.issuer
        self._province = province
        self._clock = clock

    async def token(self, login: str) -> str:
        """Sign in with a browser, and redeem the code."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": "portal",
            "redirect_uri": CALLBACK,
            "scope": "openid intake:read",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "login",
        }
        back = await self._province.sign_in(str(httpx.URL(f"{self.issuer}/auth", params=asked)), login)
        form = {
            "grant_type": "authorization_code",
            "code": httpx.URL(back).params["code"],
            "redirect_uri": CALLBACK,
            "client_id": "portal",
            "code_verifier": verifier,
        }
        answer = await self._province.browser.post(f"{self.issuer}/token", data=form)
        self._clock.catch_up()
        return str(answer.json()["access_token"])

    async def own_token(self) -> str:
        """Get a token as a department's system."""
        answer = await self._province.browser.post(
            f"{self.issuer}/token", data={"grant_type": "client_credentials"}, auth=("system", "s" * 32)
        )
        self._clock.catch_up()
        return str(answer.json()["access_token"])

    async def withdraw(self, token: str) -> None:
        """Take a token back."""
        form = {"token": token, "client_id": "portal"}
        assert (await self._province.browser.post(f"{self.issuer}/token/revocation", data=form)).status_code == 200


class Service:
    """A service behind the gateway: believes the assertion and nothing else."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self._verifier = AssertionVerifier(believed_keys(), "svc-intake")

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.callers.append(self._verifier.verify(headers.get(HEADER)))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
async def service() -> AsyncIterator[tuple[Service, str]]:
    port, found = free_port(), Service()
    async with listening(found, port):
        yield found, f"http://127.0.0.1:{port}"


@pytest.fixture
def open_issuer(open_province: Any, clock: Any) -> Callable[..., Awaitable[Issuer]]:
    """Return a function that runs the provider in our place, which gives tokens of a kind."""

    async def open_one(kind: str) -> Issuer:
        return Issuer(
            await open_province(
                clients=[
                    {
                        "client_id": "portal",
                        "token_endpoint_auth_method": "none",
                        "application_type": "web",
                        "redirect_uris": [CALLBACK],
                    },
                    {
                        "client_id": "system",
                        "client_secret": "s" * 32,
                        "grant_types": ["client_credentials"],
                        "redirect_uris": [],
                        "response_types": [],
                    },
                    {"client_id": "edge", "client_secret": "e" * 32, "grant_types": [], "redirect_uris": [],
                     "response_types": []},
                ],
                people={name: {} for name in SAID},
                resource={
                    "identifier": AUDIENCE,
                    "scope": "intake:read",
                    "format": kind,
                    "algorithm": "RS256",
                    "claims": SAID,
                },
            ),
            clock,
        )  # fmt: skip

    return open_one


@pytest.fixture
def open_gateway(
    service_client: Callable[..., Awaitable[ServiceClient]],
    service: tuple[Service, str],
    clock: Any,
    tmp_path: Path,
    seed: dict[str, Any],
) -> Callable[..., Awaitable[ServiceClient]]:
    """Return a function that opens a gateway, with or without another's provider in place of ours."""

    async def open_one(issuer: Issuer | None, dsn: str = "", **changes: Any) -> ServiceClient:
        key = tmp_path / "assertion-key.json"
        key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
        settings: dict[str, Any] = {"dsn": dsn} if dsn else {}
        if issuer is not None:
            file = tmp_path / "external.json"
            external = {
                "issuer": issuer.issuer,
                "audience": AUDIENCE,
                "claims": CLAIMS,
                "levels": {"urn:hebei:real-name": 2},
                "roles": {"examiner": "reviewer"},
                "first_party": ["portal"],
                **changes,
            }
            file.write_text(json.dumps(external))
            settings["external_issuer"] = file
        opened = await service_client(
            SERVICE,
            clock=clock,
            issuer="http://gateway.test",
            assertion_key=key,
            upstreams={"intake": service[1]},
            **settings,
        )
        if not dsn:
            await fill(opened.transaction, opened.context.state.cipher, seed)
        return opened

    return open_one


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_person_is_the_same_to_services_whoever_has_signed_him_in(
    open_issuer: Any, open_gateway: Any, door_of: Any, service: tuple[Service, str]
):
    issuer = await open_issuer("jwt")
    browser = await door_of(await open_gateway(issuer))
    token = await issuer.token(AGENT)
    me = (await browser.get(ME, headers=bearer(token))).json()
    assert (me["sub"], me["kind"], me["acr"], me["name"]) == (AGENT, "natural", "2", "周**")
    assert me["act"]["credit_code"] == COMPANY
    assert me["client"] == "portal"
    assert (await browser.get(CASES, headers=bearer(token))).status_code == 200
    (caller,) = service[0].callers
    assert (str(caller.sub), caller.credit_code, caller.name) == (AGENT, COMPANY, "周**")
    again = (await browser.get(ME, headers=bearer(await issuer.token(AGENT)))).json()
    assert again["act"]["id"] == me["act"]["id"]


async def test_staff_have_the_roles_that_are_mapped_and_no_others(
    open_issuer: Any, open_gateway: Any, door_of: Any, service: tuple[Service, str]
):
    issuer = await open_issuer("jwt")
    browser = await door_of(await open_gateway(issuer))
    assert (await browser.get(CASES, headers=bearer(await issuer.token("wang")))).status_code == 200
    (caller,) = service[0].callers
    assert (caller.kind, caller.agency) == ("staff", "11130371037100371Q")
    assert caller.given_roles == {"reviewer"}


async def test_a_client_that_is_not_our_own_does_what_its_scopes_say_and_no_more(
    open_issuer: Any, open_gateway: Any, door_of: Any
):
    issuer = await open_issuer("jwt")
    browser = await door_of(await open_gateway(issuer, first_party=[]))
    token = await issuer.token(AGENT)
    assert (await browser.get(CASES, headers=bearer(token))).status_code == 200
    assert (await browser.get(ME, headers=bearer(token))).status_code == 403


async def test_systems_come_in_their_own_name_and_who_is_not_known_surely_enough_is_held_up(
    open_issuer: Any, open_gateway: Any, door_of: Any
):
    issuer = await open_issuer("jwt")
    browser = await door_of(await open_gateway(issuer))
    me = (await browser.get(ME, headers=bearer(await issuer.own_token()))).json()
    assert (me["kind"], me["client"]) == ("system", "system")
    weak = await browser.get(CASES, headers=bearer(await issuer.token("kiosk")))
    assert weak.status_code == 401
    assert "insufficient_user_authentication" in weak.headers["www-authenticate"]


async def test_the_issuer_is_swapped_and_swapped_back(
    open_issuer: Any, open_gateway: Any, open_browser_on: Any, postgres: Any
):
    dsn = await postgres.service_database(SERVICE)
    own = await open_gateway(None)
    ours = open_browser_on(own)
    tokens = await ours.tokens(ours.asked())
    assert (await ours.get(ME, headers=bearer(tokens["access_token"]))).status_code == 200
    issuer = await open_issuer("jwt")
    swapped = open_browser_on(await open_gateway(issuer, dsn=dsn))
    assert (await swapped.get(ME, headers=bearer(tokens["access_token"]))).status_code == 401
    theirs = await issuer.token(AGENT)
    assert (await swapped.get(ME, headers=bearer(theirs))).status_code == 200
    assert (await ours.get(ME, headers=bearer(theirs))).status_code == 401
    for path in (
        "/oauth/authorize", "/oauth/token", "/oauth/jwks", "/oauth/userinfo", "/oauth/introspect", "/sign-in",
        "/account",
        "/cas/login", "/federation/hebei", "/.well-known/oauth-authorization-server",
    ):  # fmt: skip
        answers = [await swapped.get(path, headers=bearer(theirs)), await swapped.post(path, headers=bearer(theirs))]
        assert [it.status_code for it in answers] == [404, 404], path
        assert answers[0].headers["content-type"] == "application/problem+json"
    assert (await swapped.get("/api/gateway/v1/sessions", headers=bearer(theirs))).status_code == 404
    there = await swapped.get("/.well-known/openid-configuration")
    assert there.headers["location"] == f"{issuer.issuer}/.well-known/openid-configuration"
    assert (await swapped.get("/readyz")).status_code == 200
    swapped.cookies = ours.cookies
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert (await ours.get(ME, headers=headers)).status_code == 200
    assert (await swapped.get(ME, headers=headers)).status_code == 401


async def test_opaque_tokens_are_asked_about_and_the_answer_is_believed_briefly(
    open_issuer: Any, open_gateway: Any, open_browser_on: Any, tmp_path: Path, clock: Any
):
    issuer = await open_issuer("opaque")
    (tmp_path / "edge-secret").write_text("e" * 32)
    registration = {
        "issuer": issuer.issuer,
        "client_id": "edge",
        "authentication": "client_secret_basic",
        "secret_file": "edge-secret",
    }
    gateway = await open_gateway(issuer, tokens="opaque", registration=registration)
    browser = open_browser_on(gateway)
    token = await issuer.token(AGENT)
    assert "." not in token
    me = (await browser.get(ME, headers=bearer(token))).json()
    assert (me["sub"], me["acr"], me["act"]["credit_code"]) == (AGENT, "2", COMPANY)
    await issuer.withdraw(token)
    assert (await browser.get(ME, headers=bearer(token))).status_code == 200
    clock.pass_(seconds=31)
    assert (await browser.get(ME, headers=bearer(token))).status_code == 401
    assert (await browser.get(ME, headers=bearer("no-token-at-all"))).status_code == 401


async def test_a_token_of_another_make_is_not_believed(
    open_issuer: Any, open_gateway: Any, open_browser_on: Any, clock: Any
):
    issuer = await open_issuer("jwt")
    browser = open_browser_on(await open_gateway(issuer))
    sound = await issuer.token(AGENT)
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in sound.split(".")[:2])
    stranger = RSAKey.generate_key(2048)
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    forged = [
        jwt.encode(header, claims, stranger, algorithms=["RS256"]),
        f"{none}.{sound.split('.')[1]}.",
        sound[:-4] + "AAAA",
        sound + "x" * 20_000,
        "not.a.token",
    ]
    for token in forged:
        answer = await browser.get(ME, headers=bearer(token))
        assert answer.status_code == 401
        assert answer.json()["type"] == "/problems/invalid-token"
    assert (await browser.get(ME, headers=bearer(sound))).status_code == 200
    clock.pass_(minutes=11)
    assert (await browser.get(ME, headers=bearer(sound))).status_code == 401


async def test_tokens_for_somebody_else_and_id_tokens_are_not_for_us(
    open_issuer: Any, open_gateway: Any, open_browser_on: Any
):
    issuer = await open_issuer("jwt")
    elsewhere = open_browser_on(await open_gateway(issuer, audience="https://other.test"))
    assert (await elsewhere.get(ME, headers=bearer(await issuer.token(AGENT)))).status_code == 401
    typed = open_browser_on(await open_gateway(issuer, types=["JWT"]))
    assert (await typed.get(ME, headers=bearer(await issuer.token(AGENT)))).status_code == 401


async def test_while_it_is_away_nobody_new_comes_in_and_it_is_said_why(open_gateway: Any, open_browser_on: Any):
    class Nowhere:
        issuer = f"http://127.0.0.1:{free_port()}"

    browser = open_browser_on(await open_gateway(Nowhere()))
    key = RSAKey.generate_key(2048, auto_kid=True)
    token = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": key.kid}, {"sub": "x"}, key, algorithms=["RS256"])
    answer = await browser.get(ME, headers=bearer(token))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
