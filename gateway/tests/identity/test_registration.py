"""Who registers proves his phone, says who he is, and learns nothing about anybody else."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

PHONE = "13800000017"
NUMBER = "11010519491231002X"
CITIZENS_NUMBER = "130371198803171020"
CITIZENS_PHONE = "15400000007"
DETAILS = {
    "name": "欧阳·娜",
    "identity_number": NUMBER,
    "username": "ouyang",
    "password": "山海关的老龙头真好看",
}
API = "/api/gateway/v1/registrations"


async def proved(browser: Any, phone: str = PHONE, start: str = "/register") -> httpx.Response:
    """Go as far as the page that asks for the details."""
    asked = await browser.fill_in(await browser.get(start), phone=phone)
    typed = await browser.fill_in(await browser.follow(asked), code=await browser.code_to(phone))
    return await browser.follow(typed)


async def levels(gateway: Any, username: str) -> int:
    level: int = await gateway.context.pool.fetchval("SELECT assurance FROM person WHERE username = $1", username)
    return level


async def test_a_person_registers_is_signed_in_and_known_by_his_phone(gateway: Any, browser: Any):
    entered = await browser.fill_in(await proved(browser), **DETAILS)
    assert entered.headers["location"] == "/account"
    assert "欧***" in (await browser.get("/account")).text
    assert await levels(gateway, "ouyang") == 1
    assert "ouyang" in (await browser.messages_to(PHONE))[0]
    events = await gateway.context.pool.fetch("SELECT type FROM outbox ORDER BY id DESC LIMIT 2")
    assert [it["type"].rpartition("gateway.")[2] for it in events] == ["person.verified.v1", "person.registered.v1"]


async def test_who_came_from_a_client_goes_back_to_it(browser: Any, open_browser: Callable[[], Any]):
    asked = browser.asked()
    shown = await browser.follow(await browser.ask(asked))
    start = re.search(r'href="(/register[^"]+)"', shown.text)
    assert start
    code = browser.answer(await browser.fill_in(await proved(browser, start=start[1]), **DETAILS))["code"]
    tokens = (await browser.redeem(asked, code)).json()
    assert (await browser.userinfo(tokens["access_token"])).json()["preferred_username"] == "ouyang"
    again = open_browser()
    assert again.answer(await again.sign_in(again.asked(), "ouyang", DETAILS["password"]))["code"]


async def test_a_phone_that_has_an_account_looks_like_any_other(browser: Any, open_browser: Callable[[], Any]):
    def comparable(response: httpx.Response) -> tuple[int, str]:
        return response.status_code, re.sub(r'value="[^"]*"', "", response.text)

    other = open_browser()
    known = await browser.fill_in(await browser.get("/register"), phone=CITIZENS_PHONE)
    new = await other.fill_in(await other.get("/register"), phone=PHONE)
    assert known.headers["location"] == new.headers["location"]
    shown = await browser.follow(known)
    assert comparable(shown) == comparable(await other.follow(new))
    assert comparable(await browser.fill_in(shown, code="000000")) == comparable(
        await other.fill_in(await other.follow(new), code="000000")
    )
    (told,) = await browser.messages_to(CITIZENS_PHONE)
    assert "已有账号（ag***）" in told or "已有账号（ci***）" in told
    assert not re.search(r"\d{6}", told)


async def test_a_number_that_was_verified_for_somebody_else_is_taken_as_said_and_its_owner_told(
    gateway: Any, browser: Any
):
    entered = await browser.fill_in(await proved(browser), **DETAILS | {"identity_number": CITIZENS_NUMBER})
    assert entered.headers["location"] == "/account"
    assert await levels(gateway, "ouyang") == 1
    assert "公民身份号码" in (await browser.messages_to(CITIZENS_PHONE))[0]


async def test_what_is_wrong_is_said_beside_each_field_and_what_was_typed_is_kept(browser: Any):
    page = await proved(browser)
    wrong = {"name": "1", "identity_number": "130371198803171021", "username": "Ou Yang"}
    refused = await browser.fill_in(page, **DETAILS | wrong)
    assert refused.status_code == 422
    for field, said in (("name", "证件上的姓名"), ("identity_number", "校验码"), ("username", "小写字母开头")):
        assert re.search(rf'aria-describedby="[^"]*{field}-error"', refused.text)
        assert re.search(rf'id="{field}-error">[^<]*{said}', refused.text)
    assert 'value="Ou Yang"' in refused.text
    assert DETAILS["password"] not in refused.text
    assert (await browser.fill_in(refused, **DETAILS)).headers["location"] == "/account"


async def test_a_taken_name_and_an_easy_password_are_refused_and_the_phone_stays_proved(browser: Any):
    page = await proved(browser)
    taken = await browser.fill_in(page, **DETAILS | {"username": "Citizen"})
    assert taken.status_code == 409
    assert 'id="username-error"' in taken.text
    easy = await browser.fill_in(page, **DETAILS | {"password": "ouyang1949"})
    assert easy.status_code == 422
    assert 'id="password-error"' in easy.text
    assert (await browser.fill_in(page, **DETAILS)).headers["location"] == "/account"


async def test_nobody_registers_without_a_proved_phone_nor_twice_with_one(
    gateway: Any, browser: Any, open_browser: Callable[[], Any]
):
    page = await browser.get("/register/details")
    assert (await browser.fill_in(page, **DETAILS)).status_code == 422
    page = await proved(browser)
    stranger = open_browser()
    stolen = await stranger.fill_in(await stranger.get("/register/details"), **DETAILS)
    assert stolen.status_code == 422
    outcomes = await asyncio.gather(
        *(browser.fill_in(page, **DETAILS | {"username": f"ouyang{number}"}) for number in range(5))
    )
    assert sorted(it.status_code for it in outcomes) == [303, 422, 422, 422, 422]
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM person WHERE username LIKE 'ouyang%'") == 1


async def test_who_took_too_long_is_led_back_to_the_phone(browser: Any, clock: Any):
    page = await proved(browser)
    clock.pass_(minutes=31)
    late = await browser.fill_in(page, **DETAILS)
    assert (late.status_code, "已过期" in late.text, '<a href="/register">重新验证' in late.text) == (422, True, True)
    assert 'value="欧阳·娜"' in late.text


async def test_a_form_from_elsewhere_registers_nobody(browser: Any, open_browser: Callable[[], Any]):
    shown = await open_browser().get("/register")
    assert (await browser.fill_in(shown, phone=PHONE)).status_code == 403
    await browser.get("/register")
    assert (await browser.fill_in(shown, phone=PHONE)).status_code == 403
    assert await browser.messages_to(PHONE) == []


async def test_an_application_registers_in_three_steps(gateway: Any, browser: Any):
    sent = await browser.post(f"{API}/codes", json={"phone": "138 0000 0017"})
    assert sent.status_code == 202
    held = {"transaction": sent.json()["transaction"]}
    wrong = await browser.post(f"{API}/proofs", json={**held, "code": "x"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    code = await browser.code_to(PHONE)
    foreign = await browser.post(f"{API}/proofs", json={"transaction": "another", "code": code})
    assert foreign.status_code == 422
    assert (await browser.post(f"{API}/proofs", json={**held, "code": code})).status_code == 204
    made = await browser.post(API, json={**held, **DETAILS})
    assert (made.status_code, made.json()["acr"]) == (201, "1")
    assert await levels(gateway, "ouyang") == 1
    again = await browser.post(API, json={**held, **DETAILS})
    assert (again.status_code, again.json()["type"]) == (422, "/problems/wrong-code")


async def test_the_api_says_at_once_everything_that_is_wrong(browser: Any):
    wrong = {"name": "1", "identity_number": "1", "username": "1"}
    refused = await browser.post(API, json={"transaction": "t", **DETAILS, **wrong})
    assert refused.status_code == 422
    assert {it["pointer"] for it in refused.json()["errors"]} == {"/name", "/identity_number", "/username"}
    phone = await browser.post(f"{API}/codes", json={"phone": "110"})
    assert (phone.status_code, phone.json()["type"]) == (422, "/problems/invalid-phone")


@pytest.mark.parametrize("canary", [PHONE, NUMBER, "欧阳", DETAILS["password"]])
async def test_nothing_of_it_lies_open_in_database_logs_or_events(
    gateway: Any, browser: Any, caplog: pytest.LogCaptureFixture, canary: str
):
    await browser.fill_in(await proved(browser), **DETAILS)
    names = await gateway.context.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [
        row[0]
        for name in names
        for row in await gateway.context.pool.fetch(f'SELECT t::text FROM "{name[0]}" t')  # noqa: S608
    ]
    assert rows
    assert not [row for row in rows if canary in row or canary.encode().hex() in row]
    assert canary not in caplog.text
