"""Who may finish a task, and what a finished task must say."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from onestop_legal.errors import FieldErrors
from svc_workflow.domain.definition import TaskKind
from svc_workflow.domain.task import (
    Completion,
    ReviewerMayNotDecide,
    Task,
    TaskDone,
    TaskNotClaimed,
    TaskState,
    TaskTaken,
    TooFewOfficers,
)

NOW = datetime(2026, 3, 12, 3, 0, tzinfo=UTC)
ME, OTHER, INSPECTOR, INSPECTOR_2 = uuid4(), uuid4(), uuid4(), uuid4()
INSPECTORS = {INSPECTOR, INSPECTOR_2}


def task(kind: TaskKind = TaskKind.PLAIN, *outcomes: str) -> Task:
    made = Task(
        uuid4(), uuid4(), "review", "f1", "审查", "reviewer", kind, "11130371037100371Q",
        tuple((value, value) for value in outcomes or ("pass", "fail")), NOW,
    )  # fmt: skip
    made.claim(ME)
    return made


def complete(work: Task, completion: Completion, reviewers: set[object] | None = None) -> None:
    work.complete(ME, completion, reviewers=reviewers or set(), inspectors=INSPECTORS, now=NOW)  # type: ignore[arg-type]


def test_a_task_is_claimed_by_one_person():
    work = task()
    work.claim(ME)
    assert work.version == 2
    with pytest.raises(TaskTaken):
        work.claim(OTHER)


def test_only_who_claimed_it_releases_or_finishes_it():
    work = task()
    with pytest.raises(TaskTaken):
        work.release(OTHER)
    work.release(ME)
    with pytest.raises(TaskNotClaimed):
        complete(work, Completion("pass"))


def test_a_finished_task_stays_finished():
    work = task()
    complete(work, Completion("pass"))
    assert (work.state, work.outcome) == (TaskState.DONE, "pass")
    for again in (lambda: work.claim(ME), lambda: work.release(ME), lambda: complete(work, Completion("pass"))):
        with pytest.raises(TaskDone):
            again()


def test_an_outcome_nobody_offered_is_refused():
    with pytest.raises(FieldErrors) as caught:
        complete(task(), Completion("maybe"))
    assert [wrong.pointer for wrong in caught.value.errors] == ["/outcome"]


def test_a_refusal_states_its_reasons():
    with pytest.raises(FieldErrors) as caught:
        complete(task(TaskKind.DECISION, "granted", "denied"), Completion("denied", "  "))
    assert [wrong.pointer for wrong in caught.value.errors] == ["/opinion"]


def test_who_reviewed_does_not_decide():
    with pytest.raises(ReviewerMayNotDecide):
        complete(task(TaskKind.DECISION, "granted", "denied"), Completion("granted"), {ME})


@pytest.mark.parametrize("officers", [(), (INSPECTOR,), (INSPECTOR, INSPECTOR)])
def test_a_check_on_site_needs_two_officers(officers: tuple[object, ...]):
    with pytest.raises(TooFewOfficers):
        complete(
            task(TaskKind.ON_SITE_CHECK, "passed"),
            Completion("passed", None, officers, date(2026, 3, 12)),  # type: ignore[arg-type]
        )


def test_a_check_on_site_names_its_day_and_inspectors_of_the_agency():
    with pytest.raises(FieldErrors) as caught:
        complete(task(TaskKind.ON_SITE_CHECK, "passed"), Completion("passed", None, (INSPECTOR, OTHER), None))
    assert [wrong.pointer for wrong in caught.value.errors] == ["/checked_on", "/officers/1"]


def test_a_check_on_site_is_not_in_the_future():
    with pytest.raises(FieldErrors):
        complete(
            task(TaskKind.ON_SITE_CHECK, "passed"),
            Completion("passed", None, (INSPECTOR, INSPECTOR_2), date(2026, 3, 13)),
        )


def test_a_check_on_site_keeps_who_was_there():
    work = task(TaskKind.ON_SITE_CHECK, "passed")
    complete(work, Completion("passed", "合格", (INSPECTOR, INSPECTOR_2), date(2026, 3, 12)))
    assert work.details == {"officers": [str(INSPECTOR), str(INSPECTOR_2)], "checked_on": "2026-03-12"}
