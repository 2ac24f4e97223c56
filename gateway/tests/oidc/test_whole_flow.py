"""One person, two clients, one password: from the first click to signing out."""

from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.housekeeping import delete_what_is_over


async def keys_of(browser: Any) -> KeySet:
    return KeySet.import_key_set((await browser.get("/oauth/jwks")).json())


async def test_a_client_that_knows_only_the_issuer_finds_everything(browser: Any):
    metadata = (await browser.get("/.well-known/openid-configuration")).json()
    assert metadata["issuer"] == "http://gateway.test"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    for name in ("jwks_uri", "userinfo_endpoint"):
        assert (await browser.get(metadata[name])).status_code in {200, 401}
    assert (await browser.get("/.well-known/oauth-authorization-server")).json() == metadata


async def test_a_person_signs_in_without_running_a_script_and_the_client_learns_who_it_is(browser: Any):
    asked = browser.asked()
    shown = await browser.follow(await browser.ask(asked))
    assert shown.status_code == 200
    assert "<script>" not in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert 'name="username"' in shown.text
    assert 'name="password"' in shown.text
    returned = browser.answer(await browser.fill_in(shown, username="citizen", password="碧海-金沙-2026"))
    assert returned["state"] == "st-1"
    assert returned["iss"] == "http://gateway.test"
    response = await browser.redeem(asked, returned["code"])
    assert response.headers["cache-control"] == "no-store"
    tokens = response.json()
    assert tokens["token_type"] == "Bearer"
    claims = jwt.decode(tokens["id_token"], await keys_of(browser), algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == ("http://gateway.test", "web", "no-1")
    assert {"sub", "exp", "iat", "auth_time", "sid", "at_hash"} <= claims.keys()
    about = (await browser.userinfo(tokens["access_token"])).json()
    assert about == {"sub": claims["sub"], "name": "赵晓梅", "preferred_username": "citizen"}


async def test_a_second_client_needs_no_second_password(browser: Any):
    await browser.tokens(browser.asked())
    asked = browser.asked("web-2", scope="openid")
    returned = browser.answer(await browser.ask(asked))
    tokens = (await browser.redeem(asked, returned["code"])).json()
    assert (await browser.userinfo(tokens["access_token"])).json().keys() == {"sub"}


async def test_an_access_token_is_a_jwt_that_carries_who_acts_for_whom(browser: Any):
    tokens = await browser.tokens(browser.asked(), "agent")
    decoded = jwt.decode(tokens["access_token"], await keys_of(browser), algorithms=["ES256"])
    assert decoded.header["typ"] == "at+jwt"
    claims = decoded.claims
    assert claims["kind"] == "natural"
    assert claims["act"]["credit_code"] == "91130371MA7001010P"
    assert claims["act"]["name"] == "秦皇岛开发区山海食品有限公司"
    assert claims["mandate"]
    assert claims["name"] == "周**"
    assert "周海燕" not in str(claims)


async def test_staff_are_known_by_agency_and_role(browser: Any):
    tokens = await browser.tokens(browser.asked(), "reviewer")
    claims = jwt.decode(tokens["access_token"], await keys_of(browser), algorithms=["ES256"]).claims
    assert (claims["kind"], claims["agency"], claims["region"]) == ("staff", "11130371037100371Q", "130371")
    assert claims["roles"] == ["reviewer"]


async def test_the_person_may_choose_for_whom_to_act(browser: Any):
    assert "act" not in await claims_of(browser, "agent_of_two", act="self")
    other = "91130371MA70083272"
    assert (await claims_of(browser, "agent_of_two", act=other))["act"]["credit_code"] == other
    assert "act" not in await claims_of(browser, "agent", act="self")
    assert (await claims_of(browser, "reviewer", act="self"))["kind"] == "natural"


async def claims_of(browser: Any, username: str, **changes: str) -> dict[str, Any]:
    tokens = await browser.tokens(browser.asked(prompt="login", **changes), username)
    return dict(jwt.decode(tokens["access_token"], await keys_of(browser), algorithms=["ES256"]).claims)


async def test_nobody_acts_for_a_company_without_its_mandate(browser: Any):
    asked = browser.asked(act="91130371MA70083272")
    refused = browser.answer(await browser.sign_in(asked, "agent"))
    assert refused["error"] == "access_denied"
    assert refused["state"] == "st-1"


async def test_refreshing_gives_new_tokens_and_the_same_sign_in(browser: Any, clock: Any):
    first = await browser.tokens(browser.asked())
    clock.pass_(minutes=11)
    assert (await browser.userinfo(first["access_token"])).status_code == 401
    second = (await browser.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await browser.userinfo(second["access_token"])).status_code == 200
    keys = await keys_of(browser)
    old, new = (jwt.decode(it["id_token"], keys, algorithms=["ES256"]).claims for it in (first, second))
    assert [old[name] for name in ("sub", "auth_time", "sid")] == [new[name] for name in ("sub", "auth_time", "sid")]


async def test_signing_out_ends_every_client_at_once(browser: Any):
    first = await browser.tokens(browser.asked())
    asked = browser.asked("web-2")
    second = (await browser.redeem(asked, browser.answer(await browser.ask(asked))["code"])).json()
    gone = await browser.get(
        "/oauth/end-session",
        params={
            "id_token_hint": first["id_token"],
            "post_logout_redirect_uri": "https://web.test/",
            "state": "bye",
        },
    )
    assert gone.headers["location"] == "https://web.test/?state=bye"
    for tokens, client_id in ((first, "web"), (second, "web-2")):
        assert (await browser.userinfo(tokens["access_token"])).status_code == 401
        refused = await browser.refresh(tokens["refresh_token"], client_id)
        assert refused.json()["error"] == "invalid_grant"
    assert (await browser.ask(browser.asked())).headers["location"].startswith("/sign-in?")


async def test_a_native_client_gets_its_answer_on_any_loopback_port(browser: Any):
    asked = browser.asked("mobile", "http://127.0.0.1:51004/callback")
    response = await browser.sign_in(asked)
    assert response.headers["location"].startswith("http://127.0.0.1:51004/callback?code=")
    assert (
        "http://127.0.0.1:51004"
        in (
            await browser.follow(
                await browser.ask(browser.asked("mobile", "http://127.0.0.1:51004/callback", prompt="login"))
            )
        ).headers["content-security-policy"]
    )


async def test_an_authorization_request_may_be_posted_from_another_site(browser: Any):
    await browser.tokens(browser.asked())
    asked = browser.asked("web-2")
    posted = await browser.post("/oauth/authorize", data=asked.parameters)
    assert browser.answer(await browser.follow(posted))["code"]


async def test_what_is_done_in_whose_name_is_in_the_audit_trail(browser: Any, gateway: Any):
    await browser.sign_in(browser.asked(), password="falsch")
    tokens = await browser.tokens(browser.asked())
    await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
    rows = await gateway.context.pool.fetch("SELECT verb, actor, client FROM audit ORDER BY id")
    verbs = [row["verb"] for row in rows]
    tail = ["sign-in.refused", "session.started", "grant.given", "token.issued", "session.ended"]
    assert verbs[-5:] == tail
    assert all(row["actor"] for row in rows[-4:])
    assert rows[-2]["client"] == "web"


async def test_pages_of_other_origins_may_redeem_their_codes(browser: Any):
    for path in ("/oauth/token", "/oauth/userinfo", "/oauth/revoke"):
        allowed = await browser.options(path, headers={"Origin": "https://web.test"})
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in allowed.headers
    keys = await browser.get("/oauth/jwks")
    assert keys.headers["access-control-allow-origin"] == "*"
    assert keys.headers["cache-control"] == "public, max-age=300"


async def test_what_waits_for_the_person_holds_nothing_it_does_not_need(browser: Any, gateway: Any):
    await browser.ask(browser.asked(unknown="x" * 5000))
    kept = await gateway.context.pool.fetchval("SELECT parameters FROM authorization_request")
    assert kept == {name: value for name, value in kept.items() if name != "unknown"}
    assert kept["state"] == "st-1"


async def test_what_is_over_is_deleted_in_time(browser: Any, gateway: Any, clock: Any):
    tokens = await browser.tokens(browser.asked())
    await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
    names = ("authorization_request", "revocation", "authorization_code", "access_grant", "session", "known_device")

    async def counts() -> list[int]:
        pool = gateway.context.pool
        await delete_what_is_over(pool, clock())
        return [await pool.fetchval(f"SELECT count(*) FROM {name}") for name in names]  # noqa: S608

    assert await counts() == [1, 1, 1, 1, 1, 1]
    clock.pass_(days=2)
    assert await counts() == [0, 0, 0, 1, 1, 1]
    clock.pass_(days=100)
    assert await counts() == [0, 0, 0, 0, 1, 1]
    clock.pass_(days=400)
    assert await counts() == [0, 0, 0, 0, 0, 0]
