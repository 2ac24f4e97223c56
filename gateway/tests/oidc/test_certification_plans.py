"""What the OpenID Foundation's certification plans ask, asked as they ask it: without PKCE, with RS256 and a secret.

Each test is named after the module of the Basic OP, Config OP or RP-Initiated Logout OP plan that it stands for; the
list of all of them is `gateway/CONFORMANCE.md`.
"""

import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet

from gateway.oidc.discovery import metadata

SECRET = "hall_secret-0123456789abcdefghijklmnop"
PASSWORD = "碧海-金沙-2026"
RETURN = "https://old.test/"


class Plan:
    """The client of the plan, in front of a browser."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def asked(self, **changes: str | None) -> Any:
        plain: dict[str, str | None] = {"scope": "openid", "code_challenge": None, "code_challenge_method": None}
        return self.browser.asked("old", **{**plain, **changes})

    async def answer(self, asked: Any, username: str = "citizen") -> dict[str, str]:
        """Ask, sign in where a page wants it; return what the client is told."""
        answered = await self.browser.ask(asked)
        if answered.headers["location"].startswith("/"):
            shown = await self.browser.follow(answered)
            answered = await self.browser.fill_in(shown, username=username, password=PASSWORD)
        told: dict[str, str] = self.browser.answer(answered)
        return told

    async def redeem(self, asked: Any, code: str) -> Any:
        return await self.browser.redeem(asked, code, self.browser.proof_of("old"), code_verifier=None)

    async def tokens(self, **changes: str | None) -> dict[str, Any]:
        asked = self.asked(**changes)
        told = await self.answer(asked)
        assert told["state"] == "st-1"
        tokens: dict[str, Any] = (await self.redeem(asked, told["code"])).json()
        return tokens


@pytest.fixture
def plan(browser: Any) -> Plan:
    return Plan(browser)


def said_in(tokens: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(jws.extract_compact(tokens["id_token"].encode()).payload)
    return claims


async def test_oidcc_server_and_idtoken_signature(plan: Plan):
    tokens = await plan.tokens()
    keys = KeySet.import_key_set((await plan.browser.get("/oauth/jwks")).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert {"iss", "sub", "aud", "exp", "iat", "nonce", "auth_time"} <= set(claims)
    assert (tokens["token_type"], claims["aud"], claims["nonce"]) == ("Bearer", "old", "no-1")
    assert "name" not in claims


async def test_oidcc_response_type_missing(plan: Plan):
    assert (await plan.answer(plan.asked(response_type=None)))["error"] == "invalid_request"


async def test_oidcc_userinfo_get_post_header_and_post_body(plan: Plan):
    """A token in the body is not taken, which the plan answers with a warning."""
    token = (await plan.tokens())["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    got = await plan.browser.get("/oauth/userinfo", headers=bearer)
    posted = await plan.browser.post("/oauth/userinfo", headers=bearer)
    assert got.headers["content-type"] == "application/json"
    assert got.json() == posted.json() == {"sub": said_in(await plan.tokens())["sub"]}
    assert (await plan.browser.post("/oauth/userinfo", data={"access_token": token})).status_code == 401


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(plan: Plan):
    assert "nonce" not in said_in(await plan.tokens(nonce=None))


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid profile", {"sub", "name", "preferred_username"}),
        ("openid phone", {"sub", "phone_number", "phone_number_verified"}),
        ("openid email", {"sub"}),
        ("openid address", {"sub"}),
        (
            "address phone profile email openid",
            {"sub", "name", "preferred_username", "phone_number", "phone_number_verified"},
        ),
    ],
)
async def test_oidcc_scope_profile_email_address_phone_all_and_alternate_happy_flow(
    plan: Plan, scope: str, claims: set[str]
):
    """The plan skips email and address, which are not published; to ask for them is no error all the same."""
    token = (await plan.tokens(scope=scope))["access_token"]
    assert set((await plan.browser.userinfo(token)).json()) == claims


@pytest.mark.parametrize(
    "changes",
    [
        {"display": "page"},
        {"display": "popup"},
        {"extra": "foobar"},
        {"login_hint": "buffy@gateway.test"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "0 1 2 3"},
        {"claims": '{"userinfo": {"name": {"essential": true}}}'},
        {"max_age": "10000"},
    ],
)
async def test_oidcc_parameters_that_must_not_end_in_an_error(plan: Plan, changes: dict[str, str]):
    assert "id_token" in await plan.tokens(**changes)


async def test_oidcc_prompt_login_and_max_age_1(plan: Plan, clock: Any):
    first = said_in(await plan.tokens())
    for changes in ({"prompt": "login"}, {"max_age": "1"}):
        clock.pass_(seconds=2)
        shown = await plan.browser.ask(plan.asked(**changes))
        assert shown.headers["location"].startswith("/sign-in?")
        again = said_in(await plan.tokens(**changes))
        assert again["auth_time"] > first["auth_time"]
        first = again


async def test_oidcc_max_age_10000_and_prompt_none_logged_in(plan: Plan, clock: Any):
    first = said_in(await plan.tokens())
    clock.pass_(seconds=2)
    for changes in ({"max_age": "10000"}, {"prompt": "none"}):
        again = said_in(await plan.tokens(**changes))
        assert (again["sub"], again["auth_time"]) == (first["sub"], first["auth_time"])


async def test_oidcc_prompt_none_not_logged_in(plan: Plan):
    assert (await plan.answer(plan.asked(prompt="none")))["error"] == "login_required"


async def test_oidcc_id_token_hint(plan: Plan):
    first = await plan.tokens()
    again = await plan.tokens(prompt="none", id_token_hint=first["id_token"])
    assert said_in(again)["sub"] == said_in(first)["sub"]


@pytest.mark.parametrize("seconds", [0, 30])
async def test_oidcc_codereuse_and_codereuse_30seconds(plan: Plan, clock: Any, seconds: int):
    asked = plan.asked()
    code = (await plan.answer(asked))["code"]
    token = (await plan.redeem(asked, code)).json()["access_token"]
    clock.pass_(seconds=seconds)
    assert (await plan.redeem(asked, code)).json()["error"] == "invalid_grant"
    assert (await plan.browser.userinfo(token)).status_code == 401


async def test_oidcc_ensure_registered_redirect_uri(plan: Plan):
    shown = await plan.browser.ask(plan.asked(redirect_uri="https://old.test/callback/123"))
    assert (shown.status_code, "location" in shown.headers) == (400, False)


async def test_oidcc_ensure_post_request_succeeds(plan: Plan):
    posted = await plan.browser.post("/oauth/authorize", data=plan.asked().parameters)
    shown = await plan.browser.follow(await plan.browser.follow(posted))
    assert "code" in plan.browser.answer(await plan.browser.fill_in(shown, username="citizen", password=PASSWORD))


async def test_oidcc_server_client_secret_post(plan: Plan):
    assert "client_secret_post" in metadata("https://id.test")["token_endpoint_auth_methods_supported"]
    asked = plan.browser.asked("posting")
    code = await plan.browser.code(asked)
    wrong = await plan.browser.redeem(asked, code, client_secret=SECRET[::-1])
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert (await plan.browser.redeem(asked, code, client_secret=SECRET)).json()["id_token"]


async def test_a_secret_counts_only_where_its_client_is_registered_to_put_it(plan: Plan):
    asked = plan.asked()
    code = (await plan.answer(asked))["code"]
    posted = await plan.browser.redeem(asked, code, code_verifier=None, client_secret=SECRET)
    assert (posted.status_code, posted.json()["error"]) == (401, "invalid_client")
    asked = plan.browser.asked("posting")
    headers = plan.browser.proof_of("posting")
    code = plan.browser.answer(await plan.browser.ask(asked))["code"]
    shown = await plan.browser.redeem(asked, code, headers)
    assert (shown.status_code, shown.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://suite.test/request"}, "request_uri_not_supported"),
    ],
)
async def test_oidcc_unsigned_request_objects_are_rejected_as_unsupported(
    plan: Plan, changes: dict[str, str], error: str
):
    assert (await plan.answer(plan.asked(**changes)))["error"] == error
    shown = await plan.browser.ask(plan.asked(redirect_uri="https://old.test/wrong", **changes))
    assert (shown.status_code, "location" in shown.headers) == (400, False)


async def test_oidcc_refresh_token(plan: Plan):
    tokens = await plan.tokens()
    foreign = await plan.browser.refresh(tokens["refresh_token"], "hall", plan.browser.proof_of("hall"))
    assert foreign.json()["error"] == "invalid_grant"
    refreshed = (await plan.browser.refresh(tokens["refresh_token"], "old", plan.browser.proof_of("old"))).json()
    for name in ("iss", "sub", "aud", "auth_time"):
        assert said_in(refreshed)[name] == said_in(tokens)[name]
    assert refreshed["refresh_token"] != tokens["refresh_token"]


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(plan: Plan):
    asked = plan.browser.asked("old")
    code = (await plan.answer(asked))["code"]
    assert (await plan.browser.redeem(asked, code, plan.browser.proof_of("old"))).status_code == 200


def test_oidcc_discovery_endpoint_verification():
    told = metadata("https://id.test")
    assert told["issuer"] == "https://id.test"
    assert all(
        value.startswith("https://id.test/") for name, value in told.items() if name.endswith(("_endpoint", "_uri"))
    )
    assert "code" in told["response_types_supported"]
    assert set(told["subject_types_supported"]) <= {"public", "pairwise"}
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert "openid" in told["scopes_supported"]
    assert {"authorization_code", "refresh_token"} <= set(told["grant_types_supported"])
    assert {"sub", "acr", "auth_time"} <= set(told["claims_supported"])
    assert told["backchannel_logout_supported"] is True
    assert told["backchannel_logout_session_supported"] is True


async def signed_out(plan: Plan) -> bool:
    told = await plan.answer(plan.asked(prompt="none"))
    return told.get("error") == "login_required"


async def test_oidcc_rp_initiated_logout_with_and_without_state(plan: Plan):
    for state in ({"state": "s" * 128}, {}):
        hint = (await plan.tokens())["id_token"]
        asked = {"id_token_hint": hint, "post_logout_redirect_uri": RETURN, **state}
        answered = await plan.browser.get("/oauth/end-session", params=asked)
        assert answered.headers["location"] == RETURN + (f"?state={state['state']}" if state else "")
        assert await signed_out(plan)


@pytest.mark.parametrize("uri", ["https://old.test/wrong", f"{RETURN}?x=1"])
async def test_oidcc_rp_initiated_logout_bad_and_query_added_post_logout_redirect_uri(plan: Plan, uri: str):
    asked = {"id_token_hint": (await plan.tokens())["id_token"], "post_logout_redirect_uri": uri, "state": "s"}
    shown = await plan.browser.get("/oauth/end-session", params=asked)
    assert (shown.status_code, "location" in shown.headers) == (400, False)


async def test_oidcc_rp_initiated_logout_bad_and_modified_id_token_hint(plan: Plan):
    token = (await plan.tokens())["id_token"]
    payload = said_in({"id_token": token})
    unsigned = f"eyJhbGciOiJub25lIn0.{token.split('.')[1]}."
    foreign = jwt.encode({"alg": "ES256"}, payload, ECKey.generate_key("P-256"), algorithms=["ES256"])
    for hint in (unsigned, foreign):
        asked = {"id_token_hint": hint, "post_logout_redirect_uri": RETURN, "state": "s"}
        shown = await plan.browser.get("/oauth/end-session", params=asked)
        assert (shown.status_code, "location" in shown.headers) == (400, False)


@pytest.mark.parametrize(
    "asked",
    [{}, {"state": "s"}, {"post_logout_redirect_uri": RETURN, "client_id": "old", "state": "s"}],
)
async def test_oidcc_rp_initiated_logout_without_id_token_hint_asks_and_then_signs_out(
    plan: Plan, asked: dict[str, str]
):
    await plan.tokens()
    shown = await plan.browser.get("/oauth/end-session", params=asked)
    assert (shown.status_code, "location" in shown.headers) == (200, False)
    await plan.browser.fill_in(shown)
    assert await signed_out(plan)


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(plan: Plan):
    hint = (await plan.tokens())["id_token"]
    shown = await plan.browser.get("/oauth/end-session", params={"id_token_hint": hint, "state": "s"})
    assert shown.status_code == 200
    assert await signed_out(plan)
