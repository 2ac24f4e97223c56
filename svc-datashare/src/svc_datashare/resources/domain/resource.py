"""A resource 数据资源 and its way through the directory."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import legal_day
from svc_datashare.resources.domain.metadata import (
    MASKED_LEVEL,
    Classification,
    DataItem,
    Masking,
    Means,
    Openness,
    ShareType,
    UpdateCycle,
)

_DIGITS = re.compile(r"\d+")


class ResourceState(CodeList):
    """State of a resource in the directory."""

    CREATED = "created", "已创建"
    PUBLICATION_REVIEW = "publication_review", "发布待审核"
    PUBLISHED = "published", "已发布"
    WITHDRAWAL_REVIEW = "withdrawal_review", "撤销待审核"
    WITHDRAWN = "withdrawn", "已撤销"


class ResourceNotFound(NamedError):
    """There is no such resource, or the caller may not see it."""

    slug = "resource-not-found"
    title = "没有这项数据资源"
    status = 404


class ResourceCodeTaken(NamedError):
    """Another resource has this code."""

    slug = "resource-code-taken"
    title = "资源编号已被使用"
    status = 409


class WrongResourceState(NamedError):
    """The resource's state does not allow this."""

    slug = "wrong-resource-state"
    title = "数据资源当前状态不能进行此项操作"
    status = 409


class ReviewedBySubmitter(NamedError):
    """Who submits does not review: two people look at every publication, withdrawal and request."""

    slug = "reviewed-by-submitter"
    title = "提交人不能审核自己提交的内容"
    status = 409


class AuthoritativeSourceTaken(NamedError):
    """Every data element has exactly one authoritative source (一数一源, 国发〔2016〕51号 第十条)."""

    slug = "authoritative-source-taken"
    title = "数据项已有权威来源（一数一源）"
    status = 409


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency by its credit code, with the name to show."""

    code: str
    name: str


@dataclass(slots=True)
class Metadata:
    """What the provider says about a resource; checked as a whole by `check`.

    Attributes:
        abstract: what the data is, in a few sentences.
        format: how the data lies at the provider, for example `数据库 / PostgreSQL`.
        share_condition: under which conditions a conditional resource is shared.
        share_basis: law, regulation or State Council decision that forbids sharing.
        source: name of the connector that reads the data, None when nothing can be called.
    """

    name: str
    classification: Classification
    abstract: str
    format: str
    items: tuple[DataItem, ...]
    share_type: ShareType
    share_condition: str | None
    share_basis: str | None
    means: Means
    openness: Openness
    open_condition: str | None
    update_cycle: UpdateCycle
    source: str | None = None

    @property
    def sensitivity(self) -> int:
        """Level of the resource: that of its most sensitive item."""
        return max(item.sensitivity for item in self.items)

    def check(self) -> None:
        """Raise `FieldErrors` naming everything that is wrong at once."""
        wrong = [*self._wrong_classification(), *self._wrong_sharing(), *self._wrong_items()]
        if wrong:
            raise FieldErrors(wrong)

    def _wrong_classification(self) -> Iterator[FieldError]:
        for level, length in Classification.LENGTHS:
            code = getattr(self.classification, level).code
            if len(code) != length or not _DIGITS.fullmatch(code):
                yield FieldError(f"/classification/{level}/code", "wrong-format", f"应为 {length} 位数字")
        if not _DIGITS.fullmatch(self.classification.detail.code):
            yield FieldError("/classification/detail/code", "wrong-format", "应为数字")

    def _wrong_sharing(self) -> Iterator[FieldError]:
        if self.share_type is ShareType.CONDITIONAL and not self.share_condition:
            yield FieldError("/share_condition", "required", "有条件共享的资源应写明共享条件")
        if self.share_type is ShareType.WITHHELD and not self.share_basis:
            yield FieldError("/share_basis", "required", "不予共享的资源应写明法律、行政法规或者国务院决定依据")
        if self.openness is Openness.CONDITIONAL and not self.open_condition:
            yield FieldError("/open_condition", "required", "有条件开放的资源应写明开放条件")
        if self.means is Means.INTERFACE and self.share_type is not ShareType.WITHHELD and not self.source:
            yield FieldError("/source", "required", "接口方式共享的资源应写明数据来源接口")

    def _wrong_items(self) -> Iterator[FieldError]:
        if not self.items:
            yield FieldError("/items", "required", "至少写明一个数据项")
        for field in ("key", "element"):
            seen: set[str] = set()
            for number, item in enumerate(self.items):
                value = getattr(item, field)
                if value in seen:
                    yield FieldError(f"/items/{number}/{field}", "repeated", "与前面的数据项重复")
                seen |= {value} if value else set()
        for number, item in enumerate(self.items):
            if item.sensitivity == MASKED_LEVEL and item.masking is Masking.NONE:
                yield FieldError(f"/items/{number}/masking", "required", "3 级敏感数据项应写明脱敏方式")


@dataclass(slots=True)
class Resource:
    """A resource in the directory.

    Attributes:
        code: short code by which the exchange is called, for example `FR-YYZZ-001`.
        provider: the agency whose data it is.
        authority: credit code of the data authority 数据主管部门 that reviews.
        submitted_by: who asked for the review that is open, or for the last one.
        reason: why the last review said no, or why withdrawal is asked for.
    """

    id: UUID
    code: str
    provider: Agency
    authority: str
    metadata: Metadata
    state: ResourceState = ResourceState.CREATED
    submitted_by: UUID | None = None
    reason: str | None = None
    published_at: datetime | None = None
    version: int = 1

    @property
    def published_on(self) -> date | None:
        """Legal day of the publication."""
        return legal_day(self.published_at) if self.published_at else None

    @property
    def in_force(self) -> bool:
        """Whether data is shared: published, and the withdrawal, if asked for, not yet decided."""
        return self.state in (ResourceState.PUBLISHED, ResourceState.WITHDRAWAL_REVIEW)

    def item(self, key: str) -> DataItem | None:
        """Return the data item of this name."""
        return next((item for item in self.metadata.items if item.key == key), None)

    @property
    def claims(self) -> Sequence[DataItem]:
        """The data items whose authoritative source this resource claims to be."""
        return [item for item in self.metadata.items if item.element]

    def describe(self, metadata: Metadata) -> None:
        """Replace the metadata; only before the first publication is asked for.

        Raises:
            WrongResourceState: when it is published or under review.
            FieldErrors: for metadata that contradicts itself.
        """
        self._must_be(ResourceState.CREATED)
        metadata.check()
        self.metadata = metadata
        self.version += 1

    def submit(self, by: UUID | None) -> None:
        """Ask for publication; raises `WrongResourceState`."""
        self._must_be(ResourceState.CREATED)
        self._enter(ResourceState.PUBLICATION_REVIEW, by)

    def publish(self, by: UUID | None, now: datetime) -> None:
        """Approve the publication; raises `WrongResourceState`, `ReviewedBySubmitter`."""
        self._must_be(ResourceState.PUBLICATION_REVIEW)
        self._must_be_another(by)
        self.published_at = now
        self._enter(ResourceState.PUBLISHED, self.submitted_by)

    def refuse_publication(self, by: UUID | None, reason: str) -> None:
        """Send it back to its provider; raises `WrongResourceState`, `ReviewedBySubmitter`."""
        self._must_be(ResourceState.PUBLICATION_REVIEW)
        self._must_be_another(by)
        self._enter(ResourceState.CREATED, self.submitted_by, reason)

    def ask_withdrawal(self, by: UUID | None, reason: str) -> None:
        """Ask for leaving the directory; sharing goes on until it is decided. Raises `WrongResourceState`."""
        self._must_be(ResourceState.PUBLISHED)
        self._enter(ResourceState.WITHDRAWAL_REVIEW, by, reason)

    def withdraw(self, by: UUID | None) -> None:
        """Approve the withdrawal; raises `WrongResourceState`, `ReviewedBySubmitter`."""
        self._must_be(ResourceState.WITHDRAWAL_REVIEW)
        self._must_be_another(by)
        self._enter(ResourceState.WITHDRAWN, self.submitted_by, self.reason)

    def refuse_withdrawal(self, by: UUID | None, reason: str) -> None:
        """Keep it in the directory; raises `WrongResourceState`, `ReviewedBySubmitter`."""
        self._must_be(ResourceState.WITHDRAWAL_REVIEW)
        self._must_be_another(by)
        self._enter(ResourceState.PUBLISHED, self.submitted_by, reason)

    def _must_be(self, state: ResourceState) -> None:
        if self.state is not state:
            raise WrongResourceState(f"该数据资源现在是“{self.state.label}”，只有“{state.label}”时才能这样做。")

    def _must_be_another(self, by: UUID | None) -> None:
        if by == self.submitted_by:
            raise ReviewedBySubmitter("请由另一名工作人员审核。")

    def _enter(self, state: ResourceState, by: UUID | None, reason: str | None = None) -> None:
        self.state = state
        self.submitted_by = by
        self.reason = reason
        self.version += 1
