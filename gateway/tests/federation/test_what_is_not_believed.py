"""Tricks with what another's provider publishes and signs: each is refused, and nothing is asked twice in vain."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from gateway.federation.configuration import IdentityProvider, read
from gateway.federation.errors import UpstreamAway, UpstreamNotBelieved
from gateway.federation.upstream import Asked, Upstream

PROVINCE = "https://province.test"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
NEXT_KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
ASKED = Asked("http://gateway.test/federation/hebei/callback", "s-1", "n-1", "v" * 43, None, None)


class Sky:
    """The province as it answers over the network; a test changes what it says."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.calls: list[str] = []
        self.down = False
        self.keys = [KEY]
        self.metadata: dict[str, Any] = {
            "issuer": PROVINCE,
            "authorization_endpoint": f"{PROVINCE}/auth",
            "token_endpoint": f"{PROVINCE}/token",
            "jwks_uri": f"{PROVINCE}/jwks",
            "userinfo_endpoint": f"{PROVINCE}/me",
            "authorization_response_iss_parameter_supported": True,
        }
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "zhao", "name": "赵晓梅", "identity_number": "130371198803171020"}
        self.signed: Callable[[], str] = self.sign
        self.answers: dict[str, httpx.Response] = {}

    def sign(self, key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Return an ID token; `changes` to its claims, None to leave one out."""
        now = int(self.clock.at.timestamp())
        half = hashlib.sha256(b"at-1").digest()[:16]
        usual = {
            "iss": PROVINCE,
            "sub": "zhao",
            "aud": "qhd",
            "iat": now,
            "exp": now + 300,
            "nonce": "n-1",
            "acr": "2",
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
        }
        claims = {name: it for name, it in (usual | self.claims | changes).items() if it is not None}
        key = key or self.keys[0]
        return jwt.encode(
            {"alg": "RS256", "kid": key.kid, **(header or {})}, claims, key, algorithms=["RS256", "PS256"]
        )

    def sign_logout(self, **changes: Any) -> str:
        usual = {"events": {LOGOUT: {}}, "jti": "j-1", "sid": "session-1", "nonce": None, "at_hash": None}
        return self.sign(header={"typ": "logout+jwt"}, **(usual | changes))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url.path)
        if self.down:
            raise httpx.ConnectError("down", request=request)
        if request.url.path in self.answers:
            return self.answers[request.url.path]
        told: dict[str, Any] = {
            "/.well-known/openid-configuration": self.metadata,
            "/jwks": {"keys": [key.as_dict(private=False) for key in self.keys]},
            "/token": {"id_token": "", "access_token": "at-1", "token_type": "Bearer"},
            "/me": self.userinfo,
        }
        if request.url.path == "/token":
            told["/token"]["id_token"] = self.signed()
        return httpx.Response(200, json=told[request.url.path])


@pytest.fixture
def sky(clock: Any) -> Sky:
    return Sky(clock)


@pytest.fixture
def upstream(sky: Sky, clock: Any, tmp_path: Path) -> Upstream:
    (tmp_path / "secret").write_text("x")
    provider = IdentityProvider(
        id="hebei",
        name="河北",
        issuer=PROVINCE,
        client_id="qhd",
        authentication="client_secret_basic",
        secret_file=tmp_path / "secret",
        assurance={"levels": {"2": 2}},
    )
    return Upstream(provider, httpx.AsyncClient(transport=httpx.MockTransport(sky)), clock)


async def test_what_is_in_order_is_believed(upstream: Upstream):
    stated = await upstream.stated("code", ASKED)
    assert stated.facts is not None
    assert (stated.subject, stated.facts.name, stated.level) == ("zhao", "赵晓梅", 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"aud": "somebody-else"},
        {"aud": ["qhd", "somebody-else"]},
        {"aud": ["qhd", "somebody-else"], "azp": "somebody-else"},
        {"azp": "somebody-else"},
        {"nonce": "n-2"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"iat": 1},
        {"iat": None},
        {"iat": 9_999_999_999},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"at_hash": "x"},
        {"at_hash": 7},
    ],
)
async def test_a_claim_that_is_wrong_makes_the_whole_worthless(upstream: Upstream, sky: Sky, changes: dict[str, Any]):
    sky.claims = changes
    with pytest.raises(UpstreamNotBelieved):
        await upstream.stated("code", ASKED)


async def test_an_id_token_for_several_names_us_as_the_one_it_was_given_to(upstream: Upstream, sky: Sky):
    sky.claims = {"aud": ["qhd", "archive"], "azp": "qhd"}
    assert (await upstream.stated("code", ASKED)).subject == "zhao"


def unsigned(sky: Sky) -> str:
    _, claims, _ = sky.sign().split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{header}.{claims}."


def by_public_key_as_secret(sky: Sky) -> str:
    """Return a token that is signed with the public key as if it were a shared secret."""
    _, claims, _ = sky.sign().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": KEY.kid}).encode()).decode().rstrip("=")
    signature = hmac.digest(KEY.as_pem(private=False), f"{header}.{claims}".encode(), "sha256")
    return f"{header}.{claims}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def by_another_algorithm(sky: Sky) -> str:
    """Return a token that the right key has signed, but not with the algorithm that is pinned."""
    bare = RSAKey.import_key({name: it for name, it in KEY.as_dict(private=True).items() if name != "alg"})
    return sky.sign(key=bare, header={"alg": "PS256"})


@pytest.mark.parametrize(
    "signed",
    [
        unsigned,
        by_public_key_as_secret,
        by_another_algorithm,
        lambda sky: sky.sign(key=NEXT_KEY),
        lambda sky: sky.sign(key=NEXT_KEY, header={"kid": KEY.kid}),
        lambda sky: sky.sign(header={"jwk": NEXT_KEY.as_dict(private=False)}, key=NEXT_KEY),
        lambda sky: sky.sign(header={"typ": "at+jwt"}),
        lambda sky: sky.sign_logout(nonce="n-1"),
        lambda _sky: "no token at all",
        lambda _sky: "x" * 40_000,
    ],
)
async def test_a_token_of_another_make_is_worthless(upstream: Upstream, sky: Sky, signed: Callable[[Sky], str]):
    sky.signed = lambda: signed(sky)
    with pytest.raises(UpstreamNotBelieved):
        await upstream.stated("code", ASKED)


async def test_what_userinfo_says_of_somebody_else_is_not_mixed_in(upstream: Upstream, sky: Sky):
    sky.userinfo = sky.userinfo | {"sub": "somebody-else"}
    with pytest.raises(UpstreamNotBelieved):
        await upstream.stated("code", ASKED)


@pytest.mark.parametrize("name", ["issuer", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("value", ["http://province.test/plain", "file:///etc/passwd", None])
async def test_metadata_of_another_provider_or_without_tls_are_not_used(
    upstream: Upstream, sky: Sky, name: str, value: Any
):
    sky.metadata[name] = value
    with pytest.raises(UpstreamNotBelieved):
        await upstream.stated("code", ASKED)


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        ("/token", httpx.Response(400, json={"error": "invalid_grant"}), UpstreamNotBelieved),
        ("/token", httpx.Response(302, headers={"Location": "https://evil.test"}), UpstreamNotBelieved),
        ("/token", httpx.Response(200, json=["no object"]), UpstreamNotBelieved),
        ("/token", httpx.Response(200, json={"id_token": 7, "access_token": "x"}), UpstreamNotBelieved),
        ("/token", httpx.Response(503), UpstreamAway),
        ("/token", httpx.Response(429), UpstreamAway),
        ("/jwks", httpx.Response(200, json={"keys": "none"}), UpstreamNotBelieved),
        ("/jwks", httpx.Response(200, content=b" " * 300_000), UpstreamNotBelieved),
        ("/me", httpx.Response(404), UpstreamNotBelieved),
    ],
)
async def test_answers_that_are_none_end_the_sign_in(
    upstream: Upstream, sky: Sky, path: str, answer: httpx.Response, error: type[Exception]
):
    sky.answers[path] = answer
    with pytest.raises(error):
        await upstream.stated("code", ASKED)


async def test_what_it_publishes_is_fetched_once_and_again_when_it_is_old(upstream: Upstream, sky: Sky, clock: Any):
    for _ in range(3):
        await upstream.stated("code", ASKED)
    assert [sky.calls.count(path) for path in ("/.well-known/openid-configuration", "/jwks")] == [1, 1]
    clock.pass_(minutes=11)
    await upstream.stated("code", ASKED)
    assert [sky.calls.count(path) for path in ("/.well-known/openid-configuration", "/jwks")] == [1, 2]
    clock.pass_(hours=1)
    await upstream.stated("code", ASKED)
    assert sky.calls.count("/.well-known/openid-configuration") == 2


async def test_a_new_key_is_found_and_unknown_ones_do_not_make_us_ask_all_the_time(
    upstream: Upstream, sky: Sky, clock: Any
):
    await upstream.stated("code", ASKED)
    clock.pass_(seconds=11)
    sky.keys = [NEXT_KEY, KEY]
    await upstream.stated("code", ASKED)
    assert sky.calls.count("/jwks") == 2
    stranger = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    sky.signed = lambda: sky.sign(key=stranger)
    for _ in range(5):
        with pytest.raises(UpstreamNotBelieved):
            await upstream.stated("code", ASKED)
    assert sky.calls.count("/jwks") == 2


async def test_a_provider_that_is_away_is_not_asked_by_everybody(upstream: Upstream, sky: Sky, clock: Any):
    sky.down = True
    results = await asyncio.gather(*(upstream.address(ASKED) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(it, UpstreamAway) for it in results)
    assert len(sky.calls) == 1
    sky.down = False
    clock.pass_(seconds=11)
    assert (await upstream.address(ASKED)).startswith(f"{PROVINCE}/auth?")


async def test_while_it_is_away_its_last_keys_count_for_a_day(upstream: Upstream, sky: Sky, clock: Any):
    await upstream.signed_out(sky.sign_logout())
    sky.down = True
    clock.pass_(hours=23)
    assert (await upstream.signed_out(sky.sign_logout())).session == "session-1"
    clock.pass_(hours=2)
    with pytest.raises(UpstreamAway):
        await upstream.signed_out(sky.sign_logout())


@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"events": {}},
        {"events": {LOGOUT: True}},
        {"nonce": "n-1"},
        {"jti": None},
        {"sid": None, "sub": None},
        {"sid": 7},
        {"iat": 1},
        {"aud": "somebody-else"},
    ],
)
async def test_a_notice_of_a_sign_out_that_is_none_is_not_honoured(
    upstream: Upstream, sky: Sky, changes: dict[str, Any]
):
    assert (await upstream.signed_out(sky.sign_logout())).session == "session-1"
    with pytest.raises(UpstreamNotBelieved):
        await upstream.signed_out(sky.sign_logout(**changes))
    with pytest.raises(UpstreamNotBelieved):
        await upstream.signed_out(sky.sign())


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "ftp://province.test"},
        {"issuer": "http://province.test"},
        {"scopes": ["profile"]},
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"secret_file": None},
        {"authentication": "private_key_jwt"},
        {"assurance": {"levels": {"x": 4}}},
        {"unknown": 1},
        {"id": "../x"},
    ],
)
def test_a_configuration_that_is_wrong_does_not_start(tmp_path: Path, changes: dict[str, Any]):
    sound = {
        "id": "hebei",
        "name": "河北",
        "issuer": PROVINCE,
        "client_id": "qhd",
        "authentication": "client_secret_basic",
        "secret_file": "secret",
    }
    file = tmp_path / "providers.json"
    file.write_text(json.dumps({"providers": [sound]}))
    (provider,) = read(file, production=True)
    assert provider.secret_file == tmp_path / "secret"
    file.write_text(json.dumps({"providers": [sound | changes]}))
    with pytest.raises(ValueError):  # noqa: PT011 - each says in its own words what is wrong
        read(file, production=True)
