"""People link and unlink identities of the province in their account; administrators take links back."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from gateway.federation.service import ARRIVED

SignIn = Callable[..., Awaitable[httpx.Response]]
PAGE = "/account/identities"
OWN = "/api/gateway/v1/identities"
PASSWORD = "碧海-金沙-2026"


async def sign_in_here(browser: Any, username: str) -> httpx.Response:
    """Sign in with a password; return the page of linked identities."""
    shown = await browser.follow(await browser.get(PAGE))
    page: httpx.Response = await browser.follow(await browser.fill_in(shown, username=username, password=PASSWORD))
    return page


async def unlink(browser: Any, page: httpx.Response) -> httpx.Response:
    """Press the first button that takes a link back."""
    form = re.search(
        r'action="(/account/identities/[^"]+/unlink)">\s*<input type="hidden" name="csrf" value="([^"]+)"', page.text
    )
    assert form, page.text
    answer: httpx.Response = await browser.post(form[1], data={"csrf": form[2]})
    return answer


async def api_of(browser: Any, username: str) -> dict[str, str]:
    """Return the header by which a person calls the API from a client."""
    tokens = await browser.tokens(browser.asked(prompt="login"), username)
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def last_refusal(gateway: Any) -> str:
    reason: str = await gateway.context.pool.fetchval(
        "SELECT detail ->> 'reason' FROM audit WHERE verb = 'identity.refused' ORDER BY id DESC LIMIT 1"
    )
    return reason


async def test_who_is_signed_in_links_his_identity_and_takes_the_link_back(
    browser: Any, gateway: Any, by_province: SignIn
):
    ended = await by_province(browser, await sign_in_here(browser, "citizen"), "zhao")
    assert ended.headers["location"] == PAGE
    linked = await browser.follow(ended)
    assert "解除关联" in linked.text
    left = await browser.follow(await unlink(browser, linked))
    assert "尚未关联任何身份" in left.text
    verbs = [it["verb"] for it in await gateway.context.pool.fetch("SELECT verb FROM audit ORDER BY id DESC LIMIT 2")]
    assert verbs == ["identity.unlinked", "identity.linked"]


async def test_an_account_that_nobody_had_verified_is_verified_by_linking(
    browser: Any, gateway: Any, by_province: SignIn
):
    await by_province(browser, await sign_in_here(browser, "weak_admin"), "guo")
    assert await gateway.context.pool.fetchval("SELECT assurance FROM person WHERE username = 'weak_admin'") == 2
    last = await gateway.context.pool.fetchrow("SELECT type, payload FROM outbox ORDER BY id DESC LIMIT 1")
    assert last["type"] == "cn.onestop.gateway.person.verified.v1"
    assert b'"assurance":2' in last["payload"]


async def test_nobody_links_the_identity_of_somebody_else(
    browser: Any, open_browser: Callable[[], Any], gateway: Any, by_province: SignIn
):
    ended = await by_province(browser, await sign_in_here(browser, "agent"), "zhao")
    assert ended.status_code == 409
    assert await last_refusal(gateway) == "identity-differs"
    owner = open_browser()
    await by_province(owner, await owner.get("/sign-in"), "zhao")
    ended = await by_province(browser, await browser.get(PAGE), "zhao")
    assert ended.status_code == 409
    assert await last_refusal(gateway) == "identity-linked-to-another-account"


async def test_another_site_cannot_make_a_browser_link_something(browser: Any):
    await sign_in_here(browser, "citizen")
    for address in ("/federation/hebei/link", "/federation/hebei/link?csrf=x"):
        assert (await browser.get(address)).headers["location"] == PAGE


async def test_links_are_made_and_taken_back_only_shortly_after_a_sign_in(
    browser: Any, by_province: SignIn, province: Any, clock: Any
):
    shown = await sign_in_here(browser, "citizen")
    linked = await browser.follow(await by_province(browser, shown, "zhao"))
    clock.pass_(minutes=11)
    assert (await unlink(browser, linked)).headers["location"].startswith("/sign-in")
    left = await browser.get(province.link_in(shown))
    assert left.headers["location"].startswith("/sign-in")
    asked = browser.asked()
    fresh = (await browser.redeem(asked, browser.answer(await browser.ask(asked))["code"])).json()
    token = {"Authorization": f"Bearer {fresh['access_token']}"}
    link_id = (await browser.get(OWN, headers=token)).json()[0]["id"]
    refused = await browser.delete(f"{OWN}/{link_id}", headers=token)
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/sign-in-too-old")
    assert "解除关联" in (await browser.get(PAGE)).text


async def test_a_link_begun_by_one_person_is_not_finished_for_another(
    browser: Any, open_browser: Callable[[], Any], province: Any
):
    page = await sign_in_here(browser, "citizen")
    left = await browser.get(province.link_in(page))
    back = httpx.URL(await province.sign_in(left.headers["location"], "zhao")).raw_path.decode()
    other = open_browser()
    await sign_in_here(other, "agent")
    browser.cookies.set("onestop-session", other.cookies["onestop-session"], domain="gateway.test")
    assert (await browser.get(back)).status_code == 400


async def test_a_link_that_was_taken_back_is_made_again_by_the_person_alone(
    browser: Any, open_browser: Callable[[], Any], gateway: Any, by_province: SignIn
):
    linked = await browser.follow(await by_province(browser, await sign_in_here(browser, "citizen"), "zhao"))
    await unlink(browser, linked)
    other = open_browser()
    refused = ARRIVED.labels("hebei", "refused")
    before = refused._value.get()
    ended = await by_province(other, await other.get("/sign-in"), "zhao")
    assert ended.status_code == 409
    assert await last_refusal(gateway) == "identity-was-unlinked"
    assert refused._value.get() == before + 1
    await by_province(browser, await browser.get(PAGE), "zhao")
    assert (await by_province(other, await other.get("/sign-in"), "zhao")).status_code == 303


async def test_the_only_way_to_sign_in_is_not_taken_back(
    browser: Any, open_browser: Callable[[], Any], by_province: SignIn, province: Any
):
    await by_province(browser, await browser.get("/sign-in"), "sun")
    ended = await unlink(browser, await browser.get(PAGE))
    assert ended.status_code == 409
    assert "唯一的登录方式" in ended.text
    assert "解除关联" in (await browser.get(PAGE)).text
    province.browser.cookies.clear()
    with_phone = open_browser()
    await by_province(with_phone, await with_phone.get("/sign-in"), "li")
    assert (await unlink(with_phone, await with_phone.get(PAGE))).headers["location"] == PAGE


async def test_of_two_last_ways_to_sign_in_that_are_taken_back_at_once_one_stays(
    browser: Any, gateway: Any, by_province: SignIn
):
    await by_province(browser, await browser.get("/sign-in"), "sun")
    await gateway.context.pool.execute(
        "INSERT INTO federated_identity SELECT (j).* FROM (SELECT jsonb_populate_record(f, $1) AS j"
        " FROM federated_identity AS f) AS copied",
        {"id": str(uuid4()), "provider": "national", "subject_index": "\\x00"},
    )
    page = await browser.get(PAGE)
    last = page.text.rindex("<section")
    two = [httpx.Response(200, text=page.text[:last]), httpx.Response(200, text=page.text[last:])]
    ended = await asyncio.gather(*(unlink(browser, it) for it in two))
    assert sorted(it.status_code for it in ended) == [303, 409]


async def test_unlinking_ends_the_sessions_that_it_began_elsewhere(
    browser: Any, open_browser: Callable[[], Any], by_province: SignIn
):
    other = open_browser()
    asked = other.asked()
    ended = await by_province(other, await other.follow(await other.ask(asked)), "zhao")
    tokens = (await other.redeem(asked, other.answer(ended)["code"])).json()
    await unlink(browser, await sign_in_here(browser, "citizen"))
    assert (await other.get(PAGE)).headers["location"].startswith("/sign-in")
    assert (await other.userinfo(tokens["access_token"])).status_code == 401


async def test_the_api_shows_and_takes_back_own_links_and_hides_those_of_others(
    browser: Any, open_browser: Callable[[], Any], gateway: Any, by_province: SignIn
):
    await by_province(browser, await browser.get("/sign-in"), "zhao")
    citizen, agent = await api_of(open_browser(), "citizen"), await api_of(open_browser(), "agent")
    (shown,) = (await browser.get(OWN, headers=citizen)).json()
    assert (shown["provider"], shown["linked_by_person"]) == ("hebei", False)
    assert shown["provider_name"] == "河北省统一身份认证平台"
    assert (await browser.get(OWN, headers=agent)).json() == []
    person_id = await gateway.context.pool.fetchval("SELECT id FROM person WHERE username = 'citizen'")
    assert (
        await browser.get(f"/api/gateway/v1/people/{person_id}/identities?purpose=audit", headers=agent)
    ).status_code == 403
    assert (await browser.delete(f"{OWN}/{shown['id']}", headers=agent)).status_code == 404
    assert (await browser.delete(f"{OWN}/{shown['id']}", headers=citizen)).status_code == 204
    assert (await browser.get(OWN, headers=citizen)).json() == []
    assert (await open_browser().get(OWN)).status_code == 401


async def test_an_administrator_who_is_known_by_name_takes_back_any_link(
    browser: Any, open_browser: Callable[[], Any], gateway: Any, by_province: SignIn
):
    await by_province(browser, await browser.get("/sign-in"), "li")
    person_id = await gateway.context.pool.fetchval("SELECT person_id FROM federated_identity")
    address = f"/api/gateway/v1/people/{person_id}/identities?purpose=incident&reference=〔2026〕7号"
    admin, weak = await api_of(open_browser(), "admin"), await api_of(open_browser(), "weak_admin")
    (shown,) = (await browser.get(address, headers=admin)).json()
    assert "工作人员查阅第三方身份" in (await browser.get("/account/records")).text
    looked = await gateway.context.pool.fetchrow("SELECT key, detail FROM audit WHERE verb = 'identities.inspected'")
    assert looked["key"] == person_id
    assert looked["detail"] == {"purpose": "incident", "reference": "〔2026〕7号"}
    without = await browser.get(address.partition("?")[0], headers=admin)
    assert [it["pointer"] for it in without.json()["errors"]] == ["?purpose"]
    nobody = address.replace(str(person_id), "01a2199f-56fe-7abc-b476-8a813766431c")
    assert (await browser.get(nobody, headers=admin)).json()["type"] == "/problems/person-not-found"
    assert (await browser.get(address, headers=weak)).status_code == 401
    assert (await browser.delete(f"{OWN}/{shown['id']}", headers=weak)).status_code == 401
    assert (await browser.delete(f"{OWN}/{shown['id']}", headers=admin)).status_code == 204
    assert (await browser.get(PAGE)).headers["location"].startswith("/sign-in")
    assert (await browser.get(address, headers=admin)).json() == []
