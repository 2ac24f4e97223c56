"""When a key signs, when it is believed no more, and when the next one is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.tokens.domain import LAST_TOKEN, SigningKey, is_due, over, remembered, retired_at, signing_at

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def key(number: int, signs_from: datetime, algorithm: str = "ES256") -> SigningKey:
    return SigningKey(UUID(int=number), f"key-{number}", {"alg": algorithm}, b"x", NOON, signs_from)


FIRST, SECOND, THIRD = key(1, NOON), key(2, NOON + 10 * MINUTE), key(3, NOON + 60 * MINUTE)
KEYS = (FIRST, SECOND, THIRD)


def test_a_key_signs_from_its_time_until_the_next_ones():
    assert signing_at(KEYS, NOON - MINUTE, "ES256") is None
    assert signing_at(KEYS, NOON, "ES256") is FIRST
    assert signing_at(KEYS, NOON + 9 * MINUTE, "ES256") is FIRST
    assert signing_at(KEYS, NOON + 10 * MINUTE, "ES256") is SECOND
    assert signing_at(KEYS, NOON + 90 * MINUTE, "ES256") is THIRD
    assert signing_at((FIRST, replace(SECOND, forgotten_at=NOON)), NOON + 10 * MINUTE, "ES256") is FIRST
    assert [retired_at(it, KEYS) for it in KEYS] == [SECOND.signs_from, THIRD.signs_from, None]


def test_keys_of_another_algorithm_neither_sign_nor_retire_one():
    other = key(9, NOON + 5 * MINUTE, "RS256")
    assert signing_at((FIRST, other), NOON + 6 * MINUTE, "ES256") is FIRST
    assert signing_at((FIRST, other), NOON + 6 * MINUTE, "RS256") is other
    assert retired_at(FIRST, (FIRST, other)) is None
    assert over((FIRST, other), NOON + 90 * MINUTE) == ()


def test_a_key_is_over_when_the_last_token_it_signed_has_expired():
    assert over(KEYS, SECOND.signs_from + LAST_TOKEN - MINUTE) == ()
    assert over(KEYS, SECOND.signs_from + LAST_TOKEN) == (FIRST,)
    assert over(KEYS, THIRD.signs_from + LAST_TOKEN) == (FIRST, SECOND)
    assert over((replace(FIRST, forgotten_at=NOON), SECOND), NOON + 90 * MINUTE) == ()


def test_old_hints_are_recognised_but_not_by_a_key_that_was_withdrawn():
    in_time = replace(FIRST, forgotten_at=SECOND.signs_from + LAST_TOKEN)
    withdrawn = replace(FIRST, forgotten_at=SECOND.signs_from)
    assert remembered((in_time, SECOND)) == (in_time,)
    assert remembered((withdrawn, SECOND)) == ()


def test_the_next_key_is_due_when_the_last_one_has_signed_for_long_enough():
    every = timedelta(days=90)
    assert is_due((), NOON, every)
    assert not is_due((FIRST, SECOND), NOON + every, every)
    assert is_due((FIRST, SECOND), SECOND.signs_from + every, every)


def test_a_key_that_was_withdrawn_before_its_time_retires_nobody():
    withdrawn = replace(THIRD, forgotten_at=THIRD.signs_from - MINUTE)
    assert retired_at(SECOND, (SECOND, withdrawn)) is None
    assert over((SECOND, withdrawn), THIRD.signs_from + LAST_TOKEN) == ()
    assert not withdrawn.waits(NOON)
    assert THIRD.waits(NOON)
    assert is_due((SECOND, withdrawn), SECOND.signs_from + LAST_TOKEN, LAST_TOKEN)
