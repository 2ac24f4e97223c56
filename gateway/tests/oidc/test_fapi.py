"""A client that is held to the FAPI 2.0 Security Profile (Final, 2025), requirement by requirement of its section 5.3.

Each test names the requirement it shows. What holds for every client (metadata, no password grant, exact redirect
addresses, codes that are good once and for a minute, `iss`, S256) is shown here for this one, too.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.clients.fapi import require_profile
from gateway.clients.metadata import InvalidClientMetadata
from gateway.clients.schemas import NewClient
from onestop_runtime.codec import loads
from onestop_runtime.ids import uuid7

ISSUER = "http://gateway.test"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REGISTERED = {
    "client_id": "estate",
    "name": "不动产登记系统",
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks_uri": "https://estate.test/jwks",
    "redirect_uris": ["https://estate.test/callback"],
    "profile": "fapi2",
}


@dataclass
class Estate:
    """The client, in front of a browser, with its key for assertions and one for proofs."""

    browser: Any
    clock: Callable[[], Any]
    key: Any
    holder: Any

    def asked(self, **changes: str | None) -> Any:
        return self.browser.asked("estate", prompt="login", **changes)

    def proof_of_itself(self, algorithm: str = "ES256", **changes: Any) -> dict[str, str]:
        """Return the parameters by which it proves itself; `changes` to the claims of the assertion."""
        now = int(self.clock().timestamp())
        claims = {
            "iss": "estate",
            "sub": "estate",
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(8),
            **changes,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        signed = jwt.encode({"alg": algorithm}, present, self.key, algorithms=[algorithm])
        return {"client_assertion_type": ASSERTION, "client_assertion": signed}

    async def push(self, asked: Any, headers: dict[str, str] | None = None, **proof: str) -> httpx.Response:
        form = asked.parameters | (proof or self.proof_of_itself())
        answer: httpx.Response = await self.browser.post("/oauth/par", data=form, headers=headers)
        return answer

    async def answer(self, asked: Any) -> dict[str, str]:
        """Push, come with the handle, sign in; return what the client is told."""
        shown = await self.browser.follow(await self.browser.ask_pushed(await self.push(asked), "estate"))
        signed_in = await self.browser.fill_in(shown, username="citizen", password="碧海-金沙-2026")
        told: dict[str, str] = self.browser.answer(signed_in)
        return told

    async def redeem(self, asked: Any, code: str, *, proven: bool = True, **changes: str | None) -> httpx.Response:
        headers = self.holder.headers() if proven else None
        answer: httpx.Response = await self.browser.redeem(asked, code, headers, **self.proof_of_itself(), **changes)
        return answer

    async def tokens(self) -> dict[str, Any]:
        asked = self.asked()
        tokens: dict[str, Any] = (await self.redeem(asked, (await self.answer(asked))["code"])).json()
        return tokens

    async def refresh(self, token: str, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
        given = self.holder.headers() if headers is None else headers
        answer: httpx.Response = await self.browser.refresh(token, "estate", given, **(more or self.proof_of_itself()))
        return answer


@pytest.fixture
def estate(browser: Any, clock: Any, department_key: ECKey, key_holder: Any) -> Estate:
    return Estate(browser, clock, department_key, key_holder)


def registered(**changes: Any) -> Any:
    return NewClient.model_validate(REGISTERED | changes).as_client(uuid7())


def refused_at(client: Any) -> str:
    with pytest.raises(InvalidClientMetadata) as refused:
        require_profile(client)
    return str(refused.value.errors[0].pointer)


async def test_5_3_2_1_item_1_metadata_is_published_and_says_what_the_profile_needs(browser: Any):
    told = (await browser.get("/.well-known/oauth-authorization-server")).json()
    assert told["issuer"] == ISSUER
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["pushed_authorization_request_endpoint"] == f"{ISSUER}/oauth/par"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert {"PS256", "ES256", "EdDSA"} <= set(told["token_endpoint_auth_signing_alg_values_supported"])
    assert "ES256" in told["dpop_signing_alg_values_supported"]


async def test_5_3_2_1_item_2_nobody_gets_tokens_for_a_password(estate: Estate):
    form = {"grant_type": "password", "username": "citizen", "password": "x", **estate.proof_of_itself()}
    refused = await estate.browser.post("/oauth/token", data=form, headers=estate.holder.headers())
    assert refused.json()["error"] == "unsupported_grant_type"


def test_5_3_2_1_items_3_and_6_only_a_client_that_proves_itself_by_key_is_registered():
    require_profile(registered())
    require_profile(registered(profile=None, token_endpoint_auth_method="none", jwks_uri=None))
    public = registered(token_endpoint_auth_method="none", jwks_uri=None)
    with_secret = registered(token_endpoint_auth_method="client_secret_basic", jwks_uri=None, client_secret="x" * 32)
    assert refused_at(public) == refused_at(with_secret) == "/token_endpoint_auth_method"


async def test_5_3_2_1_item_6_nor_does_the_registry_or_the_database_take_another(browser: Any, gateway: Any):
    new = {"client_id": "bank", "name": "支付平台", "profile": "fapi2", "client_secret": "x" * 32}
    new |= {"token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://bank.test/callback"]}
    headers = await browser.bearer("admin") | {"Idempotency-Key": "bank"}
    refused = await browser.post("/api/gateway/v1/clients", json=new, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/token_endpoint_auth_method"
    with pytest.raises(asyncpg.CheckViolationError, match="client_profile_is_kept"):
        await gateway.context.pool.execute("UPDATE client SET profile = 'fapi2' WHERE client_id = 'hall'")


async def test_5_3_2_1_items_4_and_5_there_are_no_tokens_without_a_key(estate: Estate):
    asked = estate.asked()
    code = (await estate.answer(asked))["code"]
    refused = await estate.redeem(asked, code, proven=False)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert refused.headers["dpop-nonce"]
    tokens = (await estate.redeem(asked, code)).json()
    assert tokens["token_type"] == "DPoP"
    assert (await estate.refresh(tokens["refresh_token"], {})).json()["error"] == "invalid_request"
    own = {"grant_type": "client_credentials", **estate.proof_of_itself()}
    assert (await estate.browser.post("/oauth/token", data=own)).json()["error"] == "invalid_request"


async def test_5_3_2_1_item_6_who_does_not_prove_itself_gets_nothing(estate: Estate):
    for proof in ({"client_id": "estate"}, {"client_id": "estate", "client_secret": "x" * 43}):
        assert (await estate.push(estate.asked(), **proof)).json()["error"] == "invalid_client"
    tokens = await estate.tokens()
    assert (await estate.refresh(tokens["refresh_token"], scope="openid")).json()["error"] == "invalid_client"


async def test_5_3_2_1_item_7_nobody_is_sent_to_an_address_that_is_not_registered(estate: Estate):
    refused = await estate.push(estate.asked(redirect_uri="https://evil.test/"))
    assert refused.json()["error"] == "invalid_request"
    pushed = await estate.push(estate.asked())
    shown = await estate.browser.ask_pushed(pushed, "estate", redirect_uri="https://evil.test/")
    assert shown.headers["location"].startswith("/sign-in?")
    for path in ("/oauth/end-session?post_logout_redirect_uri=", "/sign-in?next="):
        shown = await estate.browser.get(f"{path}https://evil.test/")
        assert "evil" not in shown.headers.get("location", "")


@pytest.mark.parametrize(
    "audience",
    [[ISSUER], [ISSUER, "https://elsewhere.test"], f"{ISSUER}/oauth/par", f"{ISSUER}/oauth/token", f"{ISSUER}/", None],
)
async def test_5_3_2_1_item_8_an_assertion_names_the_issuer_as_a_text_and_nothing_else(estate: Estate, audience: Any):
    refused = await estate.push(estate.asked(), **estate.proof_of_itself(aud=audience))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_5_3_2_1_item_9_a_refresh_token_stays_good_when_it_is_used(estate: Estate, clock: Any):
    tokens = await estate.tokens()
    for _ in range(3):
        clock.pass_(minutes=5)
        refreshed = await estate.refresh(tokens["refresh_token"])
        assert refreshed.status_code == 200
        assert "refresh_token" not in refreshed.json()
        assert refreshed.json()["access_token"] != tokens["access_token"]
    stranger = replace(estate.holder, key=ECKey.generate_key("P-256"))
    moved = await estate.refresh(tokens["refresh_token"], stranger.headers())
    assert moved.json()["token_type"] == "DPoP"
    await estate.browser.post("/oauth/revoke", data={"token": tokens["refresh_token"], **estate.proof_of_itself()})
    assert (await estate.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_5_3_2_1_item_9_what_was_exchanged_before_the_client_was_held_to_it_is_a_replay(
    estate: Estate, gateway: Any
):
    tokens = await estate.tokens()
    await gateway.context.pool.execute("UPDATE client SET profile = NULL WHERE client_id = 'estate'")
    exchanged = (await estate.refresh(tokens["refresh_token"])).json()
    await gateway.context.pool.execute("UPDATE client SET profile = 'fapi2' WHERE client_id = 'estate'")
    await gateway.context.pool.execute("UPDATE refresh_token SET used_at = used_at - interval '2 minutes'")
    assert (await estate.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await estate.refresh(exchanged["refresh_token"])).json()["error"] == "invalid_grant"


async def test_5_3_2_1_item_10_a_proof_without_our_nonce_is_answered_with_one(estate: Estate):
    asked = estate.asked()
    code = (await estate.answer(asked))["code"]
    without = estate.holder.headers(nonce=None)
    refused = await estate.browser.redeem(asked, code, without, **estate.proof_of_itself())
    assert refused.json()["error"] == "use_dpop_nonce"
    assert refused.headers["dpop-nonce"]


async def test_5_3_2_1_item_11_a_code_is_good_for_a_minute(estate: Estate, clock: Any):
    asked = estate.asked()
    code = (await estate.answer(asked))["code"]
    clock.pass_(seconds=61)
    assert (await estate.redeem(asked, code)).json()["error"] == "invalid_grant"


async def test_5_3_2_1_item_12_a_code_is_bound_to_the_key_of_the_request(estate: Estate):
    for changes, headers in (
        ({"dpop_jkt": estate.holder.thumbprint}, None),
        ({}, estate.holder.headers("/oauth/par")),
    ):
        asked = estate.asked(**changes)
        pushed = await estate.push(asked, headers)
        shown = await estate.browser.follow(await estate.browser.ask_pushed(pushed, "estate"))
        signed_in = await estate.browser.fill_in(shown, username="citizen", password="碧海-金沙-2026")
        code = estate.browser.answer(signed_in)["code"]
        thief = replace(estate, holder=replace(estate.holder, key=ECKey.generate_key("P-256")))
        assert (await thief.redeem(asked, code)).json()["error"] == "invalid_grant"
    mismatched = await estate.push(estate.asked(dpop_jkt="x" * 43), estate.holder.headers("/oauth/par"))
    assert mismatched.json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_5_3_2_1_item_13_clocks_may_be_ten_seconds_apart_and_no_minute(estate: Estate, claim: str):
    now = int(estate.clock().timestamp())
    for ahead, status in ((0, 201), (8, 201), (61, 401), (3600, 401)):
        changes = {claim: now + ahead, "exp": now + ahead + 60}
        assert (await estate.push(estate.asked(), **estate.proof_of_itself(**changes))).status_code == status
    for ahead, status in ((8, 201), (-10, 201), (61, 400)):
        proof = estate.holder.headers("/oauth/par", iat=now + ahead)
        assert (await estate.push(estate.asked(), proof)).status_code == status


async def test_5_3_2_1_item_14_a_token_opens_what_was_granted_and_no_more(estate: Estate):
    tokens = await estate.tokens()
    less = (await estate.refresh(tokens["refresh_token"], **estate.proof_of_itself(), scope="openid")).json()
    assert less["scope"] == "openid"
    told = await estate.browser.get("/oauth/userinfo", headers=estate.holder.shown(less["access_token"]))
    assert set(told.json()) == {"sub"}


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token"])
async def test_5_3_2_2_item_1_there_is_the_code_flow_alone(estate: Estate, response_type: str):
    refused = await estate.push(estate.asked(response_type=response_type))
    assert refused.json()["error"] == "unsupported_response_type"


def test_5_3_2_2_item_1_what_cannot_push_is_not_registered():
    device = registered(grant_types=["urn:ietf:params:oauth:grant-type:device_code"])
    assert refused_at(device) == "/grant_types"
    assert refused_at(registered(cas_services=["https://estate.test/old/*"])) == "/cas_services"


async def test_5_3_2_2_items_2_to_4_a_request_is_pushed_by_who_proves_itself_or_refused(estate: Estate):
    told = estate.browser.answer(await estate.browser.ask(estate.asked()))
    assert told["error"] == "invalid_request"
    assert (await estate.push(estate.asked(), client_id="estate")).json()["error"] == "invalid_client"
    assert (await estate.push(estate.asked())).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
    ],
)
async def test_5_3_2_2_item_5_pkce_is_required_by_s256(estate: Estate, changes: dict[str, None]):
    assert (await estate.push(estate.asked(**changes))).json()["error"] == "invalid_request"


async def test_5_3_2_2_item_5_a_code_takes_its_verifier(estate: Estate):
    for verifier in (None, "x" * 43):
        asked = estate.asked()
        refused = await estate.redeem(asked, (await estate.answer(asked))["code"], code_verifier=verifier)
        assert refused.json()["error"] == "invalid_grant"


def test_5_3_2_2_item_5_no_exemption_from_pkce_is_registered():
    assert refused_at(registered(pkce_optional=True)) == "/pkce_optional"


async def test_5_3_2_2_item_6_a_pushed_request_says_where_to_return_to(estate: Estate):
    asked = estate.asked()
    form = {name: value for name, value in asked.parameters.items() if name != "redirect_uri"}
    refused = await estate.browser.post("/oauth/par", data=form | estate.proof_of_itself())
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_5_3_2_2_item_7_every_answer_names_the_issuer(estate: Estate):
    assert (await estate.answer(estate.asked()))["iss"] == ISSUER
    told = estate.browser.answer(await estate.browser.ask(estate.asked()))
    assert (told["error"], told["iss"]) == ("invalid_request", ISSUER)


@pytest.mark.parametrize(
    ("uri", "application_type", "accepted"),
    [
        ("https://estate.test/callback", "web", True),
        ("https://estate.test/callback", "native", True),
        ("http://127.0.0.1/callback", "native", True),
        ("http://[::1]:8080/callback", "native", True),
        ("http://127.0.0.1/callback", "web", False),
        ("http://estate.test/callback", "web", False),
        ("http://localhost/callback", "native", False),
        ("http://127.0.0.1.estate.test/callback", "native", False),
        ("cn.onestop.estate:/callback", "native", False),
    ],
)
def test_5_3_2_2_item_8_answers_go_over_https_or_stay_on_the_machine(
    *, uri: str, application_type: str, accepted: bool
):
    client = registered(redirect_uris=[uri], application_type=application_type)
    if accepted:
        require_profile(client)
    else:
        assert refused_at(client) == "/redirect_uris"


async def test_5_3_2_2_item_9_a_code_is_good_once(estate: Estate):
    asked = estate.asked()
    code = (await estate.answer(asked))["code"]
    tokens = (await estate.redeem(asked, code)).json()
    assert (await estate.redeem(asked, code)).json()["error"] == "invalid_grant"
    shown = await estate.browser.get("/oauth/userinfo", headers=estate.holder.shown(tokens["access_token"]))
    assert shown.status_code == 401


async def test_5_3_2_2_items_10_and_11_a_form_with_a_password_is_answered_by_303(estate: Estate):
    shown = await estate.browser.follow(await estate.browser.ask_pushed(await estate.push(estate.asked()), "estate"))
    signed_in = await estate.browser.fill_in(shown, username="citizen", password="碧海-金沙-2026")
    assert signed_in.status_code == 303


async def test_5_3_2_2_item_12_a_handle_lives_less_than_ten_minutes(estate: Estate, clock: Any):
    pushed = await estate.push(estate.asked())
    assert 0 < pushed.json()["expires_in"] < 600
    clock.pass_(seconds=600)
    assert (await estate.browser.ask_pushed(pushed, "estate")).status_code == 400


async def test_5_3_2_2_item_13_the_person_is_told_what_he_consents_to(estate: Estate, gateway: Any):
    await gateway.context.pool.execute("UPDATE client SET first_party = false WHERE client_id = 'estate'")
    shown = await estate.browser.follow(await estate.browser.ask_pushed(await estate.push(estate.asked()), "estate"))
    signed_in = await estate.browser.fill_in(shown, username="citizen", password="碧海-金沙-2026")
    consent = await estate.browser.follow(signed_in)
    assert "不动产登记系统" in consent.text
    assert re.search("姓名", consent.text)


async def test_5_3_2_2_no_page_of_another_origin_reads_the_authorization_endpoint(estate: Estate):
    pushed = await estate.push(estate.asked())
    shown = await estate.browser.get(
        "/oauth/authorize",
        params={"client_id": "estate", "request_uri": pushed.json()["request_uri"]},
        headers={"Origin": "https://estate.test"},
    )
    assert not [name for name in shown.headers if name.startswith("access-control-")]


async def test_5_3_2_3_the_client_learns_who_signed_in_by_the_id_token(estate: Estate, gateway: Any):
    tokens = await estate.tokens()
    told = gateway.context.state.id_tokens.read_hint(tokens["id_token"])
    shown = await estate.browser.get("/oauth/userinfo", headers=estate.holder.shown(tokens["access_token"]))
    assert (told.client_id, str(told.subject)) == ("estate", shown.json()["sub"])


async def test_5_3_4_a_resource_takes_the_token_in_its_header_with_its_proof_alone(estate: Estate):
    token = (await estate.tokens())["access_token"]
    assert (await estate.browser.get("/oauth/userinfo", headers=estate.holder.shown(token))).status_code == 200
    assert (await estate.browser.userinfo(token)).status_code == 401
    assert (await estate.browser.get("/oauth/userinfo", params={"access_token": token})).status_code == 401
    lower = estate.holder.shown(token) | {"Authorization": f"dpop {token}"}
    assert (await estate.browser.get("/oauth/userinfo", headers=lower)).status_code == 200
    thief = replace(estate.holder, key=ECKey.generate_key("P-256"))
    assert (await estate.browser.get("/oauth/userinfo", headers=thief.shown(token))).status_code == 401


def test_5_4_1_no_id_token_by_rs256_is_registered():
    assert refused_at(registered(id_token_signed_response_alg="RS256")) == "/id_token_signed_response_alg"


async def test_5_4_1_an_assertion_by_rs256_is_refused_and_one_by_ps256_is_not(estate: Estate, gateway: Any):
    key = RSAKey.generate_key(2048)
    jwks = {"keys": [key.as_dict(private=False)]}
    await gateway.context.pool.execute("UPDATE client SET jwks = $1 WHERE client_id = 'estate'", jwks)
    by_rsa = replace(estate, key=key)
    for algorithm, status in (("RS256", 401), ("PS256", 201)):
        assert (await estate.push(estate.asked(), **by_rsa.proof_of_itself(algorithm))).status_code == status


async def test_5_3_2_2_long_states_and_nonces_come_back_whole(estate: Estate):
    """The conformance plan sends 1000 and 384 characters."""
    asked = estate.asked(state="s" * 1000, nonce="n" * 384)
    told = await estate.answer(asked)
    assert told["state"] == "s" * 1000
    tokens = (await estate.redeem(asked, told["code"])).json()
    assert loads(jws.extract_compact(tokens["id_token"].encode()).payload)["nonce"] == "n" * 384
