"""What is taken away, dropped or done twice by hand is found, and named with the event that should have carried it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from intake_world import AGENT, CLERK, read
from town import API, OPERATOR, Town

from onestop_runtime import ledger
from onestop_runtime.caller import Caller
from svc_workflow.service import conservation

CORRECTION = {"items": [{"material_code": "M01", "reason": "缺少签字，请补签。"}]}
REFUSAL = {"kind": "no-licence-needed", "reason": "该事项依法不需要取得行政许可。"}


async def test_a_town_in_which_everything_happened_adds_up(town: Town):
    await town.submitted()
    await town.act(CLERK, await town.submitted(), "correction-notice", CORRECTION)
    await town.act(CLERK, await town.submitted(), "refusal", REFUSAL)
    await town.act(AGENT, await town.submitted(), "withdrawal")
    await town.act(AGENT, await town.accepted(), "withdrawal")
    await town.carry()
    for outcome in ("granted", "denied"):
        case = await town.decided(outcome)
        await town.carry()
    await town.accepted()
    await town.close_tasks()
    await town.check(1)
    told = await town.totals()
    assert told["settled"], told
    assert told["cases"] == {
        "submitted": 8, "waiting": 2, "refused": 1, "withdrawn": 2, "in_procedure": 1, "concluded": 2, "unaccounted": 0,
    }  # fmt: skip
    assert told["procedure"] == {"accepted": 4, "running": 1, "decided": 2, "withdrawn": 1}
    assert {one["obligation"]: (one["owed"], one["met"]) for one in told["obligations"]} == {
        "notice": (2, 2), "certificate": (1, 1), "disclosure": (1, 1),
    }  # fmt: skip
    assert await town.findings(case) == {}


async def gone(town: Town, service: str, statement: str, case: dict[str, Any]) -> None:
    assert await town.pool(service).execute(statement, case["id"]) != "DELETE 0"


@pytest.mark.parametrize(
    ("service", "statement", "leg", "event"),
    [
        ("datashare", "DELETE FROM licence WHERE case_id = $1::text::uuid", "certificate", "licence.issued"),
        ("credit", "DELETE FROM record WHERE case_id = $1::text::uuid", "disclosure", "decision.made"),
    ],
)
async def test_an_obligation_deleted_by_hand_is_missing(town: Town, service: str, statement: str, leg: str, event: str):
    case = await town.decided()
    await town.carry()
    await gone(town, service, statement, case)
    await town.check()
    assert not (await town.totals())["balanced"]
    ((place, found),) = (await town.findings(case)).items()
    assert place == (leg, "missing", service)
    assert (found["standing"], found["stage"]) == ("open", "effect_gone")
    assert found["event"]["type"] == f"cn.onestop.workflow.{event}.v1"
    assert found["event"]["key"]
    assert found["case_id"] == case["id"]


async def test_a_waiting_case_deleted_by_hand_is_missing_though_no_other_service_ever_heard_of_it(town: Town):
    case = await town.submitted()
    await gone(town, "intake", "DELETE FROM case_file WHERE id = $1::text::uuid", case)
    await town.check()
    (found,) = (await town.findings(case)).values()
    assert (found["leg"], found["flaw"], found["service"]) == ("entry", "missing", "intake")
    assert found["event"]["type"] == "cn.onestop.intake.case.submitted.v1"
    assert (await town.totals())["cases"]["unaccounted"] >= 1


async def test_the_register_of_receipts_lets_nobody_take_a_line_out(town: Town):
    with pytest.raises(Exception, match="registered once"):
        await town.pool("intake").execute("DELETE FROM receipt_register")


async def test_a_proceeding_deleted_by_hand_is_missing(town: Town):
    case = await town.accepted()
    await town.close_tasks()
    for table in ("task", "token", "timer", "proceeding_history"):
        await town.pool("workflow").execute(
            f"DELETE FROM {table} t USING proceeding p "  # noqa: S608 - names of the list above
            "WHERE p.id = t.proceeding_id AND p.case_id = $1::text::uuid",
            case["id"],
        )
    await gone(town, "workflow", "DELETE FROM proceeding WHERE case_id = $1::text::uuid", case)
    await town.check()
    ((place, found),) = (await town.findings(case)).items()
    assert place == ("procedure", "missing", "workflow")
    assert (found["event"]["type"], found["stage"]) == ("cn.onestop.intake.case.accepted.v1", "effect_gone")


async def test_a_decision_deleted_by_hand_leaves_effects_without_origin(town: Town):
    case = await town.decided()
    await town.carry()
    workflow = town.pool("workflow")
    await workflow.execute("DELETE FROM licence WHERE case_id = $1::text::uuid", case["id"])
    await workflow.execute(
        "DELETE FROM decision d USING proceeding p WHERE p.id = d.proceeding_id AND p.case_id = $1::text::uuid",
        case["id"],
    )
    await town.check()
    found = await town.findings(case)
    assert set(found) == {
        ("notice", "unfounded", "intake"),
        ("certificate", "unfounded", "datashare"),
        ("disclosure", "unfounded", "credit"),
    }
    assert {one["stage"] for one in found.values()} == {"origin_gone"}


async def test_an_effect_that_was_done_twice_is_doubled(town: Town):
    case = await town.decided()
    await town.carry()
    await town.pool("datashare").execute(
        "INSERT INTO licence SELECT (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), "
        "'identifier', l.identifier || 'x'))).* FROM licence l WHERE case_id = $1::text::uuid",
        case["id"],
    )
    await town.check()
    assert set(await town.findings(case)) == {("certificate", "doubled", "datashare")}


async def lost(town: Town, event: str) -> tuple[dict[str, Any], dict[Any, dict[str, Any]], list[dict[str, Any]]]:
    """Return a case of which an event was dropped, what is found of it, and the event."""
    if event == "case.withdrawn":
        case = await town.accepted()
        await town.act(AGENT, case, "withdrawal")
    elif event == "case.accepted":
        case = await town.intake.accepted()
    else:
        case = await town.decided()
    dropped = await town.carry(without=event)
    await town.close_tasks()
    await town.check()
    return case, await town.findings(case), dropped


@pytest.mark.parametrize(
    ("event", "places"),
    [
        ("case.accepted", {("procedure", "missing", "workflow")}),
        ("case.withdrawn", {("procedure", "missing", "workflow")}),
        ("decision.made", {("notice", "missing", "intake"), ("disclosure", "missing", "credit")}),
        ("licence.issued", {("notice", "missing", "intake"), ("certificate", "missing", "datashare")}),
    ],
)
async def test_an_event_dropped_by_hand_is_named_and_when_it_is_made_good_all_adds_up(
    town: Town, event: str, places: set[tuple[str, str, str]]
):
    case, found, dropped = await lost(town, event)
    assert set(found) == places
    (row,) = dropped
    for one in found.values():
        assert (one["standing"], one["stage"]) == ("open", "lost")
        assert one["event"] == {
            "type": row["type"], "topic": row["topic"], "key": str(row["key"]), "sequence": row["sequence"],
        }  # fmt: skip
    await town.hand_over(row)
    await town.carry()
    await town.check(1)
    assert await town.findings(case) == {}
    resolved = await town.findings(case, resolved="true")
    assert set(resolved) == places
    assert all(one["resolved_at"] for one in resolved.values())


async def test_what_is_on_its_way_is_not_missing(town: Town):
    before = (await town.totals())["findings"]
    case = await town.intake.accepted()
    await town.check()
    (found,) = (await town.findings(case)).values()
    assert (found["standing"], found["stage"]) == ("travelling", "in_outbox")
    after = (await town.totals())["findings"]
    assert after == before | {"travelling": before["travelling"] + 1}
    await town.carry()
    await town.close_tasks()
    await town.check(1)
    assert await town.findings(case) == {}
    assert await town.findings(case, resolved="true") == {}


async def test_what_is_set_aside_is_held_and_named(town: Town):
    case = await town.intake.accepted()
    topic = "onestop.intake.case"
    await town.pool("intake").execute(
        "INSERT INTO outbox_quarantine (topic, key, outbox_id, error) VALUES ($1, $2::text::uuid, 1, 'TooLarge')",
        topic,
        case["id"],
    )
    await town.check()
    (found,) = (await town.findings(case)).values()
    assert (found["standing"], found["stage"]) == ("held", "quarantined")
    await town.pool("intake").execute("DELETE FROM outbox_quarantine")
    await town.pool("workflow").execute("ALTER TABLE proceeding ADD CONSTRAINT broken CHECK (false) NOT VALID")
    await town.carry()
    await town.pool("workflow").execute("ALTER TABLE proceeding DROP CONSTRAINT broken")
    await town.check()
    (found,) = (await town.findings(case)).values()
    assert (found["standing"], found["stage"]) == ("held", "dead_letter")


async def test_a_service_that_does_not_show_its_books_hides_nothing_of_the_others(town: Town):
    case = await town.submitted()
    await gone(town, "intake", "DELETE FROM case_file WHERE id = $1::text::uuid", case)
    books = town.clients["workflow"].context.state
    away = books.pop("credit")
    try:
        await town.check()
    finally:
        books["credit"] = away
    assert set(await town.findings(case)) == {("entry", "missing", "intake")}


@pytest.mark.parametrize("caller", [None, AGENT, CLERK])
async def test_cases_are_named_only_to_who_looks_after_them(town: Town, caller: Caller | None):
    client = town.clients["workflow"]
    asking: httpx.AsyncClient = client.as_(caller) if caller else client
    assert (await asking.get(API)).status_code == 200
    expected = 403 if caller else 401
    assert (await asking.get(f"{API}/findings")).status_code == expected
    assert (await asking.post(f"{API}/runs", json={})).status_code == expected


@pytest.mark.parametrize("service", ["intake", "datashare", "credit"])
async def test_the_books_are_shown_to_the_one_who_compares_and_to_nobody_else(town: Town, service: str):
    path = "/system/v1/ledger/whereabouts?topic=t&key=018f3b1c-7e4a-7c21-9a55-000000000021"
    client = town.clients[service]
    assert (await client.get(path)).status_code == 401
    for caller in (OPERATOR, Caller(kind="system", client="svc-intake", channel="internal"),
                   Caller(kind="system", client="a-department", channel="api")):  # fmt: skip
        assert (await client.as_(caller).get(path)).status_code == 403


async def test_the_patrol_finds_by_itself_and_one_process_at_a_time_goes_round(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(conservation, "FOLLOW_SECONDS", 0)
    context = town.clients["workflow"].context
    case = await town.submitted()
    await gone(town, "intake", "DELETE FROM case_file WHERE id = $1::text::uuid", case)
    await context.pool.execute("UPDATE conservation_patrol SET next_at = $1", town.clock())
    went = await asyncio.gather(*(conservation.go_round(context) for _ in range(3)))
    assert sorted(went) == [False, False, True]
    (found,) = (await town.findings(case)).values()
    assert (found["standing"], found["stage"]) == ("open", "effect_gone")
    assert not await conservation.go_round(context)
    town.clock.instant += timedelta(minutes=5)
    assert await conservation.go_round(context)
    assert (await town.totals())["checked_at"]


async def test_a_check_that_was_asked_for_is_done_once_and_tells_its_period(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(conservation, "FOLLOW_SECONDS", 0)
    client = town.clients["workflow"].as_(OPERATOR)
    asked = await client.post(f"{API}/runs", json={"since": "2026-03-01", "until": "2026-03-31"})
    assert (asked.status_code, asked.json()["result"]) == (202, None)
    address = asked.headers["location"]
    assert await conservation.answer(client.context)
    assert not await conservation.answer(client.context)
    told = read(await client.get(address))
    assert told["ended_at"]
    assert told["error"] is None
    assert told["result"]["cases"] == (await town.totals())["cases"]
    assert (await client.get(address[:-1] + ("0" if address[-1] != "0" else "1"))).status_code == 404
    refused = await client.post(f"{API}/runs", json={"since": "2026-03-31", "until": "2026-03-01"})
    assert refused.status_code == 422


async def test_books_are_read_page_by_page(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger, "PAGE", 2)
    books = town.clients["workflow"].context.state["intake"]
    day = town.clock().date()
    every = [f"{number:02x}" for number in range(256)]
    entries = await books.entries("entered", day, every)
    rows = await town.pool("intake").fetch("SELECT case_id FROM receipt_register WHERE received_on = $1", day)
    assert len(entries) > 4
    assert sorted(one.id for one in entries) == sorted(row["case_id"] for row in rows)
    _, days = await books.days("entered", day, day)
    shards = await books.shards("entered", day)
    assert days[day].count == sum(one.count for one in shards.values()) == len(entries)
    assert days[day].digest == sum(one.digest for one in shards.values()) % (1 << 64)


async def test_a_licence_that_ended_and_a_record_that_was_withdrawn_are_still_there(town: Town):
    case = await town.decided()
    await town.carry()
    ended = "UPDATE licence SET ending = 'revoked', ended_on = issued_on WHERE case_id = $1::text::uuid"
    await town.pool("datashare").execute(ended, case["id"])
    await town.pool("credit").execute(
        "UPDATE record SET state = 'withdrawn' WHERE case_id = $1::text::uuid", case["id"]
    )
    await town.check(1)
    assert await town.findings(case) == {}
    told = {one["obligation"]: one["by_state"] for one in (await town.totals())["obligations"]}
    assert told["certificate"]["ended"] == 1
    assert told["disclosure"]["withdrawn"] == 1


async def test_a_decision_of_a_type_that_no_rule_discloses_owes_no_record(town: Town):
    credit = town.pool("credit")
    await credit.execute("UPDATE disclosure_rule SET item_type = 'x' || item_type")
    case = await town.decided()
    await town.carry()
    await credit.execute("UPDATE disclosure_rule SET item_type = substr(item_type, 2)")
    await town.check(1)
    assert await town.findings(case) == {}
    told = {one["obligation"]: one["by_state"] for one in (await town.totals())["obligations"]}
    assert told["disclosure"]["no_rule"] == 1
