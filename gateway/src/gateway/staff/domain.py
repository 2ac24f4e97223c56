"""Staff 工作人员: a person serves an agency with roles, from a day on, until a day or his dismissal."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from gateway.mandates.domain import within
from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors, NamedError


class Role(CodeList):
    """What somebody may be let in as by services; nobody is given any other role."""

    WINDOW_CLERK = "window_clerk", "窗口人员"
    REVIEWER = "reviewer", "审查人员"
    INSPECTOR = "inspector", "核查人员"
    APPROVER = "approver", "审批人员"
    HEAD = "head", "部门负责人"
    CATALOG_EDITOR = "catalog_editor", "事项编制人员"
    CATALOG_PUBLISHER = "catalog_publisher", "事项发布人员"
    DATA_STEWARD = "data_steward", "数据管理员"
    SUPERVISOR = "supervisor", "监督人员"
    TOWNSHIP_AGENT = "township_agent", "乡镇代办员"
    OPERATOR = "operator", "运维人员"
    ADMIN = "admin", "平台管理员"


OF_THE_PLATFORM: Final = frozenset({Role.HEAD, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN})
"""Roles that reach beyond an agency, or lead it: only administrators give them."""


class StaffNotFound(NamedError):
    """There is no such appointment that the caller may see."""

    slug = "staff-not-found"
    title = "没有这项任职"
    status = 404
    pointer = "{staff_id}"


class AppointmentExists(NamedError):
    """The person serves this agency already; the appointment is changed, not made a second time."""

    slug = "appointment-exists"
    title = "此人已在该部门任职，请修改原有任职"
    status = 409


class AppointmentEnded(NamedError):
    """The person was dismissed, or his last day has passed."""

    slug = "appointment-ended"
    title = "这项任职已经终止"
    status = 409


class OwnAppointment(NamedError):
    """Nobody appoints himself, changes his own roles or dismisses himself."""

    slug = "own-appointment"
    title = "不能办理自己的任职"
    status = 403


class RoleNotYoursToGive(NamedError):
    """Heads give the roles of their agency; those of the platform are given by administrators."""

    slug = "role-not-yours-to-give"
    title = "该角色只能由平台管理员授予"
    status = 403


@dataclass(frozen=True, slots=True)
class Post:
    """Where somebody serves, as what, how long.

    Attributes:
        region: division code.
        hall: code of the hall whose window the person works at, if any.
        valid_from: first day, in Asia/Shanghai.
        valid_to: last day; None for an open end.
    """

    region: str
    hall: str | None
    roles: frozenset[str]
    valid_from: date
    valid_to: date | None

    def require_sound(self, today: date) -> None:
        """Do nothing when somebody may serve like this from today on; raises `FieldErrors`."""
        wrong = []
        if not self.roles or not self.roles <= set(Role):
            wrong.append(FieldError("/roles", "unknown-role", f"角色应为：{'、'.join(Role)}"))
        if self.valid_to is not None and self.valid_to < max(self.valid_from, today):
            wrong.append(FieldError("/valid_to", "too-small", "终止日期不能早于今天和起始日期"))
        if wrong:
            raise FieldErrors(wrong)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """An appointment 任职: a person serves an agency with roles.

    Attributes:
        name: masked.
        agency: credit code of the agency.
        dismissed_at: when the person was dismissed, if he was.
    """

    id: UUID
    person_id: UUID
    name: str
    agency: str
    agency_name: str
    post: Post
    dismissed_at: datetime | None = None
    version: int = 1

    @property
    def roles(self) -> frozenset[str]:
        """What services may let him in as."""
        return self.post.roles

    def holds_on(self, day: date) -> bool:
        """Tell whether the person serves the agency on `day`."""
        return self.dismissed_at is None and within(day, self.post.valid_from, self.post.valid_to)

    def over_on(self, day: date) -> bool:
        """Tell whether the appointment has ended by `day`."""
        return self.dismissed_at is not None or (self.post.valid_to is not None and self.post.valid_to < day)

    def changed(self, post: Post, today: date) -> Self:
        """Return the appointment with another post; raises `AppointmentEnded`, `FieldErrors`."""
        if self.over_on(today):
            raise AppointmentEnded
        post.require_sound(today)
        return replace(self, post=post, version=self.version + 1)

    def dismissed(self, now: datetime) -> Self:
        """Return the appointment ended at once; raises `AppointmentEnded` when he was dismissed before."""
        if self.dismissed_at is not None:
            raise AppointmentEnded
        return replace(self, dismissed_at=now, version=self.version + 1)

    def last_day(self, dismissed_on: date) -> date:
        """Return the last day that counts as served when he is dismissed: the one before, or an earlier end."""
        before = dismissed_on - timedelta(days=1)
        return min(before, self.post.valid_to) if self.post.valid_to else before


def require_may_give(roles: Iterable[str], giver: frozenset[str]) -> None:
    """Do nothing when somebody with the roles `giver` may give `roles`; raises `RoleNotYoursToGive`."""
    if Role.ADMIN not in giver and not OF_THE_PLATFORM.isdisjoint(roles):
        raise RoleNotYoursToGive
