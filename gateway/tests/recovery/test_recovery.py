"""A lost password is replaced by who proves phone and identity and waits; its owner can say no, others get nothing."""

import asyncio
import re
from base64 import b32decode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.phones.service import complete_due

CITIZEN = {"phone": "15400000007", "name": "赵晓梅", "identity_number": "130371198803171020"}
NEW = "山海关的老龙头真好看"
NEW_PHONE = "13800000017"
API = "/api/gateway/v1"


async def proved(browser: Any, **change: str) -> httpx.Response:
    """Prove phone and identity; return the page that says how far one is."""
    asked = await browser.fill_in(await browser.get("/recover"), **CITIZEN | change)
    page = await browser.follow(asked)
    typed = await browser.fill_in(page, code=await browser.code_to(CITIZEN["phone"]))
    assert typed.headers["location"] == "/recover/standing", typed.text
    shown: httpx.Response = await browser.follow(typed)
    return shown


async def signs_in(browser: Any, password: str = NEW) -> bool:
    entered = await browser.sign_in(browser.asked(prompt="login"), password=password)
    return entered.status_code == 303


def app_of(page: httpx.Response) -> TOTP:
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert secret
    return TOTP(b32decode(secret[1].replace(" ", "")), 6, SHA1(), 30)  # noqa: S303 - what apps know


async def test_after_a_day_the_new_password_is_set_and_everybody_signed_out(
    browser: Any, open_browser: Callable[[], Any], clock: Any
):
    owner = open_browser()
    lost = await owner.tokens(owner.asked())
    shown = await proved(browser)
    assert 'name="password"' not in shown.text
    assert "申请找回" in (await browser.messages_to(CITIZEN["phone"]))[0]
    forced = await browser.post(
        "/recover/chosen", data={"csrf": browser.hidden(shown).get("csrf", ""), "password": NEW}
    )
    assert forced.status_code in {403, 409}
    assert not await signs_in(open_browser())
    clock.pass_(hours=24)
    ripe = await proved(browser)
    assert "citizen" in ripe.text
    easy = await browser.fill_in(ripe, "/recover/chosen", password="zhaoxiaomei1988")
    assert (easy.status_code, 'id="password-error"' in easy.text) == (422, True)
    done = await browser.fill_in(ripe, "/recover/chosen", password=NEW)
    assert "新密码已设置" in done.text
    assert (await owner.get("/account")).status_code == 303
    assert (await owner.userinfo(lost["access_token"])).status_code == 401
    assert "密码已修改" in (await browser.messages_to(CITIZEN["phone"]))[0]
    assert await signs_in(open_browser())
    assert (await browser.fill_in(ripe, "/recover/chosen", password=NEW)).status_code == 422


async def test_the_wait_is_the_same_however_often_one_asks(browser: Any, open_browser: Callable[[], Any], clock: Any):
    first = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", (await proved(browser)).text)
    clock.pass_(hours=12)
    again = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", (await proved(open_browser())).text)
    assert first
    assert again
    assert first[0] == again[0]


@pytest.mark.parametrize(
    "change", [{"name": "赵小梅"}, {"identity_number": "130371199208250116"}, {"phone": "15400000012"}]
)
async def test_who_does_not_know_it_all_gets_no_code_and_cannot_tell(
    browser: Any, open_browser: Callable[[], Any], change: dict[str, str]
):
    def comparable(response: httpx.Response) -> tuple[int, str]:
        return response.status_code, re.sub(r'value="[^"]*"', "", response.text)

    other = open_browser()
    wrong = await browser.fill_in(await browser.get("/recover"), **CITIZEN | change)
    assert "还没有短信" in (await browser.get("/mailbox")).text
    right = await other.fill_in(await other.get("/recover"), **CITIZEN)
    if "phone" in change:
        assert wrong.headers["location"] == right.headers["location"]
        refused = await browser.fill_in(await browser.follow(wrong), code="000000")
        assert comparable(refused) == comparable(await other.fill_in(await other.follow(right), code="000000"))
    else:
        assert (wrong.status_code, right.status_code) == (303, 429)


async def test_the_owner_says_no_by_the_notice(browser: Any, open_browser: Callable[[], Any], clock: Any):
    await proved(browser)
    address = re.search(
        r"http://gateway\.test(/recover/cancel\?notice=[\w-]+)", (await browser.messages_to(CITIZEN["phone"]))[0]
    )
    assert address
    owner = open_browser()
    page = await owner.get(address[1])
    assert "取消找回" in page.text
    assert "找回已取消" in (await owner.fill_in(page)).text
    assert (await owner.get(address[1])).status_code == 404
    clock.pass_(hours=24)
    assert 'name="password"' not in (await proved(browser)).text


async def test_the_owner_sees_it_when_he_is_signed_in_and_says_no(browser: Any, open_browser: Callable[[], Any]):
    await proved(browser)
    owner = open_browser()
    await owner.sign_in(owner.asked())
    shown = await owner.get("/account/security")
    assert "申请找回您的账号" in shown.text
    await owner.fill_in(shown, "/account/security/recovery")
    assert "申请找回您的账号" not in (await owner.get("/account/security")).text
    assert (await owner.fill_in(shown, "/account/security/recovery")).status_code == 404


async def test_a_second_factor_spares_the_wait_and_is_asked_for_all_the_same(
    browser: Any, open_browser: Callable[[], Any], clock: Any
):
    owner = open_browser()
    await owner.sign_in(owner.asked())
    begun = await owner.get("/account/security/authenticator")
    app = app_of(begun)
    await owner.fill_in(begun, code=app.generate(int(clock().timestamp())).decode())
    clock.pass_(seconds=90)
    shown = await proved(browser)
    wrong = await browser.fill_in(shown, code="999999x")
    assert wrong.status_code == 422
    ripe = await browser.follow(await browser.fill_in(shown, code=app.generate(int(clock().timestamp())).decode()))
    assert "新密码已设置" in (await browser.fill_in(ripe, "/recover/chosen", password=NEW)).text
    entered = await browser.sign_in(browser.asked(), password=NEW)
    assert entered.headers["location"].startswith("/sign-in/second-factor")


async def test_of_many_new_passwords_at_once_one_is_set(browser: Any, clock: Any):
    await proved(browser)
    clock.pass_(hours=25)
    ripe = await proved(browser)
    outcomes = await asyncio.gather(
        *(browser.fill_in(ripe, "/recover/chosen", password=f"{NEW}{number}") for number in range(4))
    )
    assert ["新密码已设置" in it.text for it in outcomes].count(True) == 1


async def test_a_recovery_lapses_after_a_week(browser: Any, clock: Any):
    await proved(browser)
    clock.pass_(days=7, minutes=1)
    assert 'name="password"' not in (await proved(browser)).text


async def test_nobody_steps_in_without_proof(browser: Any, open_browser: Callable[[], Any], clock: Any):
    await proved(browser)
    clock.pass_(hours=25)
    await proved(browser)
    thief = open_browser()
    begins_anew = await thief.get("/recover/standing")
    assert (begins_anew.status_code, 'action="/recover"' in begins_anew.text) == (422, True)
    csrf = thief.hidden(await thief.get("/recover"))
    assert (await thief.post("/recover/chosen", data={**csrf, "password": NEW})).status_code == 403


@pytest.fixture
def clerk_opens(gateway: Any, open_browser: Callable[[], Any]) -> Callable[..., Any]:
    """Return a function with which a clerk opens the recovery of the citizen who stands before him."""

    async def open_one(username: str = "clerk", **lost: Any) -> httpx.Response:
        clerk = open_browser()
        tokens = await clerk.tokens(clerk.asked(), username)
        person_id = await gateway.context.pool.fetchval("SELECT id FROM person WHERE username = 'citizen'")
        document = {"name": CITIZEN["name"], "identity_number": CITIZEN["identity_number"], **lost}
        response: httpx.Response = await clerk.post(
            f"{API}/people/{person_id}/recoveries",
            json=document,
            headers={"Authorization": f"Bearer {tokens['access_token']}", "Idempotency-Key": str(uuid4())},
        )
        return response

    return open_one


async def test_who_is_seen_at_the_window_sets_it_at_once_with_his_phone(browser: Any, clerk_opens: Any):
    assert (await clerk_opens()).status_code == 201
    ripe = await proved(browser)
    assert "新密码已设置" in (await browser.fill_in(ripe, "/recover/chosen", password=NEW)).text
    assert await signs_in(browser)


async def test_who_has_lost_the_phone_waits_and_the_old_one_is_told(
    gateway: Any, browser: Any, clerk_opens: Any, clock: Any
):
    async def asks_by_the_new_phone() -> httpx.Response:
        asked = await browser.fill_in(await browser.get("/recover"), **CITIZEN | {"phone": NEW_PHONE})
        shown: httpx.Response = await browser.follow(asked)
        return shown

    assert (await clerk_opens(phone=NEW_PHONE)).status_code == 201
    assert "申请找回" in (await browser.messages_to(CITIZEN["phone"]))[0]
    await asks_by_the_new_phone()
    await browser.fill_in(await browser.get("/sign-in/code"), account="citizen")
    assert await browser.messages_to(NEW_PHONE) == []
    clock.pass_(hours=24)
    await complete_due(gateway.context, gateway.context.state.cipher)
    page = await asks_by_the_new_phone()
    ripe = await browser.follow(await browser.fill_in(page, code=await browser.code_to(NEW_PHONE)))
    assert "新密码已设置" in (await browser.fill_in(ripe, "/recover/chosen", password=NEW)).text


async def test_the_owner_says_no_to_a_clerk_and_keeps_phone_and_password(
    gateway: Any, browser: Any, clerk_opens: Any, clock: Any
):
    await clerk_opens(phone=NEW_PHONE)
    address = re.search(r"(/recover/cancel\?notice=[\w-]+)", (await browser.messages_to(CITIZEN["phone"]))[0])
    assert address
    await browser.fill_in(await browser.get(address[1]))
    clock.pass_(hours=25)
    assert await complete_due(gateway.context, gateway.context.state.cipher) == 0
    assert "申请已取消，密码没有改变" in (await browser.messages_to(CITIZEN["phone"]))[0]


async def test_a_lost_second_factor_goes_with_the_password_after_the_wait(
    browser: Any, open_browser: Callable[[], Any], clerk_opens: Any, clock: Any
):
    owner = open_browser()
    await owner.sign_in(owner.asked())
    begun = await owner.get("/account/security/authenticator")
    await owner.fill_in(begun, code=app_of(begun).generate(int(clock().timestamp())).decode())
    assert (await clerk_opens(drops_factors=True)).status_code == 201
    clock.pass_(hours=25)
    ripe = await proved(browser)
    await browser.fill_in(ripe, "/recover/chosen", password=NEW)
    assert browser.answer(await browser.sign_in(browser.asked(), password=NEW))["code"]


async def test_only_a_clerk_opens_one_for_somebody_else_and_only_by_his_document(clerk_opens: Any):
    assert (await clerk_opens("reviewer")).status_code == 403
    assert (await clerk_opens("weak_admin")).status_code == 401
    assert (await clerk_opens(name="赵小梅")).json()["type"] == "/problems/identity-differs"


async def test_an_application_recovers_in_the_same_steps(browser: Any, clock: Any):
    async def proved() -> tuple[str, dict[str, Any]]:
        sent = (await browser.post(f"{API}/recoveries/codes", json=CITIZEN)).json()["transaction"]
        code = await browser.code_to(CITIZEN["phone"])
        answer = await browser.post(f"{API}/recoveries/proofs", json={"transaction": sent, "code": code})
        return sent, answer.json()

    transaction, standing = await proved()
    assert standing["second_factor"] is False
    early = await browser.post(f"{API}/recoveries", json={"transaction": transaction, "password": NEW})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/recovery-not-ripe")
    none = await browser.post(f"{API}/recoveries/second-factors", json={"transaction": transaction, "code": "1"})
    assert none.json()["type"] == "/problems/wrong-second-factor"
    clock.pass_(hours=24)
    transaction, _ = await proved()
    done = await browser.post(f"{API}/recoveries", json={"transaction": transaction, "password": NEW})
    assert done.status_code == 204
    assert await signs_in(browser)
