"""Tricks with codes, refresh tokens and clients: each is good once, for one client, proven one way."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

SECRET = "hall_secret-0123456789abcdefghijklmnop"
MAKING = JWSRegistry({"tenant": HeaderParameter("of others", "str")}, ["ES256"])
MAKING.max_header_length = 4096
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def test_of_ten_who_redeem_a_code_at_once_one_gets_tokens_and_these_are_taken_back(browser: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    responses = await asyncio.gather(*(browser.redeem(asked, code) for _ in range(10)))
    won = [response.json() for response in responses if response.status_code == 200]
    lost = [response.json()["error"] for response in responses if response.status_code != 200]
    assert len(won) == 1
    assert lost == ["invalid_grant"] * 9
    assert (await browser.userinfo(won[0]["access_token"])).status_code == 401
    assert (await browser.refresh(won[0]["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_replayed_code_takes_back_what_it_was_exchanged_for(browser: Any, gateway: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    tokens = (await browser.redeem(asked, code)).json()
    refreshed = (await browser.refresh(tokens["refresh_token"])).json()
    assert (await browser.redeem(asked, code)).json()["error"] == "invalid_grant"
    for access_token in (tokens["access_token"], refreshed["access_token"]):
        assert (await browser.userinfo(access_token)).status_code == 401
    assert (await browser.refresh(refreshed["refresh_token"])).json()["error"] == "invalid_grant"
    reasons = await gateway.context.pool.fetch("SELECT detail FROM audit WHERE verb = 'grant.revoked'")
    assert [row["detail"] for row in reasons] == [{"reason": "code-replayed"}]


async def test_of_ten_who_refresh_at_once_one_gets_tokens_and_the_family_ends(browser: Any):
    tokens = await browser.tokens(browser.asked())
    responses = await asyncio.gather(*(browser.refresh(tokens["refresh_token"]) for _ in range(10)))
    won = [response.json() for response in responses if response.status_code == 200]
    assert len(won) == 1
    assert (await browser.userinfo(won[0]["access_token"])).status_code == 401
    assert (await browser.refresh(won[0]["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_family_that_ended_leaves_other_sign_ins_alone(browser: Any):
    first = await browser.tokens(browser.asked())
    second = await browser.tokens(browser.asked(prompt="login"))
    await browser.refresh(first["refresh_token"])
    await browser.refresh(first["refresh_token"])
    assert (await browser.userinfo(first["access_token"])).status_code == 401
    assert (await browser.userinfo(second["access_token"])).status_code == 200
    assert (await browser.refresh(second["refresh_token"])).status_code == 200


async def test_a_refresh_token_is_bound_to_its_client(browser: Any):
    tokens = await browser.tokens(browser.asked())
    assert (await browser.refresh(tokens["refresh_token"], "web-2")).json()["error"] == "invalid_grant"
    assert (await browser.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_refresh_may_ask_for_less_but_not_for_more(browser: Any):
    tokens = await browser.tokens(browser.asked())
    refused = await browser.refresh(tokens["refresh_token"], scope="openid phone")
    assert refused.json()["error"] == "invalid_scope"
    less = (await browser.refresh(tokens["refresh_token"], scope="openid")).json()
    assert less["scope"] == "openid"
    assert "name" not in (await browser.userinfo(less["access_token"])).json()


async def test_a_family_ends_by_itself_and_with_the_mandate(browser: Any, gateway: Any, clock: Any):
    citizen = await browser.tokens(browser.asked())
    agent = await browser.tokens(browser.asked(prompt="login"), "agent")
    await gateway.context.pool.execute("UPDATE mandate SET state = 'withdrawn', ended_at = now()")
    assert (await browser.refresh(agent["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await browser.userinfo(agent["access_token"])).status_code == 401
    clock.pass_(hours=12)
    assert (await browser.refresh(citizen["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_client_takes_back_its_own_tokens_only(browser: Any):
    tokens = await browser.tokens(browser.asked())

    async def revoke(token: str, client_id: str) -> None:
        response = await browser.post("/oauth/revoke", data={"token": token, "client_id": client_id})
        assert response.status_code == 200

    for token in (tokens["access_token"], tokens["refresh_token"], "unknown"):
        await revoke(token, "web-2")
    assert (await browser.userinfo(tokens["access_token"])).status_code == 200
    second = (await browser.refresh(tokens["refresh_token"])).json()
    await revoke(tokens["access_token"], "web")
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.userinfo(second["access_token"])).status_code == 200
    await revoke(second["refresh_token"], "web")
    assert (await browser.userinfo(second["access_token"])).status_code == 401


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


async def redeem_as_hall(browser: Any, headers: dict[str, str], **form: str) -> Any:
    asked = browser.asked("hall", prompt="login")
    form = {
        "grant_type": "authorization_code",
        "code": await browser.code(asked),
        "redirect_uri": asked.redirect_uri,
        "code_verifier": asked.verifier,
        **form,
    }
    return await browser.post("/oauth/token", data=form, headers=headers)


async def test_a_client_with_a_secret_proves_itself_by_header(browser: Any):
    tokens = (await redeem_as_hall(browser, basic("hall", SECRET))).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await browser.post("/oauth/token", data=form, headers=basic("hall", SECRET))).status_code == 200


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        (basic("hall", "wrong"), {}),
        (basic("hall", ""), {}),
        (basic("web", ""), {}),
        (basic("unknown", SECRET), {}),
        (basic("ha\0ll", SECRET), {}),
        (basic("ha%00ll", SECRET), {}),
        ({"Authorization": "Basic ***"}, {}),
        ({"Authorization": f"Bearer {SECRET}"}, {}),
        ({}, {"client_id": "hall"}),
        ({}, {"client_id": "hall", "client_secret": SECRET}),
        ({}, {}),
    ],
)
async def test_a_client_that_does_not_prove_itself_gets_nothing(
    browser: Any, headers: dict[str, str], form: dict[str, str]
):
    response = await redeem_as_hall(browser, headers, **form)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert ("www-authenticate" in response.headers) == bool(headers)


async def test_two_proofs_are_one_too_many(browser: Any):
    response = await redeem_as_hall(browser, basic("hall", SECRET), client_secret=SECRET)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def assertion(clock: Callable[[], Any], key: Any, algorithm: str = "ES256", **changes: Any) -> dict[str, str]:
    issued = int(clock().timestamp())
    claims = {
        "iss": "department",
        "sub": "department",
        "aud": "http://gateway.test",
        "iat": issued,
        "exp": issued + 60,
        "jti": "jti-1",
        **changes,
    }
    header = {"alg": algorithm, "kid": changes.pop("kid", getattr(key, "kid", None))}
    claims = {name: value for name, value in claims.items() if value is not None and name != "kid"}
    signed = jwt.encode({k: v for k, v in header.items() if v}, claims, key, algorithms=[algorithm])
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
    }


async def test_a_departments_system_gets_a_token_of_its_own_by_its_key(
    browser: Any, clock: Any, department_key: ECKey, gateway: Any
):
    response = await browser.post("/oauth/token", data=assertion(clock, department_key))
    tokens = response.json()
    assert "refresh_token" not in tokens
    principal = gateway.context.state.access_tokens.verify(tokens["access_token"])
    assert principal.caller.kind == "system"
    assert "system" in principal.caller.roles
    assert principal.caller.agency == "11130371037106669W"
    assert (await browser.userinfo(tokens["access_token"])).status_code == 403


async def test_a_clients_proof_is_good_once_even_for_ten_at_once(browser: Any, clock: Any, department_key: ECKey):
    proof = assertion(clock, department_key)
    responses = await asyncio.gather(*(browser.post("/oauth/token", data=proof) for _ in range(10)))
    assert sorted(response.status_code for response in responses) == [200] + [401] * 9


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.test"},
        {"aud": None},
        {"iss": "web"},
        {"sub": "hall"},
        {"jti": None},
        {"jti": 1},
        {"exp": 1},
        {"exp": None},
        {"exp": 99999999999},
    ],
)
async def test_a_proof_that_is_not_for_us_now_is_refused(
    browser: Any, clock: Any, department_key: ECKey, changes: dict[str, Any]
):
    response = await browser.post("/oauth/token", data=assertion(clock, department_key, **changes))
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_a_proof_by_another_key_or_algorithm_is_refused(browser: Any, clock: Any, department_key: ECKey):
    stranger = ECKey.generate_key("P-256", {"kid": department_key.kid})
    secret = OctKey.import_key("x" * 32)
    proofs = [
        assertion(clock, stranger),
        assertion(clock, secret, "HS256", kid=department_key.kid),
        assertion(clock, department_key) | {"client_assertion_type": "other"},
        assertion(clock, department_key) | {"client_assertion": "a.b.c"},
        assertion(clock, department_key) | {"client_assertion": "é"},
    ]
    header, payload, _ = proofs[0]["client_assertion"].split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    proofs.append(proofs[0] | {"client_assertion": f"{unsigned}.{payload}."})
    proofs.append(proofs[0] | {"client_assertion": f"{header}.{payload}."})
    for proof in proofs:
        assert (await browser.post("/oauth/token", data=proof)).status_code == 401


async def test_who_may_not_use_a_grant_type_is_told_so(browser: Any):
    public = await browser.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "web"})
    assert public.json()["error"] == "unauthorized_client"
    unknown = await browser.post("/oauth/token", data={"grant_type": "password", "client_id": "web"})
    assert unknown.json()["error"] == "unsupported_grant_type"
    absent = await browser.post("/oauth/token", data={"client_id": "web"})
    assert absent.json()["error"] == "invalid_request"


async def test_what_is_no_form_is_no_token_request(browser: Any):
    response = await browser.post("/oauth/token", json={"grant_type": "refresh_token"})
    assert response.json()["error"] == "invalid_request"
    assert (await browser.get("/oauth/token")).status_code == 405
    big = await browser.post("/oauth/token", data={"client_id": "x" * 70_000})
    assert big.status_code == 413


async def test_an_id_token_opens_nothing(browser: Any):
    tokens = await browser.tokens(browser.asked())
    refused = await browser.userinfo(tokens["id_token"])
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert (await browser.get("/oauth/userinfo")).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", 7, None, ["department"], "x" * 7000])
async def test_an_assertion_that_names_nobody_is_refused_like_a_wrong_one(
    browser: Any, clock: Any, department_key: ECKey, name: Any
):
    claims = {"iss": name, "sub": name, "aud": "http://gateway.test", "exp": int(clock().timestamp()) + 60, "jti": "x"}
    signed = jws.serialize_compact({"alg": "ES256"}, json.dumps(claims), department_key, algorithms=["ES256"])
    for path in ("/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke", "/oauth/device_authorization"):
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": signed}
        refused = await browser.post(path, data=form)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("header", "status"),
    [({"tenant": "x"}, 200), ({"x5c": ["A" * 2000]}, 200), ({"tenant": "x", "crit": ["tenant"]}, 401)],
)
async def test_a_header_that_we_do_not_know_is_passed_over_unless_it_is_critical(
    browser: Any, clock: Any, department_key: ECKey, header: dict[str, Any], status: int
):
    claims = {"iss": "department", "sub": "department", "aud": "http://gateway.test", "jti": "x"}
    payload = json.dumps(claims | {"exp": int(clock().timestamp()) + 60})
    whole = {"alg": "ES256", "kid": department_key.kid, **header}
    signed = jws.serialize_compact(whole, payload, department_key, registry=MAKING)
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": signed}
    assert (await browser.post("/oauth/token", data=form)).status_code == status
