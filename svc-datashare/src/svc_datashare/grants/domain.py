"""A grant: scoped, expiring, revocable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError
from svc_datashare.requests.domain.request import Terms


class GrantState(CodeList):
    """State of a grant; whether its time is over is seen from its dates."""

    GIVEN = "given", "有效"
    REVOKED = "revoked", "已撤销"


class GrantNotFound(NamedError):
    """There is no such grant, or the caller may not see it."""

    slug = "grant-not-found"
    title = "没有这项共享授权"
    status = 404
    pointer = "{grant_id}"


class GrantAlreadyRevoked(NamedError):
    """The grant was revoked before."""

    slug = "grant-already-revoked"
    title = "该共享授权已经撤销"
    status = 409


class NoGrant(NamedError):
    """The agency's system holds no grant for this resource."""

    slug = "no-grant"
    title = "没有该数据资源的共享授权"
    status = 403


class GrantNotInForce(NamedError):
    """The grant was revoked, has expired, or does not yet begin."""

    slug = "grant-not-in-force"
    title = "共享授权不在有效期内或已撤销"
    status = 403


class PurposeNotGranted(NamedError):
    """Shared data is used only for the purpose it was granted for (政务数据共享条例)."""

    slug = "purpose-not-granted"
    title = "使用目的不在授权范围内"
    status = 403


class ItemNotGranted(NamedError):
    """The grant is for the cases of other items."""

    slug = "item-not-granted"
    title = "该事项不在授权范围内"
    status = 403


class FieldsNotGranted(NamedError):
    """Fields are asked for that the grant does not name (个人信息保护法 6: no more than needed)."""

    slug = "fields-not-granted"
    title = "数据项不在授权范围内"
    status = 403


class UnmaskingNotGranted(NamedError):
    """The grant does not let these fields be read whole."""

    slug = "unmasking-not-granted"
    title = "授权不允许查看未脱敏的数据项"
    status = 403


@dataclass(frozen=True, slots=True)
class Use:
    """A use of shared data, as the calling system states it.

    Attributes:
        consumer: credit code of the agency whose case it is.
        service: the calling system.
        fields: data items wanted; empty for all that are granted.
        unmasked_fields: those wanted whole.
    """

    consumer: str
    service: str
    item_code: str
    purpose: str
    fields: tuple[str, ...] = ()
    unmasked_fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Grant:
    """A grant 共享授权."""

    id: UUID
    resource_id: UUID
    resource_code: str
    request_id: UUID
    provider: str
    authority: str
    terms: Terms
    given_at: datetime
    state: GrantState = GrantState.GIVEN
    revoked_at: datetime | None = None
    revoke_reason: str | None = None
    version: int = 1

    def in_force(self, today: date) -> bool:
        """Tell whether the grant can be used on this legal day."""
        return self.state is GrantState.GIVEN and self.terms.valid_from <= today <= self.terms.valid_to

    def check(self, use: Use, today: date) -> None:
        """Do nothing when the grant covers `use`.

        Raises:
            GrantNotInForce, PurposeNotGranted, ItemNotGranted, FieldsNotGranted, UnmaskingNotGranted: the first
                that applies, in this order.
        """
        terms = self.terms
        if not self.in_force(today):
            raise GrantNotInForce
        if use.purpose.strip() != terms.purpose:
            raise PurposeNotGranted(f"授权的使用目的是“{terms.purpose}”。")
        if terms.item_codes is not None and use.item_code not in terms.item_codes:
            raise ItemNotGranted(f"授权不包括事项 {use.item_code}。")
        if surplus := _surplus(use.fields, terms.fields):
            raise FieldsNotGranted(f"授权不包括数据项：{surplus}。")
        if surplus := _surplus(use.unmasked_fields, terms.unmasked_fields):
            raise UnmaskingNotGranted(f"授权不允许查看未脱敏的：{surplus}。")

    def revoke(self, reason: str, now: datetime) -> None:
        """End the grant before its time; raises `GrantAlreadyRevoked`."""
        if self.state is GrantState.REVOKED:
            raise GrantAlreadyRevoked
        self.state = GrantState.REVOKED
        self.revoked_at = now
        self.revoke_reason = reason
        self.version += 1


REFUSALS = (NoGrant, GrantNotInForce, PurposeNotGranted, ItemNotGranted, FieldsNotGranted, UnmaskingNotGranted)
"""Why a use may be refused, from the least to the most fitting grant."""


def covering(grants: Iterable[Grant], use: Use, today: date) -> Grant:
    """Return the first of `grants` that covers `use`.

    Args:
        grants: those the consumer's system holds for the resource.
        use: what is asked.
        today: legal day of the call.

    Raises:
        One of `REFUSALS`: that of the grant which comes closest.
    """
    closest: NamedError = NoGrant()
    for grant in grants:
        try:
            grant.check(use, today)
        except REFUSALS as refusal:
            if REFUSALS.index(type(refusal)) > REFUSALS.index(type(closest)):
                closest = refusal
        else:
            return grant
    raise closest


def _surplus(asked: Sequence[str], granted: Sequence[str]) -> str:
    return "、".join(key for key in asked if key not in granted)
