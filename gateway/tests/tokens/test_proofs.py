"""For how long nonces count, and which key suffices."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.oidc.domain import key_suffices
from gateway.tokens.dpop import Nonces
from gateway.tokens.keys import KeyRing, generate_key


class MovableClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def test_every_process_knows_the_nonces_of_the_others_and_of_nobody_else():
    clock, key = MovableClock(), generate_key()
    ours, theirs = Nonces(KeyRing(key), clock), Nonces(KeyRing(key), clock)
    assert theirs.accepts(ours.current)
    assert not Nonces(KeyRing(generate_key()), clock).accepts(ours.current)


def test_a_nonce_counts_for_at_least_four_minutes_and_not_before_its_time():
    clock = MovableClock()
    nonces = Nonces(KeyRing(generate_key()), clock)
    nonce = nonces.current
    clock.at += timedelta(seconds=299)
    assert nonces.accepts(nonce)
    clock.at += timedelta(seconds=1)
    assert not nonces.accepts(nonce)
    clock.at -= timedelta(minutes=6)
    assert not nonces.accepts(nonce)


@pytest.mark.parametrize(
    ("bound", "shown", "confidential", "suffices"),
    [
        (None, None, False, True),
        (None, "a", False, True),
        ("a", "a", False, True),
        ("a", "b", False, False),
        ("a", None, False, False),
        ("a", "b", True, True),
        ("a", None, True, False),
        (None, None, True, True),
    ],
)
def test_who_may_use_a_refresh_token_that_is_bound(
    *, bound: str | None, shown: str | None, confidential: bool, suffices: bool
):
    assert key_suffices(bound, shown, confidential=confidential) is suffices
