"""A person sees what the audit trail says about him; staff see it for a purpose, and he sees that they did."""

from typing import Any

import pytest

from gateway.seed import fill


class Reader:
    """Somebody who is signed in and reads records."""

    def __init__(self, browser: Any, tokens: dict[str, Any]) -> None:
        self.browser = browser
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.tokens = tokens

    async def get(self, path: str) -> Any:
        return await self.browser.get(f"/api/gateway/v1{path}", headers=self.headers)

    async def own(self) -> list[dict[str, Any]]:
        """Return all records, read page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = (await self.get(f"/records?limit=3{cursor}")).json()
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def subject(self) -> str:
        return str((await self.get("/me")).json()["sub"])


SUPERVISOR = {
    "username": "supervisor",
    "name": "徐守正",
    "identity_number": "130371196507070031",
    "phone": "15400000301",
    "appointment": {
        "agency": "11130371037100005W",
        "agency_name": "秦皇岛经济技术开发区管理委员会",
        "region": "130371",
        "roles": ["supervisor"],
        "valid_from": "2026-01-01",
    },
}


@pytest.fixture
async def reads(gateway: Any, open_browser: Any, seed: dict[str, Any]) -> Any:
    """Return a function that signs somebody in."""
    supervisor = SUPERVISOR | {"password_hash": seed["people"][0]["password_hash"]}
    await fill(gateway.transaction, gateway.context.state.cipher, {"people": [supervisor]})

    async def sign_in(username: str, **asked: str) -> Reader:
        browser = open_browser()
        return Reader(browser, await browser.tokens(browser.asked(**asked), username))

    return sign_in


def problem(answer: Any, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text


async def test_a_person_sees_what_he_did_the_newest_first(reads: Any):
    citizen = await reads("citizen")
    records = await citizen.own()
    assert [it["verb"] for it in records] == ["grant.given", "session.started", "person.registered"]
    assert [it["text"] for it in records] == ["进入应用", "登录", "登记身份信息"]
    assert [it["by_oneself"] for it in records] == [True, True, False]
    assert records[0]["client"] == {"client_id": "web", "name": "一网通办门户"}
    assert "token.issued" not in str(records)


async def test_pages_show_each_record_once(reads: Any):
    citizen = await reads("citizen")
    for _ in range(4):
        await citizen.browser.tokens(citizen.browser.asked(prompt="login"), "citizen")
    paged = await citizen.own()
    assert paged == (await citizen.get("/records?limit=100")).json()["items"]
    assert len(paged) == 11
    problem(await citizen.get("/records?cursor=x"), 400, "invalid-cursor")


async def test_a_person_sees_that_somebody_tried_his_password(reads: Any, open_browser: Any):
    stranger = open_browser()
    await stranger.sign_in(stranger.asked(), "citizen", "geraten")
    refused = next(it for it in await (await reads("citizen")).own() if it["verb"] == "sign-in.refused")
    assert (refused["text"], refused["by_oneself"], refused["actor_kind"]) == ("登录失败", False, "anonymous")


async def test_a_person_sees_that_a_stolen_token_ended_his_grant(reads: Any):
    citizen = await reads("citizen")
    stolen = citizen.tokens["refresh_token"]
    await citizen.browser.refresh(stolen)
    await citizen.browser.refresh(stolen)
    citizen = await reads("citizen")
    revoked = next(it for it in await citizen.own() if it["verb"] == "grant.revoked")
    assert revoked["detail"] == {"reason": "refresh-token-replayed"}


async def test_nobody_sees_what_concerns_somebody_else(reads: Any):
    agent, citizen = await reads("agent"), await reads("citizen")
    company, own = await agent.own(), await citizen.own()
    assert "mandate.given" in {it["verb"] for it in company}
    assert "mandate.given" not in {it["verb"] for it in own}
    assert not {it["key"] for it in company} & {it["key"] for it in own}


async def test_a_supervisor_looks_for_a_purpose_and_the_person_sees_it(gateway: Any, reads: Any):
    citizen, supervisor = await reads("citizen"), await reads("supervisor")
    person_id = await citizen.subject()
    path = f"/people/{person_id}/records?purpose=complaint&reference=秦开诉〔2026〕7号"
    problem(await supervisor.get(path), 422, "invalid-fields")
    seen = await supervisor.get(path.replace("秦开诉", ""))
    assert [it["verb"] for it in seen.json()["items"]] == ["grant.given", "session.started", "person.registered"]
    for personal in ("赵晓梅", "130371198803171020", "15400000007"):
        assert personal not in seen.text
    (looked,) = [it for it in await citizen.own() if it["verb"] == "records.inspected"]
    assert (looked["text"], looked["actor_kind"]) == ("工作人员查阅记录", "staff")
    assert looked["detail"] == {"purpose": "complaint", "reference": "〔2026〕7号"}
    actor = await gateway.context.pool.fetchval("SELECT actor FROM audit WHERE verb = 'records.inspected'")
    assert str(actor) == await supervisor.subject()


async def test_whoever_looks_says_why(reads: Any):
    supervisor, citizen = await reads("supervisor"), await reads("citizen")
    person_id = await citizen.subject()
    for query in ("", "?purpose=curiosity"):
        refused = await supervisor.get(f"/people/{person_id}/records{query}")
        problem(refused, 422, "invalid-fields")
        assert [it["pointer"] for it in refused.json()["errors"]] == ["?purpose"]
    nobody = await supervisor.get("/people/01a2199f-56fe-7abc-b476-8a813766431c/records?purpose=audit")
    problem(nobody, 404, "person-not-found")
    assert "records.inspected" not in {it["verb"] for it in await citizen.own()}


@pytest.mark.parametrize("username", ["citizen", "agent", "reviewer"])
async def test_nobody_else_looks_into_records_of_others(reads: Any, username: str):
    admin, curious = await reads("admin"), await reads(username)
    problem(await curious.get(f"/people/{await admin.subject()}/records?purpose=audit"), 403, "not-permitted")


async def test_the_page_shows_the_same_in_both_languages(reads: Any):
    citizen = await reads("citizen")
    shown = await citizen.browser.get("/account/records")
    assert (shown.status_code, "进入应用" in shown.text, "一网通办门户" in shown.text) == (200, True, True)
    assert "Application entered" in (await citizen.browser.get("/account/records?language=en")).text
    assert (await citizen.browser.get("/account/records?cursor=x")).status_code == 400


async def test_the_page_leads_to_earlier_records(reads: Any):
    citizen = await reads("citizen")
    for _ in range(26):
        await citizen.browser.ask(citizen.browser.asked())
        await citizen.browser.get("/choose")
        token = citizen.browser.hidden(await citizen.browser.get("/choose"))
        await citizen.browser.post("/choose", data=token | {"act": "self"})
    first = await citizen.browser.get("/account/records")
    assert first.text.count("<tr><td>") == 50
    link = first.text.partition('<a href="/account/records?cursor=')[2].partition('"')[0]
    older = await citizen.browser.get(f"/account/records?cursor={link}")
    assert "登记身份信息" in older.text
    assert "登记身份信息" not in first.text
