"""People sign in with the province's identity: a real provider of others, from the button to the tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

SignIn = Callable[..., Awaitable[httpx.Response]]
OTHER_KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


async def claims_of(browser: Any, asked: Any, ended: httpx.Response) -> dict[str, Any]:
    tokens = (await browser.redeem(asked, browser.answer(ended)["code"])).json()
    keys = KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
    return dict(jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims)


async def verbs_of(gateway: Any) -> list[str]:
    return [row["verb"] for row in await gateway.context.pool.fetch("SELECT verb FROM audit ORDER BY id")]


async def person_of(gateway: Any, username: str) -> Any:
    return await gateway.context.pool.fetchrow("SELECT * FROM person WHERE username = $1", username)


async def test_who_is_known_by_his_number_signs_in_and_goes_on_to_the_client(
    browser: Any, gateway: Any, by_province: SignIn
):
    asked = browser.asked()
    shown = await browser.follow(await browser.ask(asked))
    assert "使用河北省统一身份认证平台登录" in shown.text
    claims = await claims_of(browser, asked, await by_province(browser, shown, "zhao"))
    citizen = await person_of(gateway, "citizen")
    assert claims["sub"] == str(citizen["id"])
    assert claims["amr"] == ["fed"]
    assert claims["acr"] == "2"
    assert (await verbs_of(gateway))[-4:] == ["identity.linked", "session.started", "grant.given", "token.issued"]


async def test_who_is_unknown_is_registered_with_what_the_province_states(
    browser: Any, gateway: Any, by_province: SignIn
):
    asked = browser.asked(scope="openid profile phone")
    ended = await by_province(browser, await browser.follow(await browser.ask(asked)), "li")
    tokens = (await browser.redeem(asked, browser.answer(ended)["code"])).json()
    about = (await browser.userinfo(tokens["access_token"])).json()
    assert (about["name"], about["phone_number"]) == ("李春生", "13803350001")
    keys = KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
    assert (claims["acr"], claims["amr"]) == ("3", ["fed", "mfa"])
    events = await gateway.context.pool.fetch("SELECT type, key FROM outbox ORDER BY id DESC LIMIT 2")
    assert [(row["type"].split(".")[-2], str(row["key"])) for row in events] == [
        ("verified", claims["sub"]),
        ("registered", claims["sub"]),
    ]
    again = browser.asked("web-2", prompt="login")
    second = await claims_of(
        browser, again, await by_province(browser, await browser.follow(await browser.ask(again)), "li")
    )
    assert second["sub"] == claims["sub"]


async def test_nothing_that_the_province_states_is_kept_in_clear(browser: Any, gateway: Any, by_province: SignIn):
    await by_province(browser, await browser.get("/sign-in"), "li")
    for table in ("person", "federated_identity", "federated_session", "federated_request", "outbox", "audit"):
        rows = await gateway.context.pool.fetch(f"SELECT * FROM {table}")  # noqa: S608
        text = str([dict(row) for row in rows])
        assert "李春生" not in text
        assert "13037119900214003" not in text


async def test_who_is_not_verified_there_is_told_so_and_nothing_is_done(
    browser: Any, gateway: Any, by_province: SignIn
):
    before = await gateway.context.pool.fetchval("SELECT count(*) FROM person")
    for login in ("by-phone", "nameless"):
        ended = await by_province(browser, await browser.get("/sign-in"), login)
        assert ended.status_code == 409
        assert "请先在该平台完成实名认证" in ended.text
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM person") == before
    assert (await verbs_of(gateway))[-1] == "identity.refused"
    assert "onestop-session" not in browser.cookies


async def test_a_number_that_is_known_with_another_name_is_a_case_for_the_hall(
    browser: Any, gateway: Any, by_province: SignIn
):
    ended = await by_province(browser, await browser.get("/sign-in"), "zhou-misspelt")
    assert ended.status_code == 409
    assert "身份信息不一致" in ended.text
    assert "周海" not in ended.text
    detail = await gateway.context.pool.fetchval("SELECT detail FROM audit ORDER BY id DESC LIMIT 1")
    assert detail == {"provider": "hebei", "reason": "identity-differs"}


async def test_an_account_that_only_claims_the_number_is_neither_handed_over_nor_in_the_way(
    browser: Any, gateway: Any, by_province: SignIn
):
    asked = browser.asked()
    ended = await by_province(browser, await begin(browser, asked), "guo")
    claims = await claims_of(browser, asked, ended)
    assert claims["acr"] == "2"
    assert claims["sub"] != str((await person_of(gateway, "weak_admin"))["id"])


async def test_a_second_identity_of_the_same_person_is_not_linked_beside_the_first(
    browser: Any, open_browser: Callable[[], Any], by_province: SignIn, province: Any
):
    await by_province(browser, await browser.get("/sign-in"), "zhao")
    province.browser.cookies.clear()
    other = open_browser()
    ended = await by_province(other, await other.get("/sign-in"), "zhao-again")
    assert ended.status_code == 409
    assert "另一个身份" in ended.text


async def test_who_declines_there_is_asked_here_again(browser: Any, by_province: SignIn):
    asked = browser.asked()
    ended = await by_province(browser, await browser.follow(await browser.ask(asked)), "")
    shown = await browser.follow(ended)
    assert 'name="password"' in shown.text
    assert browser.answer(await browser.fill_in(shown, username="citizen", password="碧海-金沙-2026"))["code"]


async def test_an_answer_counts_once_and_in_the_browser_that_asked(
    browser: Any, open_browser: Callable[[], Any], province: Any
):
    left = await browser.get("/federation/hebei")
    back = httpx.URL(await province.sign_in(left.headers["location"], "zhao")).raw_path.decode()
    stranger = open_browser()
    await stranger.get("/sign-in")
    assert (await stranger.get(back)).status_code == 400
    answers = await asyncio.gather(*(browser.get(back) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]


async def test_who_arrives_in_several_browsers_at_once_becomes_one_person(
    open_browser: Callable[[], Any], province: Any, gateway: Any, clock: Any
):
    for login, expected in (("li", 1), ("zhao", 2)):
        browsers = [open_browser() for _ in range(4)]
        backs = []
        for it in browsers:
            province.browser.cookies.clear()
            left = await it.get("/federation/hebei")
            backs.append(httpx.URL(await province.sign_in(left.headers["location"], login)).raw_path.decode())
        clock.catch_up()
        answers = await asyncio.gather(*(it.get(back) for it, back in zip(browsers, backs, strict=True)))
        assert [answer.status_code for answer in answers] == [303] * 4
        assert await gateway.context.pool.fetchval("SELECT count(*) FROM federated_identity") == expected


async def test_an_answer_that_names_another_issuer_is_not_believed(browser: Any, province: Any):
    left = await browser.get("/federation/hebei")
    back = await province.sign_in(left.headers["location"], "zhao")
    for changed in (
        httpx.URL(back).copy_set_param("iss", "https://evil.test"),
        httpx.URL(back).copy_remove_param("iss"),
    ):
        left = await browser.get("/federation/hebei")
        state = httpx.URL(left.headers["location"]).params["state"]
        assert (await browser.get(changed.copy_set_param("state", state).raw_path.decode())).status_code == 502


async def test_who_has_to_prove_himself_anew_does_so_at_the_province(
    browser: Any, by_province: SignIn, province: Any, clock: Any
):
    first = browser.asked()
    claims = await claims_of(browser, first, await by_province(browser, await begin(browser, first), "zhao"))
    clock.pass_(seconds=2)
    for changes in ({"prompt": "login"}, {"max_age": "0"}):
        asked = browser.asked(**changes)
        left = await browser.get(province.link_in(await begin(browser, asked)))
        assert httpx.URL(left.headers["location"]).params["max_age"] in {"0", "1"}
        at_province = await province.browser.get(left.headers["location"])
        assert at_province.headers["location"].startswith("/interaction/")
        ended = await by_province(browser, await begin(browser, asked), "zhao")
        again = await claims_of(browser, asked, ended)
        assert again["auth_time"] > claims["auth_time"]


async def test_a_sign_in_there_that_is_older_than_asked_for_is_not_believed(
    browser: Any, by_province: SignIn, province: Any, clock: Any
):
    await by_province(browser, await browser.get("/sign-in"), "zhao")
    browser.cookies.clear()
    left = await browser.get(province.link_in(await begin(browser, browser.asked(prompt="login"))))
    old = httpx.URL(left.headers["location"]).copy_remove_param("max_age")
    clock.pass_(minutes=2)
    back = httpx.URL(await province.sign_in(str(old), "zhao")).raw_path.decode()
    assert (await browser.get(back)).status_code == 502


async def begin(browser: Any, asked: Any) -> httpx.Response:
    shown: httpx.Response = await browser.follow(await browser.ask(asked))
    return shown


async def test_a_sign_in_leads_back_to_the_page_of_ours_that_it_was_for(browser: Any, by_province: SignIn):
    shown = await browser.follow(await browser.get("/account/identities"))
    ended = await by_province(browser, shown, "zhao")
    page = await browser.follow(ended)
    assert "河北省统一身份认证平台" in page.text
    assert "解除关联" in page.text


async def test_only_configured_providers_can_be_signed_in_at(browser: Any):
    assert (await browser.get("/federation/tianjin")).status_code == 404
    assert (await browser.get("/federation/tianjin/callback?code=1&state=2")).status_code == 404


async def test_the_keys_by_which_we_prove_ourselves_are_published(browser: Any):
    (key,) = (await browser.get("/federation/hebei/jwks")).json()["keys"]
    assert key["alg"] == "ES256"
    assert "d" not in key


async def test_the_client_and_the_pages_are_used_in_english(browser: Any):
    shown = await browser.get("/sign-in", headers={"Accept-Language": "en"})
    assert "Sign in with 河北省统一身份认证平台" in shown.text


async def test_a_province_that_knows_us_by_a_secret_and_tells_more_at_userinfo_does_as_well(
    open_province: Any, gateway_at: Any, open_browser_on: Any, by_province: SignIn
):
    province = await open_province(userinfo=True)
    gateway = await gateway_at(
        province,
        client_id="qhd:old",
        authentication="client_secret_basic",
        key_file=None,
        secret_file="secret",
    )
    browser = open_browser_on(gateway)
    assert (await browser.get("/federation/hebei/jwks")).json() == {"keys": []}
    assert (await by_province(browser, await browser.get("/sign-in"), "zhao", province)).status_code == 303
    issuer = province.issuer
    keys = {"keys": [OTHER_KEY.as_dict(private=True)]}
    await province.browser.post(f"{issuer}/test/keys", json=keys)
    province.browser.cookies.clear()
    other = open_browser_on(gateway)
    gateway.context.clock.pass_(seconds=11)
    assert (await by_province(other, await other.get("/sign-in"), "zhao", province)).status_code == 303
