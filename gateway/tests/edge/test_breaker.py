"""A breaker opens after failures running, lets one request try, and closes on an answer."""

import pytest

from gateway.edge.breaker import Breaker
from gateway.edge.failures import UpstreamUnavailable


class HandClock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def breaker(clock: HandClock) -> Breaker:
    return Breaker(clock, threshold=3, pause_seconds=1, longest_pause_seconds=4)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.permit()
        breaker.failed()


def test_it_lets_requests_through_until_the_failures_running_reach_the_threshold(breaker: Breaker):
    fail(breaker, 2)
    assert not breaker.is_open
    fail(breaker, 1)
    assert breaker.is_open
    with pytest.raises(UpstreamUnavailable) as refused:
        breaker.permit()
    assert refused.value.retry_after == 1


def test_an_answer_in_between_starts_the_count_anew(breaker: Breaker):
    fail(breaker, 2)
    breaker.permit()
    breaker.succeeded()
    fail(breaker, 2)
    assert not breaker.is_open


def test_after_the_pause_exactly_one_request_tries(breaker: Breaker, clock: HandClock):
    fail(breaker, 3)
    clock.at += 1
    breaker.permit()
    with pytest.raises(UpstreamUnavailable):
        breaker.permit()
    breaker.succeeded()
    breaker.permit()
    breaker.permit()


def test_the_pause_doubles_up_to_its_limit(breaker: Breaker, clock: HandClock):
    fail(breaker, 3)
    pauses = []
    for _ in range(4):
        with pytest.raises(UpstreamUnavailable) as refused:
            breaker.permit()
        pauses.append(refused.value.retry_after)
        clock.at += refused.value.retry_after or 0
        fail(breaker, 1)
    assert pauses == [1, 2, 4, 4]


def test_a_try_that_tells_nothing_leaves_the_place_to_the_next(breaker: Breaker, clock: HandClock):
    fail(breaker, 3)
    clock.at += 1
    breaker.permit()
    breaker.undecided()
    breaker.permit()


def test_late_failures_of_requests_from_before_do_not_lengthen_the_pause(breaker: Breaker, clock: HandClock):
    fail(breaker, 3)
    clock.at += 0.9
    breaker.failed()
    breaker.failed()
    clock.at += 0.1
    breaker.permit()
