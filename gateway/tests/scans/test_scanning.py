"""A phone that is signed in signs in the PC whose code it scans."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
import zxingcpp
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.housekeeping import delete_what_is_over

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0 Safari/537.36"
DOT = 4
"""Pixels a dot is wide."""


def found_in(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def read_picture(shown: httpx.Response) -> str:
    """Return what a phone's camera reads on a page: the picture is drawn dot by dot and given to a reader of codes."""
    svg = unquote(unescape(found_in(r'<img class="qr" src="data:image/svg\+xml;charset=utf-8,([^"]+)"', shown.text)))
    size = int(found_in(r"viewBox='0 0 (\d+) ", svg))
    rows = [bytearray(b"\xff" * size) for _ in range(size)]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", found_in(r" d='([^']+)'", svg)):
        values = [float(it) for it in numbers.split()]
        if command == "h":
            rows[int(y)][int(x) : int(x + values[0])] = b"\0" * int(values[0])
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    large = b"".join(bytes(dot for dot in row for _ in range(DOT)) * DOT for row in rows)
    (found,) = zxingcpp.read_barcodes(memoryview(large).cast("B", (size * DOT, size * DOT)))
    return str(found.text)


@dataclass
class Screen:
    """A PC's browser that shows a code."""

    browser: Any
    asked: Any
    address: str = ""

    async def look(self) -> httpx.Response:
        """Look at the page as it is now."""
        response: httpx.Response = await self.browser.get(self.address)
        return response

    async def number(self) -> str:
        """Return the number that it shows."""
        return found_in(r'<p class="number">(\d\d)</p>', (await self.look()).text)

    async def code(self) -> str:
        """Return the path that its picture leads to."""
        return urlsplit(read_picture(await self.look())).path


async def show_code(browser: Any, **changes: str) -> Screen:
    browser.headers["User-Agent"] = CHROME
    asked = browser.asked(**changes)
    form = await browser.follow(await browser.ask(asked))
    shown = await browser.post("/sign-in/scan", data=browser.hidden(form))
    assert shown.status_code == 303, shown.text
    return Screen(browser, asked, shown.headers["location"])


@pytest.fixture
async def screen(browser: Any) -> Screen:
    return await show_code(browser)


@pytest.fixture
def phone(open_browser: Callable[[], Any]) -> Any:
    return open_browser()


async def approve(phone: Any, screen: Screen, code: str) -> httpx.Response:
    opened = await phone.visit(code)
    response: httpx.Response = await phone.fill_in(opened, decision="approve", number=await screen.number())
    return response


async def claims_of(browser: Any, screen: Screen, response: httpx.Response) -> dict[str, Any]:
    tokens = (await browser.redeem(screen.asked, browser.answer(response)["code"])).json()
    keys = KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
    return dict(jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims)


async def test_the_pc_goes_on_by_itself_when_the_phone_has_agreed(browser: Any, screen: Screen, phone: Any):
    shown = await screen.look()
    assert shown.headers["refresh"] == "3"
    code = await screen.code()
    opened = await phone.visit(code)
    for text in ("一网通办门户", "Chrome · Windows", "127.0.*.*", "与您现在使用的网络相同"):
        assert text in opened.text
    number = await screen.number()
    assert 'class="number"' not in opened.text
    assert "已确认" in (await phone.fill_in(opened, decision="approve", number=number)).text
    assert (await claims_of(browser, screen, await screen.look()))["amr"] == ["scan"]


async def test_the_picture_leads_to_us_and_holds_no_number(screen: Screen):
    address = read_picture(await screen.look())
    assert re.fullmatch(r"http://gateway\.test/scan/[A-Za-z0-9_-]{43}", address)
    assert 'class="number"' not in (await screen.look()).text


async def test_a_person_may_do_without_the_page_that_updates_itself(screen: Screen):
    by_hand = await screen.browser.get(
        re.search(r'href="([^"]*by_hand[^"]*)"', unescape((await screen.look()).text))[1]
    )
    assert "refresh" not in by_hand.headers
    assert "继续" in by_hand.text


async def test_a_wrong_number_ends_it_for_both(screen: Screen, phone: Any):
    code = await screen.code()
    opened = await phone.visit(code)
    wrong = "10" if await screen.number() != "10" else "11"
    assert "不一致" in (await phone.fill_in(opened, decision="approve", number=wrong)).text
    gone = await screen.look()
    assert "已取消" in gone.text
    assert "refresh" not in gone.headers
    assert (await phone.get(code)).status_code == 410
    again = await screen.browser.fill_in(gone)
    assert again.headers["location"] != screen.address


async def test_who_refuses_signs_nobody_in(screen: Screen, phone: Any):
    opened = await phone.visit(await screen.code())
    assert "已拒绝" in (await phone.fill_in(opened, decision="refuse", number="")).text
    assert "已取消" in (await screen.look()).text


async def test_another_browser_gets_nothing_from_an_approved_scan(
    screen: Screen, phone: Any, open_browser: Callable[[], Any]
):
    await approve(phone, screen, await screen.code())
    thief = open_browser()
    await thief.ask(thief.asked())
    address = re.sub(r"&request=[^&]+", "", screen.address)
    assert (await thief.get(address)).status_code == 410
    assert (await screen.look()).status_code == 303


async def test_of_ten_looks_at_once_one_signs_in(gateway: Any, screen: Screen, phone: Any):
    await approve(phone, screen, await screen.code())
    answers = await asyncio.gather(*(screen.look() for _ in range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert (statuses[0], set(statuses[1:]) <= {400, 410}) == (303, True)
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM session WHERE 'scan' = ANY (methods)") == 1


async def test_what_one_phone_has_opened_no_other_answers(screen: Screen, phone: Any, open_browser: Callable[[], Any]):
    code = await screen.code()
    opened = await phone.visit(code)
    stranger = open_browser()
    assert (await stranger.visit(code, "agent")).status_code == 410
    await stranger.visit("/device", "agent")
    assert (await phone.fill_in(opened, decision="approve", number=await screen.number())).status_code == 200


async def test_after_two_minutes_the_code_is_worth_nothing(screen: Screen, phone: Any, clock: Any, gateway: Any):
    code = await screen.code()
    clock.pass_(minutes=2)
    assert (await phone.visit(code)).status_code == 410
    assert "已过期" in (await screen.look()).text
    clock.pass_(days=2)
    await delete_what_is_over(gateway.context.pool, clock())
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM scan") == 0


async def test_forms_of_other_sites_start_and_answer_nothing(screen: Screen, phone: Any, browser: Any):
    code = await screen.code()
    await phone.visit(code)
    form = {"decision": "approve", "number": await screen.number()}
    assert (await phone.post(code, data=form | {"csrf": "x"})).status_code == 403
    assert (await browser.post("/sign-in/scan", data={"csrf": "x"})).status_code == 403


@pytest.mark.parametrize("address", ["/sign-in/scan", "/sign-in/scan?scan=x", f"/sign-in/scan?scan={'0' * 32}"])
async def test_who_made_up_the_address_of_a_screen_finds_nothing(browser: Any, address: str):
    assert (await browser.get(address)).status_code == 410


async def test_a_page_of_our_own_is_reached_by_scanning_too(browser: Any, phone: Any):
    form = await browser.follow(await browser.get("/device"))
    shown = await browser.post("/sign-in/scan", data=browser.hidden(form))
    own = Screen(browser, None, shown.headers["location"])
    await approve(phone, own, await own.code())
    assert (await own.look()).headers["location"] == "/device"


async def test_scanning_is_no_proof_that_is_newer_than_the_phones(browser: Any, phone: Any, clock: Any):
    await phone.visit("/account")
    signed_in_at = int(clock().timestamp())
    clock.pass_(minutes=30)
    screen = await show_code(browser)
    await approve(phone, screen, await screen.code())
    claims = await claims_of(browser, screen, await screen.look())
    assert abs(claims["auth_time"] - signed_in_at) <= 1
    assert (await browser.get("/account/security/password")).headers["location"].startswith("/sign-in?")
    form = await browser.follow(await browser.ask(browser.asked(prompt="login")))
    assert "扫码" not in form.text
    refused = await browser.post("/sign-in/scan", data=browser.hidden(form))
    assert refused.headers["location"].startswith("/sign-in?request=")


async def test_two_factors_that_the_phone_was_shown_count_at_the_screen(
    browser: Any, screen: Screen, phone: Any, gateway: Any
):
    await phone.visit("/account")
    await gateway.context.pool.execute("UPDATE session SET methods = '{pwd,otp,mfa}'")
    await approve(phone, screen, await screen.code())
    assert (await claims_of(browser, screen, await screen.look()))["amr"] == ["scan", "mfa"]


async def test_an_approval_is_void_when_the_phone_is_signed_out(screen: Screen, phone: Any):
    await approve(phone, screen, await screen.code())
    await phone.fill_in(await phone.get("/oauth/end-session"))
    assert (await screen.look()).status_code == 410


async def bearer(browser: Any, client_id: str) -> dict[str, str]:
    redirect = "http://127.0.0.1:9/callback" if client_id == "mobile" else None
    tokens = await browser.tokens(browser.asked(client_id, redirect))
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_our_app_approves_by_api(browser: Any, screen: Screen, phone: Any):
    headers = await bearer(phone, "mobile")
    api = f"/api/gateway/v1/scans/{(await screen.code()).rpartition('/')[2]}"
    seen = (await phone.post(f"{api}/opening", headers=headers)).json()
    assert (seen["application"], seen["device"], seen["same_network"]) == ("一网通办门户", "Chrome · Windows", True)
    answered = await phone.post(f"{api}/approval", json={"number": await screen.number()}, headers=headers)
    assert answered.json() == {"state": "approved"}
    assert (await claims_of(browser, screen, await screen.look()))["amr"] == ["scan"]
    gone = await phone.post(f"{api}/refusal", headers=headers)
    assert (gone.status_code, gone.json()["type"]) == (410, "/problems/scan-gone")


async def test_our_app_refuses_by_api(screen: Screen, phone: Any):
    headers = await bearer(phone, "mobile")
    api = f"/api/gateway/v1/scans/{(await screen.code()).rpartition('/')[2]}"
    await phone.post(f"{api}/opening", headers=headers)
    malformed = await phone.post(f"{api}/approval", json={"number": "1"}, headers=headers)
    assert malformed.json()["errors"][0]["pointer"] == "/number"
    assert (await phone.post(f"{api}/refusal", headers=headers)).json() == {"state": "refused"}
    assert "已取消" in (await screen.look()).text


async def test_a_token_of_another_client_signs_nobody_in(screen: Screen, phone: Any):
    api = f"/api/gateway/v1/scans/{(await screen.code()).rpartition('/')[2]}"
    for headers, problem in ((await bearer(phone, "web"), "not-our-app"), ({}, "not-signed-in")):
        refused = await phone.post(f"{api}/opening", headers=headers)
        assert refused.json()["type"] == f"/problems/{problem}"


async def test_neither_code_nor_address_is_kept_and_the_trail_names_who_agreed(
    gateway: Any, screen: Screen, phone: Any
):
    code = await screen.code()
    await approve(phone, screen, code)
    await screen.look()
    kept = str(dict(await gateway.context.pool.fetchrow("SELECT * FROM scan")))
    assert code.rpartition("/")[2] not in kept
    assert "127.0.0.1" not in kept
    rows = await gateway.context.pool.fetch("SELECT verb, actor FROM audit WHERE verb ~ '^(scan|session)' ORDER BY id")
    verbs = ["scan.shown", "session.started", "scan.opened", "scan.approved", "session.started"]
    assert [row["verb"] for row in rows] == verbs
    assert len({row["actor"] for row in rows[1:]}) == 1
