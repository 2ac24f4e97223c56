"""A person changes his phone number: the new one is proved, the old one hears of it and may say no for a day."""

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

OLD, NEW, OTHER = "15400000007", "13900000001", "13900000002"
PAGE = "/account/security/phone"
SECURITY = "/account/security"
API = "/api/gateway/v1"


async def asked_for(browser: Any, phone: str = NEW) -> httpx.Response:
    """Sign in and have a code sent to the new number; return the page that takes it."""
    sent = await browser.fill_in(await browser.visit(PAGE), PAGE, phone=phone)
    assert sent.headers["location"] == f"{PAGE}/code", sent.text
    shown: httpx.Response = await browser.follow(sent)
    return shown


async def proved(browser: Any, phone: str = NEW) -> httpx.Response:
    """Prove the new number; return the page that says how things stand."""
    page = await asked_for(browser, phone)
    taken = await browser.fill_in(page, f"{PAGE}/code", code=await browser.code_to(phone))
    assert taken.headers["location"] == f"{SECURITY}?done=phone", taken.text
    shown: httpx.Response = await browser.follow(taken)
    return shown


async def with_authenticator(browser: Any, clock: Any) -> None:
    begun = await browser.visit("/account/security/authenticator")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", begun.text)
    assert secret
    app = TOTP(b32decode(secret[1].replace(" ", "")), 6, SHA1(), 30)  # noqa: S303 - what apps know
    await browser.fill_in(
        begun, "/account/security/authenticator", code=app.generate(int(clock().timestamp())).decode()
    )


@pytest.fixture
def complete(gateway: Any) -> Callable[[], Any]:
    """Return what the gateway does every few seconds."""
    return lambda: complete_due(gateway.context, gateway.context.state.cipher)


@pytest.fixture
def signs_in_by(open_browser: Callable[[], Any], clock: Any) -> Callable[[], Any]:
    """Return what tells by which of the numbers the citizen signs in with a code."""

    async def find() -> str:
        clock.pass_(minutes=2)  # no phone is woken up twice in a minute
        browser = open_browser()
        before = {phone: len(await browser.messages_to(phone)) for phone in (OLD, NEW, OTHER)}
        page = await browser.follow(await browser.fill_in(await browser.get("/sign-in/code"), account="citizen"))
        (reached,) = [phone for phone, count in before.items() if len(await browser.messages_to(phone)) > count]
        entered = await browser.fill_in(page, code=await browser.code_to(reached))
        assert entered.status_code == 303
        return reached

    return find


async def test_after_a_day_the_new_number_counts_and_both_are_told(
    gateway: Any, browser: Any, clock: Any, complete: Any, signs_in_by: Any
):
    shown = await proved(browser)
    assert ("154****0007" in shown.text, "139****0001" in shown.text) == (True, True)
    (told,) = await browser.messages_to(OLD)
    assert ("更换为 139****0001" in told, NEW in told) == (True, False)
    assert await complete() == 0
    assert await signs_in_by() == OLD
    clock.pass_(hours=24)
    assert await complete() == 1
    assert await complete() == 0
    assert "已更换为 139****0001" in (await browser.messages_to(OLD))[0]
    assert "本号码已登记" in (await browser.messages_to(NEW))[0]
    assert await signs_in_by() == NEW
    asked = await gateway.context.pool.fetchrow("SELECT actor, key FROM audit WHERE verb = 'code.asked'")
    assert asked["actor"] == asked["key"]
    verbs = [it["verb"] for it in await gateway.context.pool.fetch("SELECT verb FROM audit ORDER BY id")]
    assert [it for it in verbs if it.startswith("phone")] == ["phone-change.asked", "phone.changed"]


async def test_the_old_number_says_no_by_the_notice(
    browser: Any, open_browser: Callable[[], Any], complete: Any, clock: Any
):
    await proved(browser)
    address = re.search(r"http://gateway\.test(/phone/cancel\?notice=[\w-]+)", (await browser.messages_to(OLD))[0])
    assert address
    owner = open_browser()
    page = await owner.get(address[1])
    assert "更换已取消" in (await owner.fill_in(page)).text
    assert ((await owner.fill_in(page)).status_code, (await owner.get(address[1])).status_code) == (404, 404)
    clock.pass_(hours=25)
    assert await complete() == 0
    assert "号码没有改变" in (await browser.messages_to(OLD))[0]


async def test_the_owner_sees_it_when_he_is_signed_in_and_says_no(browser: Any, open_browser: Callable[[], Any]):
    await proved(browser)
    owner = open_browser()
    shown = await owner.visit(SECURITY)
    assert "139****0001" in shown.text
    assert (await owner.fill_in(shown, f"{PAGE}/cancel")).status_code == 303
    assert "139****0001" not in (await owner.get(SECURITY)).text
    assert (await owner.fill_in(shown, f"{PAGE}/cancel")).status_code == 404


async def test_who_has_shown_two_factors_need_not_wait(browser: Any, clock: Any, signs_in_by: Any):
    await with_authenticator(browser, clock)
    shown = await proved(browser)
    assert ("139****0001" in shown.text, "154****0007" in shown.text) == (True, False)
    assert "已更换为" in (await browser.messages_to(OLD))[0]
    assert len(await browser.messages_to(OLD)) == 2
    assert await signs_in_by() == NEW


async def test_who_has_no_number_yet_need_not_wait(gateway: Any, browser: Any):
    await gateway.context.pool.execute("UPDATE person SET phone = NULL, phone_index = NULL WHERE username = 'citizen'")
    assert "登记手机号码" in (await browser.visit(PAGE)).text
    assert "139****0001" in (await proved(browser)).text


async def test_another_number_takes_the_place_of_one_that_waits(
    browser: Any, complete: Any, clock: Any, signs_in_by: Any
):
    await proved(browser, NEW)
    assert "139****0002" in (await proved(browser, OTHER)).text
    clock.pass_(hours=25)
    assert await complete() == 1
    assert await signs_in_by() == OTHER


async def test_who_says_no_to_a_recovery_says_no_to_a_new_number_as_well(browser: Any, complete: Any, clock: Any):
    await proved(browser)
    citizen = {"phone": OLD, "name": "赵晓梅", "identity_number": "130371198803171020"}
    page = await browser.follow(await browser.fill_in(await browser.get("/recover"), **citizen))
    await browser.follow(await browser.fill_in(page, code=await browser.code_to(OLD)))
    await browser.fill_in(await browser.get(SECURITY), f"{SECURITY}/recovery")
    assert "139****0001" not in (await browser.get(SECURITY)).text
    clock.pass_(hours=25)
    assert await complete() == 0


@pytest.mark.parametrize(
    ("typed", "status", "slug"),
    [
        ("1390000", 422, "11 位"),
        ("010-12345678", 422, "11 位"),
        (OLD, 409, "现在的手机号码"),
        ("+86 154-0000-0007", 409, "现在的"),
    ],
)
async def test_a_number_that_cannot_be_meant_is_refused_and_stays_in_the_field(
    browser: Any, typed: str, status: int, slug: str
):
    refused = await browser.fill_in(await browser.visit(PAGE), PAGE, phone=typed)
    assert (refused.status_code, slug in refused.text, f'value="{typed}"' in refused.text) == (status, True, True)
    assert 'id="phone-error"' in refused.text


async def test_a_wrong_code_changes_nothing_and_says_so_beside_the_field(browser: Any):
    page = await asked_for(browser)
    refused = await browser.fill_in(page, f"{PAGE}/code", code="00000x")
    assert (refused.status_code, "验证码不正确" in refused.text) == (422, True)
    assert "139****0001" not in (await browser.get(SECURITY)).text
    assert await browser.messages_to(OLD) == []


async def test_a_code_that_one_person_asked_for_is_not_good_for_the_next_in_the_same_browser(browser: Any):
    await asked_for(browser)
    code = await browser.code_to(NEW)
    await browser.sign_in(browser.asked(prompt="login"), "agent")
    refused = await browser.fill_in(await browser.get(f"{PAGE}/code"), f"{PAGE}/code", code=code)
    assert (refused.status_code, "验证码不正确" in refused.text) == (422, True)


async def test_an_old_sign_in_is_renewed_first(browser: Any, clock: Any):
    page = await asked_for(browser)
    code = await browser.code_to(NEW)
    clock.pass_(minutes=11)
    for again in (await browser.get(PAGE), await browser.fill_in(page, f"{PAGE}/code", code=code)):
        assert again.headers["location"].startswith("/sign-in?next=%2Faccount%2Fsecurity%2Fphone")


async def test_the_number_lies_nowhere_in_the_open(gateway: Any, browser: Any):
    await proved(browser)
    names = await gateway.context.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for name in names:
        for row in await gateway.context.pool.fetch(f'SELECT t::text FROM "{name[0]}" t'):  # noqa: S608
            assert NEW not in row[0]


async def test_an_application_changes_it_in_the_same_steps(browser: Any, clock: Any, complete: Any):
    headers = await browser.bearer("citizen")

    async def call(method: str, path: str, **content: str) -> httpx.Response:
        keyed = headers | {"Idempotency-Key": str(uuid4())}
        response: httpx.Response = await browser.request(method, API + path, json=content or None, headers=keyed)
        return response

    assert (await call("GET", "/phone")).json() == {"phone": "154****0007", "change": None}
    same = await call("POST", "/phone/codes", phone=OLD)
    assert (same.status_code, same.json()["type"]) == (409, "/problems/phone-unchanged")
    transaction = (await call("POST", "/phone/codes", phone=NEW)).json()["transaction"]
    wrong = await call("PUT", "/phone", transaction=transaction, code="00000x")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    begun = await call("PUT", "/phone", transaction=transaction, code=await browser.code_to(NEW))
    assert begun.json() == (await call("GET", "/phone")).json()["change"]
    assert (await call("DELETE", "/phone/change")).status_code == 204
    assert (await call("DELETE", "/phone/change")).json()["type"] == "/problems/phone-change-gone"
    clock.pass_(hours=24, minutes=1)
    assert await complete() == 0


async def test_an_application_of_others_or_an_old_sign_in_changes_nothing(browser: Any, clock: Any):
    headers = await browser.bearer("citizen")
    assert (await browser.post(f"{API}/phone/codes", json={"phone": NEW})).status_code == 401
    asked = browser.asked("foreign", scope="openid gateway:read")
    shown = await browser.follow(await browser.ask(asked))
    code = browser.answer(await browser.fill_in(shown, decision="approve"))["code"]
    theirs = (await browser.redeem(asked, code)).json()["access_token"]
    refused = await browser.post(
        f"{API}/phone/codes", json={"phone": NEW}, headers={"Authorization": f"Bearer {theirs}"}
    )
    assert refused.status_code == 403
    clock.pass_(minutes=9, seconds=59)
    assert (await browser.post(f"{API}/phone/codes", json={"phone": NEW}, headers=headers)).status_code == 202
    clock.pass_(seconds=2)
    old = await browser.post(f"{API}/phone/codes", json={"phone": OTHER}, headers=headers)
    assert old.status_code == 401
