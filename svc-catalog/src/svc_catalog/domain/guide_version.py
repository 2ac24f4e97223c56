"""办事指南版本: draft → checked → approved → published → suspended or withdrawn; author and approver differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from svc_catalog.domain.canonical import content_hash
from svc_catalog.domain.completeness import blocks, findings
from svc_catalog.domain.vague import Finding


class UnknownItem(NamedError):
    """No guide was ever published under this code."""

    slug = "unknown-item"
    title = "没有这个事项"
    status = 404
    pointer = "{code}"


class ItemSuspended(NamedError):
    """The item is suspended 挂起 and may not be applied for at present."""

    slug = "item-suspended"
    title = "该事项已暂停办理"
    status = 409
    pointer = "{code}"


class GuideVersionNotFound(NamedError):
    """There is no such version, or it is another agency's."""

    slug = "guide-version-not-found"
    title = "没有这个办事指南版本"
    status = 404
    pointer = "{version_id}"


class WrongGuideState(NamedError):
    """The step does not fit the version's state."""

    slug = "wrong-guide-state"
    title = "办事指南版本当前状态不能进行此操作"
    status = 409


class QualityGateClosed(FieldErrors):
    """The guide does not pass the quality gate; every finding is named."""

    slug = "quality-gate-closed"
    title = "办事指南未通过质量检查"
    status = 422


class FourEyesNeeded(NamedError):
    """Who wrote a version does not approve it."""

    slug = "four-eyes-needed"
    title = "编制人不能审批自己编制的办事指南"
    status = 403


class ValidityOverlaps(NamedError):
    """Two versions of a guide would be in force on the same day, or none would."""

    slug = "validity-overlaps"
    title = "有效期与现行版本冲突"
    status = 409


class GuideState(StrEnum):
    """The life of a version."""

    DRAFT = "draft"
    CHECKED = "checked"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class GuideVersion:
    """A version of a guide as it stands.

    Attributes:
        number: of the item's published versions, from 1; 0 before publication.
        guide: the whole guide as a JSON value.
        content_hash: over the canonical guide; fixed from approval on, since the guide cannot change after.
        writers: everybody who wrote at it besides the author; none of them approves it.
        ended_at: when it ceased to be in force; together with `published_at` the span it was in force.
    """

    id: UUID
    item_id: UUID
    code: str
    agency_code: str
    guide: Mapping[str, Any]
    author: UUID
    writers: list[UUID] = field(default_factory=list)
    state: GuideState = GuideState.DRAFT
    number: int = 0
    content_hash: str = ""
    approver: UUID | None = None
    published_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    version: int = 1

    def rewrite(self, guide: Mapping[str, Any], writer: UUID) -> None:
        """Put another text in place of the draft's; a checked version becomes a draft again."""
        self._must_be(GuideState.DRAFT, GuideState.CHECKED)
        if guide["code"] != self.code:
            raise FieldErrors([FieldError("/guide/code", "fixed", "同一版本不能更换实施编码")])
        self.guide, self.state = guide, GuideState.DRAFT
        if writer not in {self.author, *self.writers}:
            self.writers = [*self.writers, writer]
        self.version += 1

    def check(self) -> list[Finding]:
        """Return what the quality gate finds; without an error the version is checked."""
        self._must_be(GuideState.DRAFT, GuideState.CHECKED)
        found = findings(self.guide)
        if not blocks(found):
            self.state = GuideState.CHECKED
        self.version += 1
        return found

    def approve(self, approver: UUID) -> None:
        """Approve a checked version; raises `FourEyesNeeded`, `WrongGuideState`."""
        self._must_be(GuideState.CHECKED)
        if approver in {self.author, *self.writers}:
            raise FourEyesNeeded
        self.state, self.approver = GuideState.APPROVED, approver
        self.content_hash = content_hash(self.guide)
        self.version += 1

    def publish(self, number: int, now: datetime, day: date, former: "GuideVersion | None" = None) -> None:
        """Put an approved version in force as the item's `number`-th, in place of `former`.

        Args:
            number: how many versions of the item were published, with this one.
            now: the instant of publication.
            day: its legal day in Shanghai.
            former: the version in force until now.

        Raises:
            WrongGuideState: when it is not approved.
            ValidityOverlaps: when its validity is over, or begins after today while another is in force.
            QualityGateClosed: when a rule that came since finds an error.
        """
        self._must_be(GuideState.APPROVED)
        errors = [finding for finding in findings(self.guide) if finding.severity == "error"]
        if errors:
            raise QualityGateClosed([FieldError(f"/guide{f.pointer}", f.code, f.explanation) for f in errors])
        _without_overlap(self.guide, day, former)
        self.state, self.number, self.published_at = GuideState.PUBLISHED, number, now
        self.version += 1
        if former:
            former.supersede(now)

    def supersede(self, now: datetime) -> None:
        """Make room for a newer version; its time in force ends where that of the newer begins."""
        self._must_be(GuideState.PUBLISHED, GuideState.SUSPENDED)
        self.state, self.ended_at = GuideState.SUPERSEDED, now
        self.version += 1

    def suspend(self, reason: str) -> None:
        """Suspend a published version 挂起."""
        self._must_be(GuideState.PUBLISHED)
        self.state, self.reason = GuideState.SUSPENDED, reason
        self.version += 1

    def withdraw(self, reason: str, now: datetime) -> None:
        """Withdraw a published or suspended version 取消."""
        self._must_be(GuideState.PUBLISHED, GuideState.SUSPENDED)
        self.state, self.reason, self.ended_at = GuideState.WITHDRAWN, reason, now
        self.version += 1

    def _must_be(self, *states: GuideState) -> None:
        if self.state not in states:
            raise WrongGuideState(f"该版本的状态为“{_STATES[self.state]}”。")


_STATES = {
    GuideState.DRAFT: "草稿",
    GuideState.CHECKED: "已检查",
    GuideState.APPROVED: "已审批",
    GuideState.PUBLISHED: "已发布",
    GuideState.SUPERSEDED: "已被新版本取代",
    GuideState.SUSPENDED: "挂起",
    GuideState.WITHDRAWN: "已取消",
}


def expired(guide: Mapping[str, Any], day: date) -> bool:
    """Tell whether a guide's validity was over before `day`."""
    valid_to = guide.get("valid_to")
    return valid_to is not None and date.fromisoformat(valid_to) < day


def _without_overlap(guide: Mapping[str, Any], day: date, former: GuideVersion | None) -> None:
    if expired(guide, day):
        raise ValidityOverlaps(f"有效期已于 {guide['valid_to']} 届满，不能发布。")
    if former is None:
        return
    begins, began = guide["valid_from"], former.guide["valid_from"]
    if date.fromisoformat(begins) > day:
        raise ValidityOverlaps(f"新版本自 {begins} 起生效，现行版本在此之前不能被取代。")
    if date.fromisoformat(begins) < date.fromisoformat(began):
        raise ValidityOverlaps(f"新版本的生效日期 {begins} 早于现行版本的 {began}。")
