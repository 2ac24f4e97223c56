"""As what somebody acts: by choice, else by what leaves no doubt."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gateway.legal_persons.domain import LegalPerson
from gateway.mandates.domain import Agency, Basis, Mandate, Principal, State, Terms
from gateway.people.domain import Capacity, CapacityNotHeld, NotKnownSurelyEnough, Person, require_assurance
from gateway.staff.domain import Post, StaffMember

FOOD, RESTAURANT, APPROVAL, MARKET = (
    "91130371MA7001010P",
    "91130371MA70083272",
    "11130371037100371Q",
    "11130371037106669W",
)
DAY = date(2026, 3, 2)


TOWNSHIP = "1113037103710740XG"
MOTHER = UUID(int=7)


def mandate(credit_code: str, valid_to: date | None = None) -> Mandate:
    company = Principal(UUID(int=2), "legal", "公司", credit_code)
    return given(company, Terms(Basis.EMPLOYER, None, date(2026, 1, 1), valid_to))


def given(principal: Principal, terms: Terms, agency: Agency | None = None) -> Mandate:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return Mandate(UUID(int=1), principal, UUID(int=3), "周**", terms, agency, State.GIVEN, None, since, since)


def proxy(basis: Basis = Basis.PARENT, agency: Agency | None = None) -> Mandate:
    mother = Principal(MOTHER, "natural", "赵**", speaker_id=MOTHER)
    return given(mother, Terms(basis, None, date(2026, 1, 1), date(2026, 12, 31)), agency)


def appointment(agency: str, valid_to: date | None = None, role: str = "reviewer") -> StaffMember:
    first = date(2026, 1, 1)
    post = Post("130371", None, frozenset({role}), first, valid_to)
    return StaffMember(UUID(int=4), UUID(int=3), "周**", agency, "局", post)


def person(*held: Mandate | StaffMember | LegalPerson) -> Person:
    return Person(
        UUID(int=3),
        "x",
        "周**",
        2,
        tuple(it for it in held if isinstance(it, Mandate)),
        tuple(it for it in held if isinstance(it, StaffMember)),
        tuple(it for it in held if isinstance(it, LegalPerson)),
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
    withdrawn = mandate(FOOD).withdrawn(datetime(2026, 2, 1, tzinfo=UTC))
    for held in (person(withdrawn), person(), person(mandate(RESTAURANT))):
        with pytest.raises(CapacityNotHeld):
            held.capacity(FOOD, DAY)
    assert person(withdrawn).capacity(None, DAY).choice == "self"


def test_a_legal_representative_needs_no_mandate():
    company = LegalPerson(UUID(int=2), FOOD, "公司")
    (acting, himself) = person(company, mandate(FOOD)).capacities(DAY)
    assert (acting.choice, acting.mandate, acting.sort) == (FOOD, None, "representative")
    assert himself == Capacity()


def test_nobody_acts_for_a_relative_without_saying_so():
    daughter = person(proxy())
    assert daughter.capacity(None, DAY) == Capacity()
    acting = daughter.capacity(str(MOTHER), DAY)
    assert (acting.kind, acting.sort, acting.shown_name, acting.roles) == ("natural", "proxy", "赵**", frozenset())
    assert person(proxy(Basis.WARD)).capacity(str(MOTHER), DAY).roles == {"guardian"}


def test_an_agent_of_a_township_acts_for_its_people_as_long_as_he_serves_it():
    sent = proxy(Basis.RESIDENT, Agency(TOWNSHIP, "珠江道街道办事处"))
    serving = appointment(TOWNSHIP, role="township_agent")
    acting = person(sent, serving).capacity(str(MOTHER), DAY)
    assert (acting.kind, acting.roles) == ("staff", {"township_agent"})
    clerk_too = replace(serving, post=replace(serving.post, roles=frozenset({"township_agent", "window_clerk"})))
    assert person(sent, clerk_too).capacity(str(MOTHER), DAY).roles == {"township_agent"}
    elsewhere, over = appointment(APPROVAL, role="township_agent"), appointment(TOWNSHIP, DAY, "township_agent")
    for other in (elsewhere, appointment(TOWNSHIP), over):
        with pytest.raises(CapacityNotHeld):
            person(sent, other).capacity(str(MOTHER), date(2026, 3, 3))


@pytest.mark.parametrize(
    ("held", "certain"),
    [
        ((), True),
        ((mandate(FOOD),), True),
        ((LegalPerson(UUID(int=2), FOOD, "公司"),), True),
        ((appointment(APPROVAL),), True),
        ((appointment(APPROVAL), mandate(FOOD), proxy()), True),
        ((mandate(FOOD), mandate(RESTAURANT)), False),
        ((appointment(APPROVAL), appointment(MARKET)), False),
        ((proxy(),), False),
        ((mandate(FOOD), proxy()), False),
    ],
)
def test_the_person_is_asked_only_where_there_is_doubt(
    held: tuple[Mandate | StaffMember | LegalPerson, ...],
    certain: bool,  # noqa: FBT001 - a table of cases
):
    assert person(*held).certain(DAY) is certain


def test_what_needs_a_level_is_refused_below_it():
    require_assurance("2", 2)
    require_assurance("3", 2)
    with pytest.raises(NotKnownSurelyEnough) as refused:
        require_assurance("1", 2)
    assert refused.value.needed == 2
