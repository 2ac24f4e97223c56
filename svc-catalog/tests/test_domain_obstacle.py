"""堵点: assigned, solved, verified by somebody else; its light; no person named."""

from datetime import date
from uuid import uuid4

import pytest

from onestop_legal.errors import FieldErrors
from onestop_legal.working_days import Calendar, CalendarYear
from svc_catalog.obstacles.domain import (
    Evidence,
    Field,
    Obstacle,
    ObstacleState,
    SomebodyElseVerifies,
    WrongObstacleState,
)
from svc_catalog.seed.calendar import years

AGENCY = "11130371037100371Q"
TODAY, DUE = date(2026, 3, 3), date(2026, 4, 30)
SOLVER, VERIFIER = uuid4(), uuid4()
DOCUMENT = (Evidence("document", "秦开医保〔2026〕8号", "关于取消异地就医备案证明的通知"),)
CALENDAR = Calendar.of(
    CalendarYear(year, published, frozenset(off), frozenset(worked)) for year, published, _, off, worked in years()
)


def obstacle(**changes: object) -> Obstacle:
    facts = {"title": "备案须往返两地开具证明", "description": "两地互相要求先出具证明。", "source": "群众反映"}
    return Obstacle(uuid4(), Field.SOCIAL, **facts | changes, found_on=date(2026, 3, 2))


def assigned() -> Obstacle:
    one = obstacle()
    one.assign(AGENCY, DUE, "牵头解决", on=TODAY)
    return one


def solved(on: date = date(2026, 4, 20)) -> Obstacle:
    one = assigned()
    one.solve(SOLVER, "改为网上备案", DOCUMENT, on=on)
    return one


def test_it_goes_from_found_to_verified_and_every_step_counts():
    one = obstacle()
    steps = [
        one.found(),
        one.assign(AGENCY, DUE, "牵头解决", on=TODAY),
        one.solve(SOLVER, "改为网上备案", DOCUMENT, on=date(2026, 4, 20)),
        one.verify(VERIFIER, "现场试办，无需证明"),
    ]
    assert [step.happening for step in steps] == ["found", "assigned", "solved", "verified"]
    assert (one.state, one.version) == (ObstacleState.VERIFIED, 4)


def test_who_reported_the_solution_does_not_judge_it():
    one = solved()
    with pytest.raises(SomebodyElseVerifies):
        one.verify(SOLVER, "没有问题了")
    with pytest.raises(SomebodyElseVerifies):
        one.send_back(SOLVER, "还有问题", date(2026, 5, 29), on=date(2026, 4, 21))
    assert one.state is ObstacleState.SOLVED


def test_what_is_still_there_goes_back_to_its_agency_with_a_new_day():
    one = solved()
    step = one.send_back(VERIFIER, "窗口仍要求证明", date(2026, 5, 29), on=date(2026, 4, 21))
    assert (step.happening, step.agency_code, step.due) == ("sent-back", AGENCY, date(2026, 5, 29))
    assert (one.state, one.solver, one.solved_on) == (ObstacleState.ASSIGNED, None, None)


def test_a_solution_is_shown_by_something():
    with pytest.raises(FieldErrors) as refused:
        assigned().solve(SOLVER, "已解决", (), on=TODAY)
    assert [error.pointer for error in refused.value.errors] == ["/evidence"]


@pytest.mark.parametrize("due", [TODAY, date(2026, 3, 2)])
def test_the_day_given_lies_ahead(due: date):
    with pytest.raises(FieldErrors) as refused:
        obstacle().assign(AGENCY, due, "牵头解决", on=TODAY)
    assert [error.pointer for error in refused.value.errors] == ["/due"]


def test_a_step_that_does_not_fit_the_state_is_refused_and_changes_nothing():
    one = obstacle()
    for step in (
        lambda: one.solve(SOLVER, "已解决", DOCUMENT, on=TODAY),
        lambda: one.verify(VERIFIER, "属实"),
        lambda: one.send_back(VERIFIER, "不实", DUE, on=TODAY),
    ):
        with pytest.raises(WrongObstacleState):
            step()
    assert (one.state, one.version) == (ObstacleState.FOUND, 1)
    with pytest.raises(WrongObstacleState):
        solved().assign(AGENCY, DUE, "换个部门", on=TODAY)


@pytest.mark.parametrize("text", ["电话13800138000", "身份证11010519491231002X的群众", "11010519491231002x"])
def test_a_text_that_everybody_reads_names_no_person(text: str):
    with pytest.raises(FieldErrors) as refused:
        obstacle(description=text, title=text).found()
    assert [error.pointer for error in refused.value.errors] == ["/title", "/description"]
    with pytest.raises(FieldErrors) as refused:
        assigned().solve(SOLVER, "已解决", (Evidence("link", "https://x.test", text),), on=TODAY)
    assert [error.pointer for error in refused.value.errors] == ["/evidence/0/note"]


@pytest.mark.parametrize("text", ["秦开医保〔2026〕8号", "0335-0000501", "91130371MA7001010P", "11130371037100371Q"])
def test_numbers_of_offices_and_documents_are_no_persons(text: str):
    assert obstacle(description=text).found().note == text


@pytest.mark.parametrize(
    ("day", "light"),
    [
        (date(2026, 3, 4), "green"),
        (date(2026, 4, 17), "green"),
        (date(2026, 4, 20), "yellow"),  # 8 of 41 working days left: a fifth (清明 4-06 is off)
        (DUE, "yellow"),
        (date(2026, 5, 1), "red"),
    ],
)
def test_its_light_follows_the_working_days_left(day: date, light: str):
    assert assigned().light(CALENDAR, day) == light


def test_the_light_stands_still_when_a_solution_is_reported():
    assert solved(on=date(2026, 3, 20)).light(CALENDAR, date(2027, 1, 4)) == "green"
    assert solved(on=date(2026, 5, 6)).light(CALENDAR, date(2026, 5, 7)) == "red"
    assert obstacle().light(CALENDAR, TODAY) is None
