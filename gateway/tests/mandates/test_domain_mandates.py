"""A mandate is in force when both sides have agreed, and ends when either of them wants."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gateway.mandates.domain import (
    Basis,
    Confirmation,
    GuardianNeeded,
    Mandate,
    MandateEnded,
    MandateNotWaiting,
    Principal,
    Side,
    State,
    Terms,
    require_adult,
)
from onestop_legal.errors import FieldErrors

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)
FIRST, LAST = date(2026, 3, 1), date(2026, 9, 1)
MOTHER, DAUGHTER, STRANGER = UUID(int=1), UUID(int=2), UUID(int=3)


def terms(basis: Basis = Basis.PARENT, valid_to: date | None = LAST, items: tuple[str, ...] | None = None) -> Terms:
    return Terms(basis, items, FIRST, valid_to)


WAITING = Mandate(
    id=UUID(int=9),
    principal=Principal(MOTHER, "natural", "赵**", speaker_id=MOTHER),
    agent_id=DAUGHTER,
    agent_name="钱*",
    terms=terms(),
    agency=None,
    state=State.WAITING,
    awaits=Side.PRINCIPAL,
    offered_at=NOW,
)


def test_it_is_in_force_when_the_other_side_has_agreed():
    assert not WAITING.holds_on(TODAY)
    given = WAITING.confirmed(Confirmation.SESSION, NOW, TODAY)
    assert given.holds_on(TODAY)
    assert (given.state, given.awaits, given.given_at, given.version) == (State.GIVEN, None, NOW, 2)
    assert (given.holds_on(LAST), given.holds_on(date(2026, 9, 2)), given.holds_on(date(2026, 2, 28))) == (
        True,
        False,
        False,
    )


def test_it_is_confirmed_or_declined_once():
    for over in (WAITING.confirmed(Confirmation.CODE, NOW, TODAY), WAITING.declined(NOW), WAITING.withdrawn(NOW)):
        with pytest.raises(MandateNotWaiting):
            over.confirmed(Confirmation.SESSION, NOW, TODAY)
        with pytest.raises(MandateNotWaiting):
            over.declined(NOW)


def test_what_was_offered_too_long_ago_is_confirmed_no_more():
    with pytest.raises(MandateEnded):
        WAITING.confirmed(Confirmation.SESSION, NOW, date(2026, 9, 2))


def test_it_ends_at_once_and_once():
    given = WAITING.confirmed(Confirmation.SESSION, NOW, TODAY)
    ended = given.withdrawn(NOW)
    assert not ended.holds_on(TODAY)
    assert (ended.given_at, ended.ended_at, ended.confirmation) == (NOW, NOW, Confirmation.SESSION)
    for over in (ended, WAITING.declined(NOW)):
        with pytest.raises(MandateEnded):
            over.withdrawn(NOW)


def test_two_stand_on_its_sides_and_nobody_else():
    assert [WAITING.side_of(who) for who in (MOTHER, DAUGHTER, STRANGER, None)] == [
        Side.PRINCIPAL,
        Side.AGENT,
        None,
        None,
    ]
    unrepresented = replace(WAITING, principal=Principal(UUID(int=5), "legal", "公司", "91130371MA7001010P"))
    assert unrepresented.side_of(None) is None


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        (terms(valid_to=None), "/valid_to", "required"),
        (terms(valid_to=date(2026, 3, 1)), "/valid_to", "too-small"),
        (terms(valid_to=date(2029, 4, 1)), "/valid_to", "too-large"),
        (terms(Basis.RESIDENT, date(2027, 4, 1)), "/valid_to", "too-large"),
        (terms(items=()), "/items", "length"),
        (terms(items=("x",) * 201), "/items", "length"),
    ],
)
def test_unsound_terms_are_refused_with_their_place(wrong: Terms, pointer: str, code: str):
    with pytest.raises(FieldErrors) as refused:
        wrong.require_sound(TODAY)
    assert [(it.pointer, it.code) for it in refused.value.errors] == [(pointer, code)]


def test_a_company_may_leave_the_end_open():
    terms(Basis.EMPLOYER, None).require_sound(TODAY)
    terms(Basis.EMPLOYER, date(2036, 1, 1), ("x",)).require_sound(TODAY)


def test_who_is_under_eighteen_has_a_guardian():
    require_adult(date(2008, 3, 2), TODAY)
    for birthday in (date(2008, 3, 3), date(2020, 2, 29)):
        with pytest.raises(GuardianNeeded):
            require_adult(birthday, TODAY)
    with pytest.raises(GuardianNeeded):
        require_adult(date(2008, 2, 29), date(2026, 2, 28))
    require_adult(date(2008, 2, 29), date(2026, 3, 1))
