"""Erasure 个人信息删除: on which ground, decided by whom, and what stands against it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self
from uuid import UUID

from gateway.people.domain import Person
from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError


class Ground(CodeList):
    """Why personal data has to be deleted (个人信息保护法 47)."""

    PURPOSE_OVER = "purpose-over", "处理目的已实现、无法实现或者不再必要（第四十七条第一项）"
    SERVICE_OVER = "service-over", "停止提供服务，或者保存期限已届满（第四十七条第二项）"
    CONSENT_WITHDRAWN = "consent-withdrawn", "本人撤回同意（第四十七条第三项）"
    UNLAWFUL = "unlawful", "违反法律、行政法规或者约定处理（第四十七条第四项）"
    OTHER_LAW = "other-law", "法律、行政法规规定的其他情形（第四十七条第五项）"


class State(CodeList):
    """How far an erasure is."""

    PROPOSED = "proposed", "待另一人审核"
    DONE = "done", "已删除"
    REFUSED = "refused", "不予删除"


class ErasureNotFound(NamedError):
    """There is no such erasure that the caller may see."""

    slug = "erasure-not-found"
    title = "没有这项删除"
    status = 404


class ErasureExists(NamedError):
    """It is proposed already, or done."""

    slug = "erasure-exists"
    title = "此人的信息已提出删除或已经删除"
    status = 409


class ErasureDecided(NamedError):
    """Somebody has decided already."""

    slug = "erasure-decided"
    title = "这项删除已经审核"
    status = 409


class ProposedErasureYourself(NamedError):
    """What cannot be undone is looked at by two people."""

    slug = "erasure-proposed-by-yourself"
    title = "不能审核自己提出的删除"
    status = 403


class StillServes(NamedError):
    """Who may act for an agency is dismissed first."""

    slug = "still-serves"
    title = "此人仍在部门任职，请先免去任职"
    status = 409


class StillRepresents(NamedError):
    """A company has to name another legal representative first."""

    slug = "still-represents"
    title = "此人仍是单位的法定代表人，请先变更"
    status = 409


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person's personal data is to be destroyed, for a reason that law gives.

    Attributes:
        reason: in words, without personal data.
        refusal: why not, where it was refused.
    """

    id: UUID
    person_id: UUID
    ground: Ground
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    state: State = State.PROPOSED
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    refusal: str | None = None
    version: int = 1

    @classmethod
    def asked(cls, erasure_id: UUID, person_id: UUID, now: datetime) -> Self:
        """Return what a person asks for himself: nobody else has to agree (个人信息保护法 15, 47)."""
        reason = "本人注销账号"
        return cls(erasure_id, person_id, Ground.CONSENT_WITHDRAWN, reason, person_id, now, State.DONE, person_id, now)

    def approved(self, by: UUID, now: datetime) -> Self:
        """Return what is done; raises `ErasureDecided`, `ProposedErasureYourself`."""
        if self.state is not State.PROPOSED:
            raise ErasureDecided
        if by in (self.proposed_by, self.person_id):
            raise ProposedErasureYourself
        return replace(self, state=State.DONE, decided_by=by, decided_at=now, version=self.version + 1)

    def refused(self, by: UUID, why: str, now: datetime) -> Self:
        """Return what is not done; who proposed it may take it back so. Raises `ErasureDecided`."""
        if self.state is not State.PROPOSED:
            raise ErasureDecided
        return replace(self, state=State.REFUSED, decided_by=by, decided_at=now, refusal=why, version=self.version + 1)


def require_erasable(person: Person, today: date) -> None:
    """Do nothing when nothing that others rely on hangs on a person.

    Raises:
        StillServes: when he serves an agency, or will.
        StillRepresents: when he is a company's legal representative.
    """
    if any(not it.over_on(today) for it in person.appointments):
        raise StillServes
    if person.represents:
        raise StillRepresents
