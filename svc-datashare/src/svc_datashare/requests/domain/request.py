"""A request for shared data and the answers to it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import legal_day
from svc_datashare.requests.domain.limits import Step
from svc_datashare.resources.domain.metadata import Means, ShareType
from svc_datashare.resources.domain.resource import Agency, Resource, ReviewedBySubmitter


class RequestState(CodeList):
    """State of a request."""

    PENDING = "pending", "待审核"
    RETURNED = "returned", "已退回"
    AWAITING_PUSH = "awaiting_push", "待推送"
    COMPLETED = "completed", "已完成"
    LAPSED = "lapsed", "失效"


class RequestNotFound(NamedError):
    """There is no such request, or the caller may not see it."""

    slug = "resource-request-not-found"
    title = "没有这项共享申请"
    status = 404
    pointer = "{request_id}"


class WrongRequestState(NamedError):
    """The request's state does not allow this."""

    slug = "wrong-resource-request-state"
    title = "共享申请当前状态不能进行此项操作"
    status = 409


class ResourceNotShared(NamedError):
    """The law keeps this data from being shared (不予共享, 国发〔2016〕51号 第九条)."""

    slug = "resource-not-shared"
    title = "该数据资源不予共享"
    status = 403


class ResourceNotPublished(NamedError):
    """The resource is not, or no longer, in the directory."""

    slug = "resource-not-published"
    title = "该数据资源未发布或已撤销"
    status = 409


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for and later granted.

    Attributes:
        service: which of our systems will call, for example `svc-intake`.
        item_codes: implementations 实施清单 for whose cases the data is used; None for all of the consumer.
        fields: data items asked for.
        unmasked_fields: those of `fields` that may be read whole when the call says so.
        purpose: what the data is used for; calls must state the same.
        valid_from: first day of use.
        valid_to: last day of use; a grant always ends.
    """

    consumer: Agency
    service: str
    item_codes: frozenset[str] | None
    fields: tuple[str, ...]
    unmasked_fields: tuple[str, ...]
    purpose: str
    valid_from: date
    valid_to: date

    def check(self, resource: Resource, today: date) -> None:
        """Raise `FieldErrors` naming everything that does not fit the resource or the calendar."""
        wrong = []
        for name in ("fields", "unmasked_fields"):
            for number, key in enumerate(getattr(self, name)):
                item = resource.item(key)
                if item is None:
                    wrong.append(FieldError(f"/{name}/{number}", "unknown-item", "该数据资源没有这个数据项"))
                elif item.withheld:
                    wrong.append(FieldError(f"/{name}/{number}", "withheld", f"“{item.name}”不对外提供"))
        surplus = set(self.unmasked_fields) - set(self.fields)
        if surplus:
            wrong.append(FieldError("/unmasked_fields", "not-asked-for", "只能在申请的数据项之内"))
        if self.valid_to < max(self.valid_from, today):
            wrong.append(FieldError("/valid_to", "too-early", "不能早于开始日期和今天"))
        if wrong:
            raise FieldErrors(wrong)


@dataclass(slots=True)
class ResourceRequest:
    """A request 共享申请.

    Attributes:
        basis: the duty by law for which the data is needed (履职依据).
        step: who has to act; None when nobody has to any more.
        previous_on: legal day the last step was done, at first the day of receipt.
        reason: why it was returned, or lapsed.
    """

    id: UUID
    resource_id: UUID
    resource_code: str
    share_type: ShareType
    means: Means
    provider: Agency
    authority: str
    terms: Terms
    basis: str
    requested_by: UUID | None
    received_at: datetime
    previous_on: date
    state: RequestState = RequestState.PENDING
    step: Step | None = Step.PLATFORM
    reason: str | None = None
    grant_id: UUID | None = None
    version: int = 1

    @classmethod
    def receive(
        cls, request_id: UUID, resource: Resource, terms: Terms, basis: str, by: UUID | None, now: datetime
    ) -> "ResourceRequest":
        """Return a new request for `resource`.

        Raises:
            ResourceNotPublished: when the resource is not in the directory.
            ResourceNotShared: when the law forbids sharing it.
            FieldErrors: for terms that do not fit.
        """
        if not resource.in_force:
            raise ResourceNotPublished
        metadata = resource.metadata
        if metadata.share_type is ShareType.WITHHELD:
            raise ResourceNotShared(f"依据：{metadata.share_basis}")
        terms.check(resource, legal_day(now))
        return cls(
            id=request_id,
            resource_id=resource.id,
            resource_code=resource.code,
            share_type=metadata.share_type,
            means=metadata.means,
            provider=resource.provider,
            authority=resource.authority,
            terms=terms,
            basis=basis,
            requested_by=by,
            received_at=now,
            previous_on=legal_day(now),
        )

    @property
    def received_on(self) -> date:
        """Legal day of receipt."""
        return legal_day(self.received_at)

    @property
    def is_pending(self) -> bool:
        """Whether the platform or the provider still has to answer."""
        return self.state is RequestState.PENDING

    def approve(self, by: UUID | None, now: datetime) -> None:
        """Do the open step of the review; the platform's approval of unconditional data is the last one.

        Raises:
            WrongRequestState: when no review is open.
            ReviewedBySubmitter: when the requester reviews.
        """
        self._must_be(RequestState.PENDING)
        self._must_be_another(by)
        self.previous_on = legal_day(now)
        if self.step is Step.PLATFORM and self.share_type is ShareType.CONDITIONAL:
            self.step = Step.PROVIDER
        elif self.means is Means.INTERFACE:
            self._end(RequestState.COMPLETED)
        else:
            self.state, self.step = RequestState.AWAITING_PUSH, Step.SUPPLY
        self.version += 1

    def send_back(self, by: UUID | None, reason: str) -> None:
        """Refuse; a refusal always states its reason. Raises `WrongRequestState`, `ReviewedBySubmitter`."""
        self._must_be(RequestState.PENDING)
        self._must_be_another(by)
        self._end(RequestState.RETURNED, reason)
        self.version += 1

    def supply(self, now: datetime) -> None:
        """Note that the table or file was handed over; raises `WrongRequestState`."""
        self._must_be(RequestState.AWAITING_PUSH)
        self.previous_on = legal_day(now)
        self._end(RequestState.COMPLETED)
        self.version += 1

    def give_up(self, reason: str) -> None:
        """The consumer no longer needs it; raises `WrongRequestState` once it is answered."""
        if self.state not in (RequestState.PENDING, RequestState.AWAITING_PUSH):
            raise WrongRequestState(f"该申请现在是“{self.state.label}”，不能撤回。")
        self._end(RequestState.LAPSED, reason)
        self.version += 1

    def _must_be(self, state: RequestState) -> None:
        if self.state is not state:
            raise WrongRequestState(f"该申请现在是“{self.state.label}”，只有“{state.label}”时才能这样做。")

    def _must_be_another(self, by: UUID | None) -> None:
        if by == self.requested_by:
            raise ReviewedBySubmitter("请由另一名工作人员审核。")

    def _end(self, state: RequestState, reason: str | None = None) -> None:
        self.state, self.step, self.reason = state, None, reason
