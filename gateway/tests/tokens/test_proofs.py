"""What is remembered of proofs, and for how long nonces count."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.oidc.domain import key_suffices
from gateway.tokens.dpop import Nonces, Proof, SeenProofs
from gateway.tokens.keys import KeyRing, generate_key


class MovableClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def proof(number: int) -> Proof:
    return Proof("key", number.to_bytes(32, "big"), {})


def test_a_proof_is_new_once():
    seen = SeenProofs(MovableClock())
    assert seen.take(proof(1))
    assert not seen.take(proof(1))
    assert seen.take(proof(2))


def test_a_proof_is_remembered_until_it_would_not_count_any_more():
    clock = MovableClock()
    seen = SeenProofs(clock)
    assert seen.take(proof(1))
    clock.at += timedelta(seconds=70)
    assert not seen.take(proof(1))
    clock.at += timedelta(seconds=2)
    assert seen.take(proof(1))


def test_memory_is_bounded_and_the_oldest_go_first():
    seen = SeenProofs(MovableClock(), most=3)
    assert all(seen.take(proof(number)) for number in range(4))
    assert not seen.take(proof(3))
    assert seen.take(proof(0))
    assert len(seen._until) == 3


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
