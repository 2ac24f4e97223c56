"""The registry where two people look at everything, as in production: propose, approve, change, history."""

from typing import Any
from uuid import uuid4

import pytest

PATH = "/api/gateway/v1/clients"
MARKET = "11130371037106669W"
ARCHIVE = {
    "client_id": "archive",
    "name": "档案管理系统",
    "token_endpoint_auth_method": "client_secret_basic",
    "client_secret": "kZ3vQ8mT1xW6bN0rY5uJ2cH7fL4pS9dA",
    "redirect_uris": ["https://archive.test/callback"],
    "agency": MARKET,
    "contacts": ["信息中心值班 0335-3926666"],
}


@pytest.fixture
def gateway_settings() -> dict[str, Any]:
    return {"client_review": "required"}


class Office:
    """The people who work with the registry, each with a token."""

    def __init__(self, browser: Any, tokens: dict[str, dict[str, str]]) -> None:
        self._browser = browser
        self.tokens = tokens

    async def get(self, who: str, path: str = "", **query: Any) -> Any:
        return await self._browser.get(PATH + path, params=query, headers=self.tokens[who])

    async def do(self, who: str, path: str, body: Any = None, version: Any = None, method: str = "POST") -> Any:
        headers = self.tokens[who] | {"Idempotency-Key": str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self._browser.request(method, PATH + path, json=body, headers=headers)

    async def approved(self) -> dict[str, Any]:
        """Return the archive, proposed by one and approved by another."""
        proposed = await self.do("admin", "", ARCHIVE)
        approved = await self.do("admin_2", "/archive/approval", version=proposed.json()["version"])
        assert approved.status_code == 200, approved.text
        shown: dict[str, Any] = approved.json()
        return shown


@pytest.fixture
async def office(browser: Any, open_browser: Any) -> Office:
    names = ("admin", "admin_2", "steward", "operator", "citizen")
    return Office(browser, {name: await open_browser().bearer(name) for name in names})


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def is_let_in(browser: Any) -> bool:
    asked = browser.asked("archive").parameters
    return bool((await browser.post("/oauth/par", data=asked, auth=("archive", ARCHIVE["client_secret"]))).is_success)


async def test_a_client_is_let_in_when_a_second_person_has_agreed(browser: Any, office: Office):
    proposed = await office.do("admin", "", ARCHIVE)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed")
    assert not await is_let_in(browser)
    assert (await browser.ask(browser.asked("archive"))).status_code == 400
    assert problem(await office.do("admin", "/archive/approval", version=1)) == (409, "proposed-by-yourself")
    assert problem(await office.do("admin_2", "/archive/approval", version=7)) == (412, "stale-version")
    assert problem(await office.do("admin_2", "/archive/approval")) == (428, "version-required")
    approved = await office.do("admin_2", "/archive/approval", version=1)
    assert (approved.status_code, approved.json()["state"], approved.headers["etag"]) == (200, "active", '"2"')
    assert await is_let_in(browser)
    assert problem(await office.do("admin", "/archive/approval", version=2)) == (409, "wrong-client-state")


async def test_a_registration_that_is_turned_down_has_ended(browser: Any, office: Office):
    await office.do("steward", "", ARCHIVE)
    waiting = (await office.get("admin", state="proposed")).json()["items"]
    assert [it["client_id"] for it in waiting] == ["archive"]
    refused = await office.do("admin", "/archive/refusal", {"reason": "请先完成等保测评"}, version=1)
    assert refused.json()["state"] == "ended"
    assert not await is_let_in(browser)
    assert problem(await office.do("steward", "", ARCHIVE)) == (409, "client-exists")


async def test_a_change_of_one_administrator_waits_for_another(browser: Any, office: Office):
    shown = await office.approved()
    wanted = {name: shown[name] for name in ARCHIVE if name in shown} | {"redirect_uris": ["https://other.test/cb"]}
    del wanted["client_id"]
    drafted = await office.do("admin", "/archive", wanted, shown["version"], "PUT")
    assert drafted.json()["redirect_uris"] == ["https://archive.test/callback"]
    assert drafted.json()["draft"]["changes"] == {"redirect_uris": ["https://other.test/cb"]}
    assert problem(await office.do("admin_2", "/archive", wanted, 2, "PUT")) == (412, "stale-version")
    assert problem(await office.do("admin", "/archive/approval", version=3)) == (409, "proposed-by-yourself")
    assert await is_let_in(browser)
    approved = (await office.do("admin_2", "/archive/approval", version=3)).json()
    assert (approved["redirect_uris"], approved["draft"]) == (["https://other.test/cb"], None)
    assert not await is_let_in(browser)
    history = (await office.get("operator", "/archive/history", limit=2)).json()
    assert [it["version"] for it in history["items"]] == [4, 3]
    assert history["items"][0]["changes"]["redirect_uris"] == [
        ["https://archive.test/callback"],
        ["https://other.test/cb"],
    ]
    rest = (await office.get("operator", "/archive/history", cursor=history["next"])).json()
    assert [it["version"] for it in rest["items"]] == [2, 1]
    assert rest["items"][0]["changes"] == {"state": ["proposed", "active"]}


async def test_a_draft_that_is_turned_down_changes_nothing(office: Office):
    shown = await office.approved()
    wanted = {"name": "档案系统", "token_endpoint_auth_method": "client_secret_basic", "agency": MARKET}
    await office.do("admin", "/archive", wanted, shown["version"], "PUT")
    refused = (await office.do("admin_2", "/archive/refusal", {"reason": "名称不规范"}, version=3)).json()
    assert (refused["name"], refused["draft"], refused["state"]) == ("档案管理系统", None, "active")
    same = await office.do("admin", "/archive", {k: shown[k] for k in fields_of(shown)}, 4, "PUT")
    assert same.headers["etag"] == '"4"'


def fields_of(shown: dict[str, Any]) -> set[str]:
    told = {"client_id", "id", "state", "version", "former_secrets_valid_until", "proposed_by", "draft"}
    return set(shown) - told


async def test_a_department_proposes_its_own_systems_and_sees_no_others(office: Office):
    proposed = await office.do("steward", "", ARCHIVE)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed")
    assert problem(await office.do("steward", "", ARCHIVE | {"agency": None})) == (403, "not-permitted")
    assert problem(await office.do("steward", "", ARCHIVE | {"first_party": True})) == (403, "not-permitted")
    listed = (await office.get("steward")).json()["items"]
    assert [it["client_id"] for it in listed] == ["archive", "department"]
    assert [it["client_id"] for it in (await office.get("admin", agency=MARKET)).json()["items"]] == [
        "archive",
        "department",
    ]
    assert (await office.get("steward", "/archive")).status_code == 200
    for path in ("/web", "/web/history", "/nowhere"):
        assert problem(await office.get("steward", path)) == (404, "client-not-found")
    for action in ("suspension", "refusal", "approval"):
        refused = await office.do("steward", f"/archive/{action}", {"reason": "试"}, version=1)
        assert problem(refused) == (403, "not-permitted"), action
    given_away = {"name": "x", "token_endpoint_auth_method": "client_secret_basic", "agency": "11130371037100371Q"}
    assert problem(await office.do("steward", "/archive", given_away, 1, "PUT")) == (403, "not-permitted")


async def test_a_department_gets_its_own_secret_anew_and_the_old_one_overlaps(
    browser: Any, office: Office, clock: Any, gateway: Any
):
    await office.approved()
    assert problem(await office.do("operator", "/archive/secret", {})) == (403, "not-permitted")
    assert problem(await office.do("steward", "/department/secret", {})) == (409, "wrong-client-state")
    renewed = await office.do("steward", "/archive/secret", {"overlap_hours": 24})
    assert renewed.status_code == 201
    assert renewed.headers["cache-control"] == "no-store"
    asked, secret = browser.asked("archive").parameters, renewed.json()["client_secret"]
    assert (await browser.post("/oauth/par", data=asked, auth=("archive", secret))).status_code == 201
    assert await is_let_in(browser)
    clock.pass_(hours=24)
    assert not await is_let_in(browser)
    assert (await browser.post("/oauth/par", data=asked, auth=("archive", secret))).status_code == 201
    kept = await gateway.context.pool.fetchval(
        "SELECT concat((SELECT string_agg(a::text, '') FROM audit a), (SELECT string_agg(c::text, '') FROM client c),"
        " (SELECT string_agg(h::text, '') FROM client_history h), (SELECT string_agg(i::text, '') FROM idempotency i))"
    )
    assert "client.secret-renewed" in kept
    assert secret not in kept


async def test_moving_to_keys_takes_the_secret_and_nothing_moves_back(browser: Any, office: Office, seed: Any):
    await office.approved()
    keys = next(it["jwks"] for it in seed["clients"] if it["client_id"] == "department")
    wanted = {"name": "档案", "token_endpoint_auth_method": "private_key_jwt", "jwks": keys, "agency": MARKET}
    await office.do("admin", "/archive", wanted, 2, "PUT")
    assert await is_let_in(browser)
    moved = await office.do("admin_2", "/archive/approval", version=3)
    assert moved.json()["token_endpoint_auth_method"] == "private_key_jwt"
    assert not await is_let_in(browser)
    back = {"name": "档案", "token_endpoint_auth_method": "client_secret_basic", "agency": MARKET}
    assert problem(await office.do("admin", "/archive", back, 4, "PUT")) == (422, "invalid-client-metadata")


async def test_who_has_no_business_with_the_registry_is_told_nothing(browser: Any, office: Office):
    await office.approved()
    assert problem(await office.get("citizen")) == (403, "not-permitted")
    assert problem(await office.get("citizen", "/archive")) == (404, "client-not-found")
    assert problem(await office.do("citizen", "/archive/suspension", {"reason": "试"})) == (404, "client-not-found")
    for path in ("", "/archive", "/archive/history"):
        assert (await browser.get(PATH + path)).status_code == 401


async def test_what_opens_the_door_takes_a_fresh_sign_in_and_to_shut_it_does_not(
    office: Office, open_browser: Any, clock: Any
):
    shown = await office.approved()
    browser = open_browser()
    await browser.bearer("admin")
    clock.pass_(minutes=11)
    asked = browser.asked()
    tokens = (await browser.redeem(asked, browser.answer(await browser.ask(asked))["code"])).json()
    office.tokens["admin"] = {"Authorization": f"Bearer {tokens['access_token']}"}
    wanted = {"name": "档案", "token_endpoint_auth_method": "client_secret_basic", "agency": MARKET}
    for action, method, body in (
        ("", "POST", ARCHIVE | {"client_id": "archive-2"}),
        ("/archive", "PUT", wanted),
        ("/archive/approval", "POST", None),
        ("/archive/resumption", "POST", {"reason": "试"}),
        ("/archive/termination", "POST", {"reason": "试"}),
        ("/archive/secret", "POST", {}),
    ):
        refused = await office.do("admin", action, body, shown["version"], method)
        assert problem(refused) == (401, "sign-in-too-old"), action
    assert (await office.do("admin", "/archive/suspension", {"reason": "试"})).status_code == 200
