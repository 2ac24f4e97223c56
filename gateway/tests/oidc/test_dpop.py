"""Tokens that are bound to a key: good with a fresh proof of that key, for one request, and worth nothing without."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gateway.housekeeping import delete_what_is_over

ME = "/api/gateway/v1/me"


async def bound_tokens(browser: Any, holder: Any, client_id: str = "web", **changes: str) -> dict[str, Any]:
    asked = browser.asked(client_id, prompt="login", **changes)
    proof = browser.proof_of(client_id) if client_id == "hall" else {}
    redeemed = await browser.redeem(asked, await browser.code(asked), proof | holder.headers())
    assert redeemed.status_code == 200, redeemed.text
    tokens: dict[str, Any] = redeemed.json()
    return tokens


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


async def test_a_token_is_bound_to_the_key_and_opens_with_it_alone(browser: Any, key_holder: Any):
    tokens = await bound_tokens(browser, key_holder)
    token = tokens["access_token"]
    assert tokens["token_type"] == "DPoP"
    assert claims_of(token)["cnf"] == {"jkt": key_holder.thumbprint}
    about = await browser.get("/oauth/userinfo", headers=key_holder.shown(token))
    assert about.json()["name"] == "赵晓梅"
    me = await browser.get(ME, headers=key_holder.shown(token, ME))
    assert me.json()["client"] == "web"
    assert (await browser.userinfo(token)).status_code == 401
    assert (await browser.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code == 401


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
async def test_an_ed25519_key_does_as_well(browser: Any, new_key_holder: Callable[..., Any], algorithm: str):
    holder = new_key_holder(algorithm, OKPKey.generate_key("Ed25519"))
    tokens = await bound_tokens(browser, holder)
    headers = holder.shown(tokens["access_token"])
    assert (await browser.get("/oauth/userinfo", headers=headers)).status_code == 200


async def test_what_we_support_is_published(browser: Any):
    metadata = (await browser.get("/.well-known/openid-configuration")).json()
    assert metadata["dpop_signing_alg_values_supported"] == ["ES256", "Ed25519", "EdDSA"]
    allowed = await browser.options("/oauth/token")
    assert "DPoP" in allowed.headers["access-control-allow-headers"]
    assert "DPoP-Nonce" in allowed.headers["access-control-expose-headers"]


async def test_who_has_no_nonce_gets_one_and_comes_again(browser: Any, key_holder: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    told = await browser.redeem(asked, code, key_holder.headers(nonce=None))
    assert (told.status_code, told.json()["error"]) == (400, "use_dpop_nonce")
    redeemed = await browser.redeem(asked, code, key_holder.headers(nonce=told.headers["dpop-nonce"]))
    assert redeemed.status_code == 200
    assert redeemed.headers["dpop-nonce"]
    token = redeemed.json()["access_token"]
    for path in (ME, "/oauth/userinfo"):
        again = await browser.get(path, headers=key_holder.shown(token, path, nonce=None))
        assert again.status_code == 401
        assert again.headers["www-authenticate"].startswith('DPoP error="use_dpop_nonce", algs="ES256')
        headers = key_holder.shown(token, path, nonce=again.headers["dpop-nonce"])
        assert (await browser.get(path, headers=headers)).status_code == 200


async def test_a_nonce_goes_stale_and_is_not_made_up(browser: Any, key_holder: Any, clock: Any):
    stale = key_holder.nonces.current
    clock.pass_(minutes=3)
    assert (await browser.refresh("unknown", headers=key_holder.headers(nonce=stale))).json()[
        "error"
    ] == "invalid_grant"
    clock.pass_(minutes=3)
    slot, made = key_holder.nonces.current.split(".")
    for nonce in (
        stale,
        "x",
        1,
        "",
        f"{int(slot) + 1}.{made}",
        f"{slot}.{'A' * 22}",
        f"{'0' * 5000}.{made}",
        "1.\ud800",
    ):
        refused = await browser.refresh("unknown", headers=key_holder.headers(nonce=nonce))
        assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": None},
        {"htu": "http://gateway.test/oauth/par"},
        {"htu": "https://gateway.test/oauth/token"},
        {"htu": "http://evil.test/oauth/token"},
        {"htu": "http://x@gateway.test/oauth/token"},
        {"htu": "http://gateway.test:99999/oauth/token"},
        {"htu": 1},
        {"htu": None},
        {"iat": 1},
        {"iat": None},
        {"iat": True},
        {"iat": "now"},
        {"iat": 99999999999},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "x" * 300},
        {"jti": "\ud800"},
        {"header_typ": "JWT"},
        {"header_typ": None},
        {"header_jwk": None},
        {"header_jwk": "x"},
        {"header_jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
        {"header_jwk": {"kty": "oct", "k": "AA"}},
        {"header_jwk": ECKey.generate_key("P-256").as_dict(private=False)},
        {"header_crit": ["exp"]},
    ],
)
async def test_a_proof_for_something_else_is_refused(browser: Any, key_holder: Any, changes: dict[str, Any]):
    refused = await browser.refresh("unknown", headers=key_holder.headers(**changes))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES384", ECKey.generate_key("P-384")),
        ("HS256", OctKey.generate_key(256)),
        ("PS256", RSAKey.generate_key(2048)),
    ],
)
async def test_a_proof_by_another_algorithm_is_refused(
    browser: Any, new_key_holder: Callable[..., Any], algorithm: str, key: Any
):
    shown = {} if algorithm != "HS256" else {"header_jwk": key.as_dict(private=True)}
    refused = await browser.refresh("unknown", headers=new_key_holder(algorithm, key).headers(**shown))
    assert refused.json()["error"] == "invalid_dpop_proof"


async def test_a_proof_that_shows_its_private_key_or_has_no_signature_is_refused(browser: Any, key_holder: Any):
    private = key_holder.proof(header_jwk=key_holder.key.as_dict(private=True))
    header, payload, signature = key_holder.proof().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"dpop+jwt"}').decode().rstrip("=")
    for proof in (
        private,
        f"{header}.{payload}.",
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        "x",
        "x" * 9000,
    ):
        refused = await browser.refresh("unknown", headers={"DPoP": proof})
        assert refused.json()["error"] == "invalid_dpop_proof"


async def test_what_stands_beside_in_a_proof_is_passed_over(browser: Any, key_holder: Any, clock: Any):
    now = int(clock().timestamp())
    extra = {"nbf": now, "exp": now + 300, "unknown": {"a": 1}, "header_unknown": "x"}
    token = (await bound_tokens(browser, key_holder))["access_token"]
    shown = key_holder.shown(token, **extra)
    assert (await browser.get("/oauth/userinfo", headers=shown)).status_code == 200


async def test_two_proofs_are_one_too_many(browser: Any, key_holder: Any):
    token = (await bound_tokens(browser, key_holder))["access_token"]
    form = {"grant_type": "refresh_token", "refresh_token": "unknown", "client_id": "web"}
    twice = [("DPoP", key_holder.proof()), ("DPoP", key_holder.proof())]
    assert (await browser.post("/oauth/token", data=form, headers=twice)).json()["error"] == "invalid_dpop_proof"
    shown = [*key_holder.shown(token).items(), ("DPoP", key_holder.proof("/oauth/userinfo", "GET"))]
    assert (await browser.get("/oauth/userinfo", headers=shown)).json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("htu", ["http://GATEWAY.test:80/oauth/token?x=1#y", "HTTP://gateway.test/%6fauth/token"])
async def test_an_address_that_means_the_same_is_the_same(browser: Any, key_holder: Any, htu: str):
    assert (await browser.refresh("unknown", headers=key_holder.headers(htu=htu))).json()["error"] == "invalid_grant"


async def test_of_ten_with_one_proof_one_gets_tokens_and_nothing_is_taken_back(
    browser: Any, gateway: Any, key_holder: Any, clock: Any
):
    tokens = await bound_tokens(browser, key_holder)
    headers = key_holder.headers()
    answers = await asyncio.gather(*(browser.refresh(tokens["refresh_token"], headers=headers) for _ in range(10)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    lost = [answer.json()["error"] for answer in answers if answer.status_code != 200]
    assert (len(won), lost) == (1, ["invalid_dpop_proof"] * 9)
    assert (await browser.refresh(won[0]["refresh_token"], headers=key_holder.headers())).status_code == 200
    clock.pass_(seconds=80)
    await delete_what_is_over(gateway.context.pool, clock())
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM dpop_proof") == 0


async def test_a_refresh_token_of_a_public_client_is_worth_nothing_without_its_key(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any]
):
    tokens = await bound_tokens(browser, key_holder)
    for headers in ({}, new_key_holder().headers()):
        refused = await browser.refresh(tokens["refresh_token"], headers=headers)
        assert refused.json()["error"] == "invalid_grant"
    refreshed = (await browser.refresh(tokens["refresh_token"], headers=key_holder.headers())).json()
    assert claims_of(refreshed["access_token"])["cnf"] == {"jkt": key_holder.thumbprint}


async def test_a_client_with_a_secret_may_change_its_key_but_not_do_without(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any]
):
    tokens = await bound_tokens(browser, key_holder, "hall")
    proof, other = browser.proof_of("hall"), new_key_holder()
    refused = await browser.refresh(tokens["refresh_token"], "hall", proof)
    assert refused.json()["error"] == "invalid_grant"
    refreshed = (await browser.refresh(tokens["refresh_token"], "hall", proof | other.headers())).json()
    assert claims_of(refreshed["access_token"])["cnf"] == {"jkt": other.thumbprint}


async def test_a_refresh_token_without_key_may_be_bound_later(browser: Any, key_holder: Any):
    tokens = await browser.tokens(browser.asked())
    bound = (await browser.refresh(tokens["refresh_token"], headers=key_holder.headers())).json()
    assert bound["token_type"] == "DPoP"
    assert (await browser.refresh(bound["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_code_that_was_asked_for_with_a_key_is_redeemed_with_that_key(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any]
):
    for headers, status in (({}, 400), (new_key_holder().headers(), 400), (key_holder.headers(), 200)):
        asked = browser.asked(prompt="login", dpop_jkt=key_holder.thumbprint)
        redeemed = await browser.redeem(asked, await browser.code(asked), headers)
        assert redeemed.status_code == status
    told = browser.answer(await browser.ask(browser.asked(dpop_jkt="short")))
    assert told["error"] == "invalid_request"


async def test_a_proof_beside_a_pushed_request_binds_its_code(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any]
):
    await browser.tokens(browser.asked())
    other = new_key_holder()
    for holder, status in ((other, 400), (key_holder, 200)):
        asked = browser.asked()
        pushed = await browser.post("/oauth/par", data=asked.parameters, headers=key_holder.headers("/oauth/par"))
        code = browser.answer(await browser.ask_pushed(pushed))["code"]
        assert (await browser.redeem(asked, code, holder.headers())).status_code == status
    parameters = browser.asked(dpop_jkt=other.thumbprint).parameters
    refused = await browser.post("/oauth/par", data=parameters, headers=key_holder.headers("/oauth/par"))
    assert refused.json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("path", [ME, "/oauth/userinfo"])
async def test_a_proof_at_the_edge_is_for_one_request_one_token_and_one_time(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any], path: str
):
    token = (await bound_tokens(browser, key_holder))["access_token"]
    stranger = new_key_holder()
    wrong = [
        {"Authorization": f"DPoP {token}"},
        {"Authorization": f"DPoP {token}"} | key_holder.headers(path, "GET"),
        key_holder.shown(token, path, ath="x" * 43),
        key_holder.shown(token, path, ath=1),
        key_holder.shown(token, path, "POST"),
        key_holder.shown(token, "/api/gateway/v1/sessions"),
        stranger.shown(token, path),
        key_holder.shown(token, path, iat=int(key_holder.clock().timestamp()) - 62),
        key_holder.shown(token, path, iat=int(key_holder.clock().timestamp()) + 15),
    ]
    for headers in wrong:
        refused = await browser.get(path, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')
    shown = key_holder.shown(token, path)
    answers = await asyncio.gather(*(browser.get(path, headers=shown) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9


@pytest.mark.parametrize("path", [ME, "/oauth/userinfo"])
async def test_a_token_that_is_not_bound_is_no_bound_one(browser: Any, key_holder: Any, path: str):
    bearer = (await browser.tokens(browser.asked()))["access_token"]
    for token in (bearer, "a.b.c"):
        refused = await browser.get(path, headers=key_holder.shown(token, path))
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith('DPoP error="invalid_token"')


async def test_a_bound_token_is_taken_back_like_any_other(browser: Any, key_holder: Any):
    tokens = await bound_tokens(browser, key_holder)
    await browser.post("/oauth/revoke", data={"token": tokens["refresh_token"], "client_id": "web"})
    headers = key_holder.shown(tokens["access_token"], ME)
    assert (await browser.get(ME, headers=headers)).status_code == 401


async def test_who_may_ask_is_told_which_key_a_token_is_bound_to(browser: Any, key_holder: Any):
    tokens = await bound_tokens(browser, key_holder, "hall")
    form = {"token": tokens["access_token"]}
    told = (await browser.post("/oauth/introspect", data=form, headers=browser.proof_of("hall"))).json()
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": key_holder.thumbprint})


async def test_a_departments_own_token_may_be_bound_too(
    browser: Any, key_holder: Any, department_key: ECKey, clock: Any
):
    issued = int(clock().timestamp())
    claims = {"iss": "department", "sub": "department", "aud": "http://gateway.test", "exp": issued + 60, "jti": "j"}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256"}, claims, department_key, algorithms=["ES256"]),
    }
    tokens = (await browser.post("/oauth/token", data=form, headers=key_holder.headers())).json()
    assert tokens["token_type"] == "DPoP"
    assert (await browser.get(ME, headers=key_holder.shown(tokens["access_token"], ME))).json()["kind"] == "system"
