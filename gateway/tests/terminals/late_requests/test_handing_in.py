"""A terminal hands in what it kept while its line was lost: each request is carried out once, or refused for good."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey

from gateway.housekeeping import delete_what_is_over

BATCHES = "/api/gateway/v1/terminal-batches"
CASES = "/api/intake/v1/cases"


def states(response: httpx.Response) -> list[tuple[int, int | None]]:
    assert response.status_code == 200, response.text
    return [(it["sequence"], it["status"]) for it in response.json()["answers"]]


async def test_what_was_kept_is_carried_out_in_order_in_the_persons_name(
    ledger: Any, stay: str, office: Any, clock: Any
):
    for number in (1, 2, 3):
        ledger.note(stay, {"n": number})
        clock.pass_(seconds=20)
    clock.pass_(hours=5)
    report = await ledger.hand_in()
    assert states(report) == [(1, 201), (2, 201), (3, 201)]
    assert report.json()["answers"][2]["body"] == {"number": 3}
    assert report.json()["answers"][2]["headers"]["position-token"] == "number-3"
    assert (report.json()["next"], report.json()["missing"]) == (4, None)
    assert [body["n"] for _, body in office.done] == [1, 2, 3]
    caller = office.done[0][0]
    assert (caller.kind, caller.name, caller.channel, caller.client) == (
        "natural",
        "赵**",
        "terminal",
        ledger.kiosk.client_id,
    )


async def test_who_hands_in_again_gets_the_same_answers(ledger: Any, stay: str, office: Any, clock: Any):
    ledger.note(stay, {"n": 1})
    ledger.note(stay, {"n": 2}, grant_id=str(uuid4()))
    first = await ledger.hand_in()
    assert states(first) == [(1, 201), (2, 403)]
    ledger.note(stay, {"n": 3})
    clock.pass_(days=4)
    again = await ledger.hand_in()
    assert again.json()["answers"][:2] == first.json()["answers"]
    assert again.json()["answers"][2]["body"]["type"] == "/problems/too-late"
    assert office.asked == 1


async def test_of_many_batches_at_once_each_request_is_done_once(ledger: Any, stay: str, office: Any):
    for number in range(3):
        ledger.note(stay, {"n": number})
    reports = await asyncio.gather(*(ledger.hand_in() for _ in range(5)))
    assert len({json.dumps(it.json()["answers"]) for it in reports}) == 1
    assert [body["n"] for _, body in office.done] == [0, 1, 2]


async def test_a_request_that_was_sent_before_the_line_went_is_known_again(
    ledger: Any, stay: str, office: Any, kiosk: Any, gateway: Any, door_of: Any
):
    token = (await kiosk.tokens())["access_token"]
    headers = kiosk.holder.shown(token, CASES, "POST") | {"Idempotency-Key": "before"}
    sent = await (await door_of(gateway)).post(CASES, json={"n": 1}, headers=headers)
    ledger.note(stay, {"n": 1}, idempotency_key="before")
    assert (await ledger.hand_in()).json()["answers"][0]["body"] == sent.json() == {"number": 1}
    assert len(office.done) == 1


async def test_a_service_that_is_not_well_is_asked_again(ledger: Any, stay: str, office: Any):
    ledger.note(stay, {"n": 1})
    ledger.note(stay, {"n": 2})
    office.status = 503
    waiting = await ledger.hand_in()
    assert states(waiting) == [(1, None), (2, None)]
    assert (waiting.json()["answers"][0]["state"], waiting.json()["next"]) == ("waiting", 1)
    office.status = 0
    assert states(await ledger.hand_in()) == [(1, 201), (2, 201)]
    assert [body["n"] for _, body in office.done] == [1, 2]


async def test_what_a_service_refuses_is_refused_for_good_and_the_next_goes_on(ledger: Any, stay: str, office: Any):
    ledger.note(stay, {"n": 1})
    office.status = 422
    assert states(await ledger.hand_in()) == [(1, 422)]
    office.status = 0
    ledger.note(stay, {"n": 2})
    assert states(await ledger.hand_in()) == [(1, 422), (2, 201)]


async def test_a_gap_is_told_and_nothing_behind_it_is_done(ledger: Any, stay: str, office: Any):
    first, second, third = (ledger.note(stay, {"n": number}) for number in (1, 2, 3))
    report = (await ledger.hand_in(first, third)).json()
    assert ([it["state"] for it in report["answers"]], report["missing"]) == (["answered", "waiting"], 2)
    assert report["next"] == 2
    assert states(await ledger.hand_in(second, third)) == [(2, 201), (3, 201)]
    assert [body["n"] for _, body in office.done] == [1, 2, 3]


async def test_a_chain_that_was_tampered_with_is_refused_whole(
    ledger: Any, stay: str, office: Any, kiosk: Any, gateway: Any, new_ledger: Any
):
    ledger.note(stay, {"n": 1})
    await ledger.hand_in()
    forged = new_ledger(kiosk)
    forged.note(stay, {"n": "other"})
    left_out = new_ledger(kiosk)
    left_out.note(stay, {"n": "left out"})
    left_out.note(stay, {"n": 2})
    for batch in ([forged.signed[0]], [left_out.signed[1]]):
        refused = await ledger.hand_in(*batch)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/broken-chain")
    assert len(office.done) == 1
    verbs = await gateway.context.pool.fetch("SELECT verb FROM audit ORDER BY id DESC LIMIT 1")
    assert verbs[0]["verb"] == "late-request.chain-broken"


@pytest.mark.parametrize(
    "changes",
    [{"key": ECKey.generate_key("P-256")}, {"typ": "JWT"}, {"sequence": 0}, {"more": 1}, {"made_at_text": "yesterday"}],
)
async def test_what_the_terminal_has_not_signed_like_this_is_pointed_at(
    ledger: Any, stay: str, changes: dict[str, Any]
):
    good = ledger.note(stay, {"n": 1})
    ledger.note(stay, {"n": 2}, **changes)
    for batch in ([good, ledger.signed[-1]], [good, good[:-4]], [good, "x"]):
        refused = await ledger.hand_in(*batch)
        assert refused.status_code == 422
        assert [it["pointer"] for it in refused.json()["errors"]] == ["/requests/1"]


async def test_only_what_the_person_agreed_to_counts_after_he_left(ledger: Any, kiosk: Any, office: Any):
    grant_id = (await kiosk.tokens())["grant_id"]
    ledger.note(grant_id, {"n": 1})
    answer = (await ledger.hand_in()).json()["answers"][0]
    assert (answer["status"], answer["body"]["type"]) == (403, "/problems/no-authority")
    assert office.asked == 0


async def test_made_after_the_stay_it_counts_for_nothing(ledger: Any, stay: str, office: Any, clock: Any):
    ledger.note(stay, {"n": 1})
    clock.pass_(minutes=18)
    ledger.note(stay, {"n": 2})
    ledger.note(stay, {"n": 3}, made_at=clock() + timedelta(minutes=10))
    report = await ledger.hand_in()
    assert states(report) == [(1, 201), (2, 403), (3, 422)]
    assert len(office.done) == 1


async def test_one_terminal_does_not_act_by_what_another_was_granted(
    stay: str, office: Any, new_kiosk: Any, new_ledger: Any
):
    other = new_ledger(await new_kiosk(name="二号自助终端"))
    other.note(stay, {"n": 1})
    assert states(await other.hand_in()) == [(1, 403)]
    assert office.asked == 0


async def test_a_consent_that_was_withdrawn_counts_no_more(ledger: Any, stay: str, office: Any, gateway: Any):
    ledger.note(stay, {"n": 1})
    await gateway.context.pool.execute("UPDATE consent SET withdrawn_at = now()")
    assert states(await ledger.hand_in()) == [(1, 403)]
    assert office.asked == 0


async def test_only_services_are_reached(ledger: Any, stay: str):
    ledger.note(stay, {}, path="/api/gateway/v1/terminals")
    ledger.note(stay, {}, path="/api/intake/v1/unknown")
    ledger.note(stay, None, method="GET")
    assert states(await ledger.hand_in()) == [(1, 422), (2, 404), (3, 422)]


async def test_nobody_but_a_terminal_hands_in(ledger: Any, stay: str, browser: Any):
    signed = ledger.note(stay, {})
    tokens = await browser.tokens(browser.asked())
    refused = await browser.post(
        BATCHES, json={"requests": [signed]}, headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert refused.status_code == 403
    assert (await browser.post(BATCHES, json={"requests": [signed]})).status_code == 401


async def test_answers_are_kept_encrypted_and_deeds_in_the_trail(ledger: Any, stay: str, gateway: Any, clock: Any):
    for number in (1, 2):
        ledger.note(stay, {"n": number})
    await ledger.hand_in()
    pool = gateway.context.pool
    kept = await pool.fetch("SELECT answer FROM late_request")
    assert all(b"number" not in row["answer"] for row in kept)
    rows = await pool.fetch("SELECT actor, channel, detail FROM audit WHERE verb = 'late-request.carried-out'")
    assert [(row["channel"], row["detail"]["grant"]) for row in rows] == [("terminal", stay)] * 2
    clock.pass_(days=91)
    await delete_what_is_over(pool, clock())
    assert await pool.fetchval("SELECT array_agg(sequence) FROM late_request") == [2]
