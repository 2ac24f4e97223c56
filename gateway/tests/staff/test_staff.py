"""Administrators and heads appoint, change and dismiss; it is felt at once, and nobody decides about himself."""

import json
from typing import Any
from uuid import uuid4

import pytest

from gateway.seed import fill

APPROVAL = {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"}
MARKET = {"code": "11130371037106669W", "name": "秦皇岛经济技术开发区市场监督管理局"}
POST = {"region": "130371", "hall": None, "roles": ["approver"], "valid_from": "2026-01-01", "valid_to": None}
CITIZEN = {"name": "赵晓梅", "identity_number": "130371198803171020"}


class Office:
    """People of the gateway, each with the tokens that he has got last."""

    def __init__(self, gateway: Any, open_browser: Any) -> None:
        self.pool = gateway.context.pool
        self._open_browser = open_browser
        self._signed_in: dict[str, tuple[Any, dict[str, Any]]] = {}

    async def sign_in(self, username: str, **asked: str) -> tuple[Any, dict[str, Any]]:
        browser = self._open_browser()
        self._signed_in[username] = browser, await browser.tokens(browser.asked(**asked), username)
        return self._signed_in[username]

    async def call(self, username: str, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        browser, tokens = self._signed_in.get(username) or await self.sign_in(username)
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Idempotency-Key": str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await browser.request(method, f"/api/gateway/v1{path}", json=body, headers=headers)

    async def appoint(self, by: str = "admin", **changes: Any) -> Any:
        return await self.call(by, "POST", "/staff", {"person": CITIZEN, "agency": APPROVAL, **POST, **changes})

    async def refused(self, username: str) -> bool:
        """Tell whether the tokens that somebody has got last are refused."""
        browser, tokens = self._signed_in[username]
        again = await browser.refresh(tokens["refresh_token"])
        return (await browser.userinfo(tokens["access_token"])).status_code == 401 and again.status_code == 400


@pytest.fixture
async def office(gateway: Any, open_browser: Any, seed: dict[str, Any]) -> Office:
    head = {
        **seed["people"][0],
        "username": "head",
        "name": "张振邦",
        "identity_number": "130371197410030919",
        "phone": "15400000201",
        "appointment": {
            "agency": APPROVAL["code"],
            "agency_name": APPROVAL["name"],
            "region": "130371",
            "roles": ["head"],
            "valid_from": "2026-01-01",
        },
    }
    await fill(gateway.transaction, gateway.context.state.cipher, {"people": [head]})
    return Office(gateway, open_browser)


def problem(answer: Any, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text


async def events(office: Office, staff_id: str) -> list[tuple[str, dict[str, Any]]]:
    rows = await office.pool.fetch("SELECT type, payload FROM outbox WHERE key = $1 ORDER BY id", staff_id)
    return [(row["type"].removeprefix("cn.onestop.gateway.staff."), json.loads(row["payload"])) for row in rows]


async def test_whoever_is_appointed_serves_at_once(office: Office):
    before = await office.sign_in("citizen")
    made = (await office.appoint()).json()
    assert (made["name"], made["agency"]["code"], made["roles"], made["valid"]) == (
        "赵**",
        APPROVAL["code"],
        ["approver"],
        True,
    )
    await office.sign_in("citizen")
    me = (await office.call("citizen", "GET", "/me")).json()
    assert (me["kind"], me["agency"], me["roles"]) == ("staff", APPROVAL["code"], ["approver", "staff"])
    assert (await before[0].userinfo(before[1]["access_token"])).status_code == 200
    ((name, told),) = await events(office, made["id"])
    assert (name, told["display_name"], told["roles"]) == ("appointed.v1", "赵**", ["approver"])
    row = await office.pool.fetchrow("SELECT verb, agency FROM audit WHERE key = $1", made["id"])
    assert (row["verb"], row["agency"]) == ("staff.appointed", APPROVAL["code"])


async def test_new_roles_count_at_once_and_old_ones_no_more(office: Office):
    made = (await office.appoint("head")).json()
    await office.sign_in("citizen")
    changed = await office.call("head", "PUT", f"/staff/{made['id']}", POST | {"roles": ["inspector"]}, version=1)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert await office.refused("citizen")
    await office.sign_in("citizen")
    assert (await office.call("citizen", "GET", "/me")).json()["roles"] == ["inspector", "staff"]
    assert [(name, told["roles"]) for name, told in await events(office, made["id"])] == [
        ("appointed.v1", ["approver"]),
        ("appointed.v1", ["inspector"]),
    ]
    problem(await office.call("head", "PUT", f"/staff/{made['id']}", POST, version=1), 412, "stale-version")


async def test_whoever_is_dismissed_is_refused_at_once_and_may_be_appointed_again(office: Office):
    made = (await office.appoint()).json()
    await office.sign_in("citizen")
    gone = await office.call("head", "POST", f"/staff/{made['id']}/dismissal", version=1)
    assert (gone.status_code, gone.json()["valid"]) == (200, False)
    assert await office.refused("citizen")
    browser, _ = await office.sign_in("citizen")
    assert (await office.call("citizen", "GET", "/me")).json()["kind"] == "natural"
    refused = browser.answer(await browser.ask(browser.asked(act=APPROVAL["code"])))
    assert refused["error"] == "access_denied"
    _, (name, told), (last, whole) = await events(office, made["id"])
    assert (name, last) == ("dismissed.v1", "dismissed.v2")
    assert told["valid_to"] == whole["valid_to"] < gone.json()["dismissed_at"]
    assert (whole["display_name"], whole["roles"], whole["person_id"]) == ("赵**", ["approver"], made["person_id"])
    problem(await office.call("head", "POST", f"/staff/{made['id']}/dismissal", version=2), 409, "appointment-ended")
    again = await office.appoint()
    assert (again.status_code, again.json()["id"] != made["id"]) == (201, True)


async def test_his_own_grants_stay_when_he_is_dismissed(office: Office):
    made = (await office.appoint()).json()
    browser, tokens = await office.sign_in("citizen", act="self")
    await office.call("admin", "POST", f"/staff/{made['id']}/dismissal", version=1)
    assert (await browser.userinfo(tokens["access_token"])).status_code == 200


async def test_heads_decide_in_their_agency_and_about_its_roles(office: Office):
    problem(await office.appoint("head", agency=MARKET), 403, "not-permitted")
    problem(await office.appoint("head", roles=["admin"]), 403, "role-not-yours-to-give")
    foreign = (await office.appoint("admin", agency=MARKET)).json()
    problem(await office.call("head", "GET", f"/staff/{foreign['id']}"), 404, "staff-not-found")
    problem(await office.call("head", "PUT", f"/staff/{foreign['id']}", POST, version=1), 404, "staff-not-found")
    led = (await office.appoint("admin", roles=["head"])).json()
    problem(
        await office.call("head", "POST", f"/staff/{led['id']}/dismissal", version=1), 403, "role-not-yours-to-give"
    )


async def test_nobody_decides_about_himself(office: Office):
    himself = {"name": "张振邦", "identity_number": "130371197410030919"}
    problem(await office.appoint("head", person=himself), 403, "own-appointment")
    own = next(it for it in (await office.call("head", "GET", "/staff")).json()["items"] if it["name"] == "张**")
    body = {name: own[name] for name in POST} | {"roles": ["head", "approver"]}
    problem(await office.call("head", "PUT", f"/staff/{own['id']}", body, version=1), 403, "own-appointment")
    problem(await office.call("head", "POST", f"/staff/{own['id']}/dismissal", version=1), 403, "own-appointment")


@pytest.mark.parametrize("who", ["citizen", "agent", "reviewer"])
async def test_nobody_else_decides_or_looks(office: Office, who: str):
    problem(await office.appoint(who), 403, "not-permitted")
    assert (await office.call(who, "GET", "/staff")).json()["items"] == []


async def test_a_list_shows_what_a_get_gives_page_by_page(office: Office):
    await office.appoint("admin", agency=MARKET)
    counted = "SELECT count(*) FROM staff_member WHERE $1 = '' OR agency = $1"
    for who, agency in (("admin", ""), ("head", APPROVAL["code"])):
        seen: list[str] = []
        cursor = ""
        while True:
            page = (await office.call(who, "GET", f"/staff?limit=2{cursor}")).json()
            seen += [it["id"] for it in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert len(set(seen)) == len(seen) == await office.pool.fetchval(counted, agency) > 2
        for staff_id in seen:
            assert (await office.call(who, "GET", f"/staff/{staff_id}")).status_code == 200
    listed = (await office.call("admin", "GET", f"/staff?agency={MARKET['code']}")).json()["items"]
    assert {it["agency"]["code"] for it in listed} == {MARKET["code"]}


async def test_a_person_serves_an_agency_once(office: Office):
    await office.appoint()
    problem(await office.appoint(roles=["reviewer"]), 409, "appointment-exists")
    assert (await office.appoint(agency=MARKET)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"roles": ["emperor"]}, "/roles/0"),
        ({"roles": []}, "/roles"),
        ({"person": {"name": "某某", "identity_number": "11010519491231002X"}}, "/person"),
        ({"agency": APPROVAL | {"code": "11130371037100371R"}}, "/agency/code"),
        ({"region": "秦皇岛"}, "/region"),
        ({"valid_to": "2026-01-31", "valid_from": "2026-02-01"}, "/valid_to"),
    ],
)
async def test_wrong_input_is_refused_with_its_place(office: Office, changes: dict[str, Any], pointer: str):
    refused = await office.appoint(**changes)
    problem(refused, 422, "invalid-fields")
    assert [it["pointer"] for it in refused.json()["errors"]] == [pointer]


async def test_an_appointment_needs_a_recent_sign_in(office: Office, clock: Any):
    await office.sign_in("admin")
    clock.pass_(minutes=9, seconds=50)
    browser, tokens = office._signed_in["admin"]
    fresh = (await browser.refresh(tokens["refresh_token"])).json()
    office._signed_in["admin"] = browser, fresh
    clock.pass_(seconds=15)
    refused = await office.appoint()
    problem(refused, 401, "sign-in-too-old")
