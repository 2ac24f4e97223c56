"""The hours of a terminal, and how it comes to its key."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from gateway.signin.domain import Session
from gateway.terminals.domain import Opening, Terminal, UnknownEnrolmentCode

MONDAY = datetime(2026, 3, 2, tzinfo=UTC) - timedelta(hours=8)
"""Midnight in Asia/Shanghai."""


def opening(days: str, opens: float, closes: float) -> Opening:
    return Opening(frozenset(map(int, days)), timedelta(hours=opens), timedelta(hours=closes))


def terminal(*hours: Opening, **more: Any) -> Terminal:
    return Terminal(
        id=uuid4(),
        client_id="terminal-1",
        name="一号自助终端",
        place="大厅",
        region="130371",
        hall=None,
        agency="11130371037100371Q",
        hours=hours,
        idle=timedelta(seconds=90),
        stay=timedelta(minutes=15),
        **more,
    )


@pytest.mark.parametrize(
    ("hours", "closes"),
    [(8.49, None), (8.5, 12), (11.99, 12), (12, None), (13, 17.5), (17.5, None), (33, None), (177, 180)],
)
def test_it_is_open_at_its_hours_in_shanghai(hours: float, closes: float | None):
    place = terminal(opening("1", 8.5, 12), opening("1", 13, 17.5))
    expected = None if closes is None else MONDAY + timedelta(hours=closes)
    assert place.closes_at(MONDAY + timedelta(hours=hours)) == expected


def test_an_hour_that_stands_twice_counts_to_its_later_end():
    place = terminal(opening("1", 8, 12), opening("1", 9, 18))
    assert place.closes_at(MONDAY + timedelta(hours=10)) == MONDAY + timedelta(hours=18)


def test_one_that_is_always_open_closes_for_no_moment():
    place = terminal(opening("1234567", 0, 24))
    for hours in (0, 23.999, 24):
        assert place.closes_at(MONDAY + timedelta(hours=hours)) is not None


def test_a_code_is_good_for_one_key_and_one_day():
    waiting = terminal().awaiting_key(b"code", MONDAY)
    with pytest.raises(UnknownEnrolmentCode):
        waiting.enrolled("key", MONDAY + timedelta(days=1))
    enrolled = waiting.enrolled("key", MONDAY + timedelta(hours=23))
    assert (enrolled.key, enrolled.version) == ("key", 3)
    with pytest.raises(UnknownEnrolmentCode):
        enrolled.enrolled("other", MONDAY)


def test_who_stays_at_it_is_signed_out_when_he_rests_and_after_a_while():
    begun = Session(uuid4(), uuid4(), MONDAY, ("pwd",), "Chrome", MONDAY, MONDAY + timedelta(hours=12))
    hosted = terminal().hosting(begun)
    assert hosted.device == "一号自助终端 · 大厅"
    assert hosted.idle_until == MONDAY + timedelta(seconds=90)
    assert hosted.expires_at == MONDAY + timedelta(minutes=15)
    assert [hosted.lives(MONDAY + timedelta(seconds=it)) for it in (89, 90)] == [True, False]
