"""Who is erased is gone: signed out, unknown, unreadable; what the law keeps names him by an opaque id only."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.erasures.domain import Erasure, ErasureDecided, Ground, ProposedErasureYourself, State
from gateway.erasures.repository import DESTROYED, KEPT
from gateway.people.tables import person
from gateway.tables import metadata
from onestop_messages.base import TOMBSTONE
from onestop_runtime.fields import Erased

WHY = {"ground": "purpose-over", "reason": "重复登记的账号"}


class House:
    """People of the gateway, each with the tokens that he has got last."""

    def __init__(self, gateway: Any, open_browser: Any) -> None:
        self.pool = gateway.context.pool
        self.cipher = gateway.context.state.cipher
        self._open_browser = open_browser
        self._signed_in: dict[str, tuple[Any, dict[str, Any]]] = {}

    async def sign_in(self, username: str) -> tuple[Any, dict[str, Any]]:
        browser = self._open_browser()
        self._signed_in[username] = browser, await browser.tokens(browser.asked(), username)
        return self._signed_in[username]

    async def call(self, username: str, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        browser, tokens = self._signed_in.get(username) or await self.sign_in(username)
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Idempotency-Key": str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await browser.request(method, f"/api/gateway/v1{path}", json=body, headers=headers)

    async def id_of(self, username: str) -> UUID:
        found: UUID = await self.pool.fetchval("SELECT id FROM person WHERE username = $1", username)
        return found

    async def events(self, key: UUID) -> list[str]:
        rows = await self.pool.fetch("SELECT type FROM outbox WHERE key = $1 ORDER BY id", key)
        return [row["type"].removeprefix("cn.onestop.gateway.") for row in rows]

    async def everything(self) -> str:
        """Return every row of the database as text, but for answers to repeated requests, which live for a day."""
        rows = [
            str(row[0])
            for table in metadata.tables
            for row in await self.pool.fetch(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - our own tables
        ]
        own = await self.pool.fetch("SELECT a::text FROM audit a UNION ALL SELECT o::text FROM outbox o")
        payloads = await self.pool.fetch("SELECT payload FROM outbox")
        return "\n".join([*rows, *(row[0] for row in own), *(row[0].decode() for row in payloads)])


@pytest.fixture
async def house(gateway: Any, open_browser: Any) -> House:
    return House(gateway, open_browser)


def problem(answer: Any, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text


def test_every_table_that_knows_a_person_says_what_becomes_of_him():
    knows = {
        table.name
        for table in metadata.tables.values()
        if any(column.name in ("person_id", "linking") or column.references(person.c.id) for column in table.c)
    }
    assert knows | {"person"} == {table.name for table, _ in DESTROYED} - {"federated_session"} | set(KEPT)


def test_what_hangs_on_a_session_or_a_grant_goes_with_it():
    pointing = [
        key
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in ("session", "access_grant", "federated_identity")
    ]
    gone = {table.name for table, _ in DESTROYED}
    assert pointing
    assert {key.parent.table.name for key in pointing if key.ondelete != "CASCADE"} <= gone


def test_of_four_eyes_two_have_to_be_others():
    proposer, subject, now = uuid4(), uuid4(), datetime(2026, 6, 5, tzinfo=UTC)
    erasure = Erasure(uuid4(), subject, Ground.UNLAWFUL, "误采集", proposer, now)
    for nobody in (proposer, subject):
        with pytest.raises(ProposedErasureYourself):
            erasure.approved(nobody, now)
    done = erasure.approved(uuid4(), now)
    assert (done.state, done.version) == (State.DONE, 2)
    with pytest.raises(ErasureDecided):
        done.refused(uuid4(), "晚了", now)


async def test_who_asks_for_it_is_gone_and_nothing_of_him_can_be_read_again(house: House):
    browser, tokens = await house.sign_in("citizen")
    me = await house.id_of("citizen")
    row = await house.pool.fetchrow("SELECT name, identity_number_index FROM person WHERE id = $1", me)
    known = await house.everything()
    traces = [str(me), "赵**", "citizen", row["identity_number_index"].hex(), row["name"].hex()]
    assert [trace for trace in traces if trace not in known] == []

    done = await house.call("citizen", "POST", "/me/erasure")
    assert (done.status_code, done.json()["state"], done.json()["ground"]) == (200, "done", "consent-withdrawn")

    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.refresh(tokens["refresh_token"])).status_code == 400
    left = await house.everything()
    assert [trace for trace in traces if trace in left] == [str(me)]
    assert (
        await house.pool.fetchval(
            "SELECT num_nonnulls(phone, phone_index, password_hash) FROM person WHERE id = $1", me
        )
        == 0
    )
    assert await house.pool.fetchval("SELECT count(*) FROM data_key WHERE subject = $1", me) == 0
    with pytest.raises(Erased):
        await house.cipher.decrypt(house.pool, me, "person", "name", me, row["name"])
    assert (await house.events(me))[-1] == "person.erased.v1"
    audited = await house.pool.fetch("SELECT verb FROM audit WHERE key = $1 ORDER BY id", me)
    assert audited[-1]["verb"] == "person.erased"
    again = browser.asked()
    assert "用户名或密码" in (await browser.sign_in(again, "citizen")).text


async def test_an_official_proposes_and_another_one_agrees(house: House):
    agent = await house.id_of("agent")
    _, tokens = await house.sign_in("agent")
    browser, _ = house._signed_in["agent"]
    mandate = await house.pool.fetchval("SELECT id FROM mandate WHERE agent_id = $1", agent)
    proposed = await house.call("clerk", "POST", f"/people/{agent}/erasures", WHY)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed")
    erasure = f"/erasures/{proposed.json()['id']}"
    problem(await house.call("admin", "POST", f"/people/{agent}/erasures", WHY), 409, "erasure-exists")
    problem(await house.call("clerk", "POST", f"{erasure}/approval", version=1), 403, "not-permitted")
    problem(await house.call("admin", "POST", f"{erasure}/approval", version=2), 412, "stale-version")
    assert [one["id"] for one in (await house.call("admin", "GET", "/erasures")).json()["items"]] == [
        proposed.json()["id"]
    ]

    done = await house.call("admin", "POST", f"{erasure}/approval", version=1)
    assert (done.status_code, done.json()["state"]) == (200, "done"), done.text
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert (await house.events(mandate))[-2:] == ["mandate.withdrawn.v1", TOMBSTONE.removeprefix("cn.onestop.gateway.")]
    payload = await house.pool.fetchval("SELECT payload FROM outbox WHERE key = $1 ORDER BY id DESC LIMIT 1", mandate)
    assert payload == b""
    problem(await house.call("admin_2", "POST", f"{erasure}/approval", version=2), 409, "erasure-decided")
    problem(await house.call("admin", "POST", f"/people/{agent}/erasures", WHY), 404, "person-not-found")
    assert (await house.call("admin_2", "GET", erasure)).json()["decided_by"] == str(await house.id_of("admin"))


async def test_who_proposed_it_does_not_agree_but_may_take_it_back(house: House):
    citizen = await house.id_of("citizen")
    erasure = (await house.call("admin", "POST", f"/people/{citizen}/erasures", WHY)).json()
    path = f"/erasures/{erasure['id']}"
    problem(await house.call("admin", "POST", f"{path}/approval", version=1), 403, "erasure-proposed-by-yourself")
    refused = await house.call("admin", "POST", f"{path}/refusal", {"reason": "找错了人"}, version=1)
    assert (refused.json()["state"], refused.json()["refusal"]) == ("refused", "找错了人")
    assert (await house.sign_in("citizen"))[1]["access_token"]
    assert (await house.call("admin", "POST", f"/people/{citizen}/erasures", WHY)).status_code == 201


async def test_nobody_goes_on_whom_others_rely(house: House):
    reviewer = await house.id_of("reviewer")
    problem(await house.call("admin", "POST", f"/people/{reviewer}/erasures", WHY), 409, "still-serves")
    problem(await house.call("reviewer", "POST", "/me/erasure"), 409, "still-serves")
    citizen = await house.id_of("citizen")
    await house.pool.execute(
        "UPDATE legal_person SET representative_id = $1, representative_since = current_date,"
        " representative_source = 'window' WHERE credit_code = '91130371MA7001010P'",
        citizen,
    )
    problem(await house.call("citizen", "POST", "/me/erasure"), 409, "still-represents")
    assert await house.pool.fetchval("SELECT count(*) FROM erasure") == 0


async def test_only_who_has_just_signed_in_may_go(house: House, clock: Any):
    browser, tokens = await house.sign_in("citizen")
    clock.pass_(minutes=9, seconds=50)
    house._signed_in["citizen"] = browser, (await browser.refresh(tokens["refresh_token"])).json()
    clock.pass_(seconds=15)
    problem(await house.call("citizen", "POST", "/me/erasure"), 401, "sign-in-too-old")


async def test_an_appointment_of_the_past_leaves_the_topic_too(house: House):
    reviewer = await house.id_of("reviewer")
    staff = await house.pool.fetchrow("SELECT id, version FROM staff_member WHERE person_id = $1", reviewer)
    gone = await house.call("admin", "POST", f"/staff/{staff['id']}/dismissal", version=staff["version"])
    assert gone.status_code == 200
    assert (await house.call("reviewer", "POST", "/me/erasure")).status_code == 200
    assert (await house.events(staff["id"]))[-3:] == ["staff.dismissed.v1", "staff.dismissed.v2", TOMBSTONE]
    assert await house.pool.fetchval("SELECT count(*) FROM staff_member WHERE person_id = $1", reviewer) == 1
