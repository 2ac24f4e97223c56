"""In which order late requests are taken, and on whose authority."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.late_requests.domain import (
    Authority,
    BrokenChain,
    Chain,
    LateRequest,
    NoAuthority,
    NotCarried,
    NotYet,
    OutcomeUnknown,
    Taken,
    TooLate,
    settles,
)

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
ROOT = b"root"
FIRST = LateRequest(
    sequence=1,
    previous=ROOT,
    digest=b"1",
    made_at=NOW,
    grant_id=uuid4(),
    method="POST",
    path="/api/intake/v1/cases",
    idempotency_key="k-1",
    if_match=None,
    body={},
)
SECOND = replace(FIRST, sequence=2, previous=b"1", digest=b"2")
THIRD = replace(FIRST, sequence=3, previous=b"2", digest=b"3")
STAY = Authority(
    person_id=uuid4(),
    client_id="terminal-1",
    act="self",
    scopes=frozenset({"openid", "offline_access"}),
    given_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    ended_at=None,
)


def test_what_follows_is_taken_in_order():
    assert Chain(ROOT, 0, {}).in_order([FIRST, SECOND, THIRD]) == (3, None)
    assert Chain(ROOT, 2, {2: b"2"}).in_order([THIRD]) == (1, None)


def test_what_was_taken_may_come_again_with_what_follows():
    assert Chain(ROOT, 2, {1: b"1", 2: b"2"}).in_order([FIRST, SECOND, THIRD]) == (3, None)


def test_behind_a_gap_nothing_is_taken():
    assert Chain(ROOT, 0, {}).in_order([SECOND]) == (0, 1)
    assert Chain(ROOT, 0, {}).in_order([FIRST, THIRD]) == (1, 2)


@pytest.mark.parametrize(
    "batch",
    [
        [replace(FIRST, previous=b"x")],
        [FIRST, replace(SECOND, previous=b"x")],
        [FIRST, FIRST],
        [FIRST, SECOND, replace(THIRD, sequence=2)],
    ],
)
def test_what_does_not_follow_is_refused(batch: list[LateRequest]):
    with pytest.raises(BrokenChain):
        Chain(ROOT, 0, {}).in_order(batch)


def test_another_request_under_a_sequence_that_was_taken_is_refused():
    with pytest.raises(BrokenChain):
        Chain(ROOT, 2, {1: b"1", 2: b"2"}).in_order([replace(FIRST, digest=b"x")])


@pytest.mark.parametrize(("hours", "error"), [(-72.01, TooLate), (0.04, NotYet)])
def test_it_is_neither_too_old_nor_from_the_future(hours: float, error: type[Exception]):
    with pytest.raises(error):
        replace(FIRST, made_at=NOW + timedelta(hours=hours)).require_timely(NOW)
    for fine in (-71.99, 0.03):
        replace(FIRST, made_at=NOW + timedelta(hours=fine)).require_timely(NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"method": "CONNECT"},
        {"path": "/api/gateway/v1/clients"},
        {"path": "/api/intake/v1/../../gateway/v1/clients"},
        {"path": "/api/intake/v1/cases?x=1"},
        {"path": "/api/intake/v1//cases"},
        {"path": "//evil.test/api/intake/v1/cases"},
        {"path": "/oauth/token"},
    ],
)
def test_only_changes_at_services_are_carried(changes: dict[str, str]):
    with pytest.raises(NotCarried):
        replace(FIRST, **changes).require_carriable()
    FIRST.require_carriable()


@pytest.mark.parametrize("minutes", [-2.1, 17.1])
def test_a_request_counts_within_the_stay_in_which_it_was_made(minutes: float):
    with pytest.raises(NoAuthority):
        STAY.require_held_at(NOW + timedelta(minutes=minutes), "terminal-1")
    for fine in (-1.9, 0, 16.9):
        STAY.require_held_at(NOW + timedelta(minutes=fine), "terminal-1")


def test_a_request_made_before_the_person_left_counts_and_none_made_after():
    left = replace(STAY, ended_at=NOW + timedelta(minutes=5))
    left.require_held_at(NOW + timedelta(minutes=4), "terminal-1")
    with pytest.raises(NoAuthority):
        left.require_held_at(NOW + timedelta(minutes=8), "terminal-1")


def test_neither_another_terminal_nor_another_scope_will_do():
    with pytest.raises(NoAuthority):
        STAY.require_held_at(NOW, "terminal-2")
    with pytest.raises(NoAuthority):
        replace(STAY, scopes=frozenset({"openid"})).require_held_at(NOW, "terminal-1")


def test_what_was_sent_is_repeated_as_long_as_the_service_knows_it_again():
    taken = Taken(uuid4(), 1, b"1", None, NOW, None)
    taken.require_repeatable(NOW + timedelta(hours=23))
    with pytest.raises(OutcomeUnknown):
        taken.require_repeatable(NOW + timedelta(hours=24))


@pytest.mark.parametrize(
    ("status", "problem", "last"),
    [
        (201, "", True),
        (422, "/problems/invalid-fields", True),
        (409, "/problems/stale", True),
        (409, "/problems/request-in-progress", False),
        (429, "/problems/too-many-requests", False),
        (500, "", False),
        (503, "", False),
    ],
)
def test_some_answers_are_the_last_word(status: int, problem: str, last: bool):  # noqa: FBT001
    assert settles(status, problem) is last
