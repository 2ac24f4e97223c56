"""Who serves an agency, as what, until when."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gateway.staff.domain import (
    AppointmentEnded,
    Post,
    Role,
    RoleNotYoursToGive,
    StaffMember,
    require_may_give,
)
from onestop_legal.errors import FieldErrors

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 3, 2), date(2026, 3, 1)


def post(*roles: str, valid_to: date | None = None) -> Post:
    return Post("130371", None, frozenset(roles or ("reviewer",)), date(2026, 1, 1), valid_to)


def member(valid_to: date | None = None) -> StaffMember:
    return StaffMember(UUID(int=1), UUID(int=2), "王**", "11130371037100371Q", "局", post(valid_to=valid_to))


def test_who_is_dismissed_serves_no_more_from_that_moment_on():
    assert member().holds_on(TODAY)
    gone = member().dismissed(NOW)
    assert not gone.holds_on(TODAY)
    assert (gone.last_day(TODAY), gone.version) == (YESTERDAY, 2)
    assert member(date(2026, 2, 1)).dismissed(NOW).last_day(TODAY) == date(2026, 2, 1)
    with pytest.raises(AppointmentEnded):
        gone.dismissed(NOW)


def test_what_has_ended_is_changed_no_more():
    assert member().changed(post("approver"), TODAY).roles == {"approver"}
    for over in (member().dismissed(NOW), member(YESTERDAY)):
        with pytest.raises(AppointmentEnded):
            over.changed(post("approver"), TODAY)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [(post("emperor"), "/roles"), (post("reviewer", "Reviewer"), "/roles"), (post(valid_to=YESTERDAY), "/valid_to")],
)
def test_an_unsound_post_is_refused_with_its_place(wrong: Post, pointer: str):
    with pytest.raises(FieldErrors) as refused:
        wrong.require_sound(TODAY)
    assert [it.pointer for it in refused.value.errors] == [pointer]


def test_heads_give_the_roles_of_their_agency_and_administrators_all():
    require_may_give(Role, frozenset({"admin"}))
    require_may_give({"reviewer", "township_agent"}, frozenset({"head"}))
    for role in ("head", "supervisor", "operator", "admin"):
        with pytest.raises(RoleNotYoursToGive):
            require_may_give({"reviewer", role}, frozenset({"head"}))
