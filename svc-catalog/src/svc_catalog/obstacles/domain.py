"""堵点: something that hinders people, from the day it is found until somebody else verifies that it is gone.

Source: the plan's safeguards, (三) 百项问题疏解: each obstacle of the list is assigned and solved, one by one; and
(一): who is responsible is named, with a timetable.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from onestop_legal.clock import DEFAULT_THRESHOLDS, Light
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import Calendar

_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")


class ObstacleNotFound(NamedError):
    """There is no such obstacle."""

    slug = "obstacle-not-found"
    title = "没有这个堵点"
    status = 404
    pointer = "{obstacle_id}"


class WrongObstacleState(NamedError):
    """The step does not fit the state of the obstacle."""

    slug = "wrong-obstacle-state"
    title = "堵点当前状态不能进行此操作"
    status = 409


class SomebodyElseVerifies(NamedError):
    """Who reported the solution does not verify it."""

    slug = "somebody-else-verifies"
    title = "上报解决情况的人不能核验"
    status = 403


class Field(StrEnum):
    """The five fields of the plan in which obstacles are looked for first."""

    IDENTITY = "identity"
    BUSINESS = "business"
    SOCIAL = "social"
    EMPLOYMENT = "employment"
    RESIDENCE = "residence"


class ObstacleState(StrEnum):
    """How far an obstacle has come; one whose solution did not hold is assigned again."""

    FOUND = "found"
    ASSIGNED = "assigned"
    SOLVED = "solved"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that an obstacle is gone.

    Attributes:
        kind: `guide` (code of the guide that changed), `document` (number of a document), `link` (address of a page).
    """

    kind: str
    reference: str
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to an obstacle; `note` says it in words."""

    happening: str
    note: str
    agency_code: str | None = None
    due: date | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Obstacle:
    """An obstacle as it stands.

    Attributes:
        item_code: the item at which it was met, when it concerns one.
        source: by whom it was found, in words: 群众反映, 督查, 自查.
        assigned_on, due: legal days of the assignment in force, both or none.
        solver: who reported the solution that waits for verification, or was verified.
        solved_on: legal day of that report.
    """

    id: UUID
    field: Field
    title: str
    description: str
    source: str
    found_on: date
    item_code: str | None = None
    state: ObstacleState = ObstacleState.FOUND
    agency_code: str | None = None
    assigned_on: date | None = None
    due: date | None = None
    solver: UUID | None = None
    solved_on: date | None = None
    version: int = 1

    def found(self) -> Step:
        """Return the first step of its life; raises `FieldErrors` where a text that everybody reads names a person."""
        without_persons({"/title": self.title, "/description": self.description, "/source": self.source})
        return Step("found", self.description)

    def assign(self, agency_code: str, due: date, note: str, *, on: date) -> Step:
        """Give it to an agency that solves it until the legal day `due`, also anew.

        Raises:
            WrongObstacleState: when it is solved.
            FieldErrors: when `due` is not after `on`.
        """
        self._must_be(ObstacleState.FOUND, ObstacleState.ASSIGNED)
        return self._assigned("assigned", agency_code, due, note, on)

    def solve(self, solver: UUID, measure: str, evidence: tuple[Evidence, ...], *, on: date) -> Step:
        """Report by what it is gone; raises `WrongObstacleState`, and `FieldErrors` without evidence."""
        self._must_be(ObstacleState.ASSIGNED)
        if not evidence:
            raise FieldErrors([FieldError("/evidence", "required", "请至少提供一项佐证")])
        notes = {f"/evidence/{place}/note": one.note for place, one in enumerate(evidence)}
        without_persons({"/measure": measure, **notes})
        self.state, self.solver, self.solved_on = ObstacleState.SOLVED, solver, on
        self.version += 1
        return Step("solved", measure, self.agency_code, self.due, evidence)

    def verify(self, verifier: UUID, note: str) -> Step:
        """Confirm that it is gone; raises `WrongObstacleState`, `SomebodyElseVerifies`."""
        self._judged_by(verifier, note)
        self.state = ObstacleState.VERIFIED
        self.version += 1
        return Step("verified", note, self.agency_code, self.due)

    def send_back(self, verifier: UUID, note: str, due: date, *, on: date) -> Step:
        """Find that it is still there: its agency has until `due`; raises as `verify` and `assign`."""
        self._judged_by(verifier, note)
        if self.agency_code is None:
            raise WrongObstacleState
        self.solver = self.solved_on = None
        return self._assigned("sent-back", self.agency_code, due, note, on)

    def light(self, calendar: Calendar, today: date) -> Light | None:
        """Return how it stands with the time given; the day of the report counts once there is one, None before any."""
        if self.due is None or self.assigned_on is None:
            return None
        day = self.solved_on or today
        if day > self.due:
            return "red"
        left = calendar.count(day, self.due)
        return "yellow" if left <= DEFAULT_THRESHOLDS.ahead(calendar.count(self.assigned_on, self.due)) else "green"

    def _assigned(self, happening: str, agency_code: str, due: date, note: str, on: date) -> Step:
        without_persons({"/note": note})
        if due <= on:
            raise FieldErrors([FieldError("/due", "not-later", "完成期限须晚于今天")])
        self.state = ObstacleState.ASSIGNED
        self.agency_code, self.assigned_on, self.due = agency_code, on, due
        self.version += 1
        return Step(happening, note, agency_code, due)

    def _judged_by(self, verifier: UUID, note: str) -> None:
        self._must_be(ObstacleState.SOLVED)
        if verifier == self.solver:
            raise SomebodyElseVerifies
        without_persons({"/note": note})

    def _must_be(self, *states: ObstacleState) -> None:
        if self.state not in states:
            raise WrongObstacleState(f"该堵点的状态为“{_STATES[self.state]}”。")


def without_persons(texts: dict[str, str]) -> None:
    """Refuse texts, by their pointers, with a citizen number or a mobile number: everybody reads them."""
    named = [pointer for pointer, text in texts.items() if _PERSONAL.search(text)]
    if named:
        raise FieldErrors(
            [FieldError(pointer, "names-a-person", "公开内容不得含有身份号码或者手机号码") for pointer in named]
        )


_STATES = {
    ObstacleState.FOUND: "已发现",
    ObstacleState.ASSIGNED: "已交办",
    ObstacleState.SOLVED: "待核验",
    ObstacleState.VERIFIED: "已销号",
}
