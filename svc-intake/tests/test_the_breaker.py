"""A breaker leaves alone what fails, then tries once."""

from svc_intake.breaker import Breaker


def test_it_opens_after_failures_in_a_row_and_lets_one_call_try():
    moment = [0.0]
    breaker = Breaker(2, 10, lambda: moment[0])
    breaker.failed()
    assert breaker.lets_through()
    breaker.failed()
    assert not breaker.lets_through()
    moment[0] = 10.0
    assert breaker.lets_through()
    assert not breaker.lets_through()
    breaker.succeeded()
    assert breaker.lets_through()


def test_a_success_forgets_earlier_failures():
    breaker = Breaker(2, 10, lambda: 0.0)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.lets_through()
