"""What two services must say alike, what it is called when they do not, and how far the event came."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from onestop_messages import EVENTS
from svc_workflow.domain import conservation as rules
from svc_workflow.domain.conservation import (
    CERTIFICATE,
    DISCLOSURE,
    ENTRY,
    LEGS,
    NOTICE,
    PROCEDURE,
    Entry,
    Finding,
    Flaw,
    Leg,
    Sent,
    Stage,
    Standing,
    Taken,
    compare,
    older_days,
    trace,
)

DAY = date(2026, 3, 20)
CASE, DECISION, KEY, LICENCE = (UUID(int=number) for number in range(1, 5))
NOW = datetime(2026, 3, 20, 7, tzinfo=UTC)


def differing(leg: Leg, source: list[Entry], target: list[Entry]) -> list[tuple[Flaw, str, str]]:
    return [(one.flaw, one.service, one.told.type) for one in compare(leg, DAY, source, target)]


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.name)
def test_what_both_sides_say_alike_is_as_it_should_be(leg: Leg):
    entries = [Entry(CASE, "kept", "running", KEY), Entry(DECISION, "kept", "decided", KEY)]
    assert compare(leg, DAY, entries, list(reversed(entries))) == []


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.name)
def test_what_only_the_source_has_is_missing_at_the_target(leg: Leg):
    (found,) = compare(leg, DAY, [Entry(CASE, "some", "", KEY)], [])
    assert (found.flaw, found.service, found.told, found.key) == (Flaw.MISSING, leg.target.service, leg.told, KEY)


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.name)
def test_what_only_the_target_has_is_without_origin(leg: Leg):
    assert differing(leg, [], [Entry(CASE)]) == [(Flaw.UNFOUNDED, leg.target.service, leg.told.type)]


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.name)
def test_what_is_there_twice_is_doubled_where_it_is(leg: Leg):
    one = Entry(CASE, "some", "", KEY)
    assert differing(leg, [one], [one, one]) == [(Flaw.DOUBLED, leg.target.service, leg.told.type)]
    assert differing(leg, [one, one], [one]) == [(Flaw.DOUBLED, leg.source.service, leg.told.type)]


def test_an_owed_certificate_that_was_never_issued_is_missing_at_the_office():
    owed = Entry(DECISION, "", "not_issued", None, CASE)
    (found,) = compare(CERTIFICATE, DAY, [owed], [])
    assert (found.flaw, found.service, found.case_id) == (Flaw.MISSING, "workflow", CASE)
    assert finding(leg=CERTIFICATE.name, key=None).plain is Stage.NOT_ISSUED


def test_a_decision_names_its_case_and_a_case_is_its_own():
    (certificate,) = compare(DISCLOSURE, DAY, [Entry(DECISION, "", "owed", KEY, CASE)], [])
    (entry,) = compare(ENTRY, DAY, [Entry(CASE)], [])
    assert (certificate.subject, certificate.case_id, entry.subject, entry.case_id) == (DECISION, CASE, CASE, CASE)


def test_a_withdrawal_of_which_the_office_did_not_hear_is_missing():
    withdrawn, running = Entry(CASE, "withdrawn", "withdrawn", KEY), Entry(CASE, "kept", "running", KEY)
    assert differing(PROCEDURE, [withdrawn], [running]) == [
        (Flaw.MISSING, "workflow", "cn.onestop.intake.case.withdrawn.v1")
    ]


def test_a_decision_that_was_faster_than_the_withdrawal_stands():
    withdrawn, decided = Entry(CASE, "withdrawn", "withdrawn", KEY), Entry(CASE, "kept", "decided", KEY)
    assert differing(PROCEDURE, [withdrawn], [decided]) == []


def test_a_proceeding_that_ended_by_a_withdrawal_nobody_made_is_different():
    kept, withdrawn = Entry(CASE, "kept", "accepted", KEY), Entry(CASE, "withdrawn", "withdrawn", KEY)
    assert differing(PROCEDURE, [kept], [withdrawn]) == [
        (Flaw.DIFFERENT, "workflow", "cn.onestop.intake.case.withdrawn.v1")
    ]


def test_a_licence_of_which_the_applicant_was_not_told_is_missing_by_its_own_event():
    source, target = Entry(CASE, f"granted|1号|{LICENCE}", "", KEY), Entry(CASE, "granted|1号|", "", CASE)
    (found,) = compare(NOTICE, DAY, [source], [target])
    assert (found.flaw, found.service) == (Flaw.MISSING, "intake")
    assert (found.told.type, found.key) == ("cn.onestop.workflow.licence.issued.v1", LICENCE)


def test_a_result_that_is_not_the_decision_is_different():
    source, target = Entry(CASE, "granted|1号|", "", KEY), Entry(CASE, "denied|1号|", "", CASE)
    assert differing(NOTICE, [source], [target]) == [(Flaw.DIFFERENT, "intake", "cn.onestop.workflow.decision.made.v1")]


@pytest.mark.parametrize(
    ("sent", "taken", "passed", "stage", "sequence"),
    [
        (Sent(0, 0, False), Taken(0, 0, None), False, Stage.NOT_EMITTED, None),
        (Sent(3, 1, False), Taken(2, 0, None), False, Stage.IN_OUTBOX, 3),
        (Sent(3, 1, True), Taken(2, 0, None), False, Stage.QUARANTINED, 3),
        (Sent(3, 0, False), Taken(2, 0, None), False, Stage.IN_BROKER, 3),
        (Sent(3, 0, False), Taken(2, 0, None), True, Stage.LOST, 3),
        (Sent(4, 0, False), Taken(2, 1, None), False, Stage.LOST, 3),
        (Sent(4, 0, False), Taken(2, 2, 3), False, Stage.DEAD_LETTER, 3),
        (Sent(4, 0, False), Taken(4, 0, None, 3), False, Stage.DISCARDED, 3),
        (Sent(3, 0, False), Taken(3, 0, None), False, Stage.EFFECT_GONE, None),
    ],
)
def test_how_far_an_event_came(sent: Sent, taken: Taken, stage: Stage, sequence: int | None, *, passed: bool):
    assert trace(sent, taken, passed=passed) == (stage, sequence)


def finding(**changes: object) -> Finding:
    made = Finding(
        id=UUID(int=9), leg=NOTICE.name, flaw=Flaw.MISSING, service="intake", subject=CASE, case_id=CASE, day=DAY,
        told=NOTICE.told, key=KEY, first_seen=NOW, last_seen=NOW,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_finding_is_open_only_when_two_looks_found_it_at_the_same_stage():
    first = finding()
    assert first.standing_at(Stage.EFFECT_GONE) is Standing.SUSPECTED
    assert replace(first, stage=Stage.IN_BROKER).standing_at(Stage.EFFECT_GONE) is Standing.SUSPECTED
    assert replace(first, stage=Stage.EFFECT_GONE).standing_at(Stage.EFFECT_GONE) is Standing.OPEN


def test_what_is_set_aside_is_held_and_what_moves_travels():
    assert finding(stage=Stage.DEAD_LETTER).standing_at(Stage.DEAD_LETTER) is Standing.HELD
    assert finding(stage=Stage.IN_OUTBOX).standing_at(Stage.IN_OUTBOX) is Standing.TRAVELLING


def test_the_events_of_the_legs_are_those_of_the_contract():
    told = [one for one in vars(rules).values() if isinstance(one, rules.Told)]
    assert len(told) == 5
    assert all(one.topic == EVENTS[one.type].TOPIC for one in told)
    assert finding().sender == "workflow"


@pytest.mark.parametrize("age", [0, 1, 59, 60, 61, 400])
def test_the_patrol_comes_by_every_older_day_in_an_hour_of_rounds(age: int):
    recent = DAY - timedelta(days=2)
    first, swept_to = recent - timedelta(days=age), None
    seen: set[date] = set()
    for _ in range(61):
        period = older_days(first, swept_to, recent)
        if period is None:
            break
        since, until = period
        assert since <= until < recent
        seen |= {since + timedelta(days=number) for number in range((until - since).days + 1)}
        swept_to = since
    assert seen == {first + timedelta(days=number) for number in range(age)}
