"""As what somebody acts: by choice, else by what leaves no doubt."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gateway.people.domain import (
    Capacity,
    CapacityNotHeld,
    LegalPerson,
    Mandate,
    NotKnownSurelyEnough,
    Person,
    StaffMember,
    require_assurance,
)

FOOD, RESTAURANT, APPROVAL, MARKET = (
    "91130371MA7001010P",
    "91130371MA70083272",
    "11130371037100371Q",
    "11130371037106669W",
)
DAY = date(2026, 3, 2)


def mandate(credit_code: str, **changes: object) -> Mandate:
    usual = {
        "id": UUID(int=1),
        "legal_person": LegalPerson(UUID(int=2), credit_code, "公司"),
        "agent_id": UUID(int=3),
        "items": None,
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
    }
    return Mandate(**{**usual, **changes})  # type: ignore[arg-type]


def appointment(agency: str, valid_to: date | None = None) -> StaffMember:
    roles = frozenset({"reviewer"})
    return StaffMember(UUID(int=4), UUID(int=3), agency, "局", "130371", None, roles, date(2026, 1, 1), valid_to)


def person(*held: Mandate | StaffMember) -> Person:
    return Person(
        UUID(int=3),
        "x",
        "周**",
        2,
        tuple(it for it in held if isinstance(it, Mandate)),
        tuple(it for it in held if isinstance(it, StaffMember)),
    )


def test_a_person_without_mandate_acts_for_himself():
    assert person().capacity(None, DAY) == Capacity("self")


def test_the_only_mandate_is_the_usual_choice():
    assert person(mandate(FOOD)).capacity(None, DAY).choice == FOOD


def test_with_two_mandates_nobody_guesses():
    assert person(mandate(FOOD), mandate(RESTAURANT)).capacity(None, DAY).choice == "self"


def test_who_serves_an_agency_acts_for_it_and_not_for_his_company():
    held = person(appointment(APPROVAL), mandate(FOOD))
    assert held.capacity(None, DAY).kind == "staff"
    assert held.capacity(FOOD, DAY).kind == "natural"
    assert held.capacity("self", DAY) == Capacity("self")


def test_who_serves_two_agencies_says_which():
    held = person(appointment(APPROVAL), appointment(MARKET))
    assert held.capacity(None, DAY).choice == "self"
    assert held.capacity(MARKET, DAY).staff == appointment(MARKET)


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 3, 2), True), (date(2026, 3, 3), False)],
)
def test_a_mandate_holds_from_its_first_to_its_last_day(day: date, holds: bool):  # noqa: FBT001 - a table of cases
    assert mandate(FOOD, valid_to=DAY).holds_on(day) is holds
    assert appointment(APPROVAL, DAY).holds_on(day) is holds


def test_a_mandate_that_was_withdrawn_or_never_given_is_none():
    withdrawn = mandate(FOOD, withdrawn_at=datetime(2026, 2, 1, tzinfo=UTC))
    for held in (person(withdrawn), person(), person(mandate(RESTAURANT))):
        with pytest.raises(CapacityNotHeld):
            held.capacity(FOOD, DAY)
    assert person(withdrawn).capacity(None, DAY).choice == "self"


def test_what_needs_a_level_is_refused_below_it():
    require_assurance("2", 2)
    require_assurance("3", 2)
    with pytest.raises(NotKnownSurelyEnough) as refused:
        require_assurance("1", 2)
    assert refused.value.needed == 2
