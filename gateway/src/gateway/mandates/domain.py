"""Mandates 授权: a legal or natural person lets a natural person act in its name.

Both sides agree before a mandate is in force: one offers it, the other one confirms or declines. It ends with its last
day, or at once when either side withdraws it (民法典 173).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors, NamedError

ADULT_YEARS: Final = 18
"""民法典 17, 18: an adult acts for himself; who is younger has a guardian."""
TOWNSHIP_AGENT: Final = "township_agent"
"""The role of a 代办员, whom a township sends to help its people."""
_MOST_ITEMS: Final = 200


class MandateNotFound(NamedError):
    """There is no such mandate of the caller: neither held nor given by him."""

    slug = "mandate-not-found"
    title = "没有这项授权"
    status = 404
    pointer = "{mandate_id}"


class MandateNotWaiting(NamedError):
    """The mandate was confirmed, declined or withdrawn before."""

    slug = "mandate-not-waiting"
    title = "这项授权已处理，无需再确认"
    status = 409


class MandateEnded(NamedError):
    """The mandate is over."""

    slug = "mandate-ended"
    title = "这项授权已经终止"
    status = 409


class MandateExists(NamedError):
    """The same two have a mandate that is in force or waits; it is withdrawn before another one is offered."""

    slug = "mandate-exists"
    title = "双方已有待确认或有效的授权"
    status = 409


class NotYoursToConfirm(NamedError):
    """The mandate waits for the other side."""

    slug = "mandate-awaits-the-other-side"
    title = "这项授权应由另一方确认"
    status = 403


class NotARepresentative(NamedError):
    """Only the legal representative gives mandates of a legal person."""

    slug = "not-its-legal-representative"
    title = "只有法定代表人可以为该单位办理授权"
    status = 403
    pointer = "/credit_code"


class MandateToOneself(NamedError):
    """Nobody gives a mandate to himself."""

    slug = "mandate-to-oneself"
    title = "不能授权给自己"
    status = 422


class GuardianNeeded(NamedError):
    """Who is under 18 neither gives nor takes mandates: his guardian acts for him by law (民法典 23, 27)."""

    slug = "guardian-needed"
    title = "未满 18 周岁的人由监护人代理，请持监护关系证明到窗口办理"
    status = 422


class EvidenceDoesNotShow(NamedError):
    """The document that the clerk has seen does not prove this guardianship."""

    slug = "evidence-does-not-show"
    title = "该材料不能证明监护关系"
    status = 422
    pointer = "/evidence"


class NoPhone(NamedError):
    """No telephone of the principal is known."""

    slug = "principal-without-phone"
    title = "被代理人没有登记手机号码，请本人登录确认或到窗口办理"
    status = 422


class Basis(CodeList):
    """What the principal is to the agent."""

    EMPLOYER = "employer", "单位经办"
    PARENT = "parent", "父母"
    CHILD = "child", "成年子女"
    SPOUSE = "spouse", "配偶"
    WARD = "ward", "被监护人"
    RESIDENT = "resident", "乡镇（街道）代办对象"


RELATIVES: Final = (Basis.PARENT, Basis.CHILD, Basis.SPOUSE)
LONGEST: Final = {
    Basis.PARENT: timedelta(days=3 * 366),
    Basis.CHILD: timedelta(days=3 * 366),
    Basis.SPOUSE: timedelta(days=3 * 366),
    Basis.RESIDENT: timedelta(days=366),
}
"""How long a person may let another one act for him; then he is asked again. 民法典 165: a mandate states its term."""


class State(CodeList):
    """Where a mandate is in its life."""

    WAITING = "waiting", "待确认"
    GIVEN = "given", "已生效"
    DECLINED = "declined", "已拒绝"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已到期"


class Side(StrEnum):
    """The two who agree on a mandate."""

    PRINCIPAL = "principal"
    AGENT = "agent"


class Confirmation(CodeList):
    """How the second side agreed."""

    SEED = "seed", "初始登记"
    SESSION = "session", "本人登录后确认"
    CODE = "code", "本人手机验证码确认"
    WINDOW = "window", "窗口当面确认"


class Evidence(CodeList):
    """What a clerk at a window has seen."""

    IDENTITY_CARD = "identity-card", "居民身份证"
    HOUSEHOLD_REGISTER = "household-register", "居民户口簿"
    BIRTH_CERTIFICATE = "birth-certificate", "出生医学证明"
    GUARDIANSHIP = "guardianship", "监护证明或判决书"
    LETTER = "letter", "授权委托书"


_SHOWS_ADULTS_GUARDIAN: Final = frozenset({Evidence.GUARDIANSHIP})
_SHOWS_CHILDS_GUARDIAN: Final = frozenset(
    {Evidence.GUARDIANSHIP, Evidence.HOUSEHOLD_REGISTER, Evidence.BIRTH_CERTIFICATE}
)


@dataclass(frozen=True, slots=True)
class Principal:
    """For whom somebody acts 被代理人.

    Attributes:
        kind: `legal` or `natural`.
        name: registered name, of a natural person the masked one.
        credit_code: of a legal person.
        speaker_id: who may give and withdraw in its name: the legal representative, or the person himself.
    """

    id: UUID
    kind: str
    name: str
    credit_code: str | None = None
    speaker_id: UUID | None = None

    @property
    def choice(self) -> str:
        """The stable name under which it is chosen: the credit code, or the opaque id of a person."""
        return self.credit_code or str(self.id)


@dataclass(frozen=True, slots=True)
class Agency:
    """The township or subdistrict 乡镇（街道） that sends an agent."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a mandate is for.

    Attributes:
        items: implementation codes it covers; None for all.
        valid_from: first day, in Asia/Shanghai.
        valid_to: last day; None while it is open-ended.
    """

    basis: Basis
    items: tuple[str, ...] | None
    valid_from: date
    valid_to: date | None

    def require_sound(self, today: date) -> None:
        """Do nothing when such a mandate may be given today; raises `FieldErrors`."""
        wrong = []
        longest = LONGEST.get(self.basis)
        if self.items is not None and not 0 < len(self.items) <= _MOST_ITEMS:
            wrong.append(FieldError("/items", "length", f"请列明 1 至 {_MOST_ITEMS} 个事项；不填则为全部事项"))
        if self.valid_to is not None and self.valid_to < max(self.valid_from, today):
            wrong.append(FieldError("/valid_to", "too-small", "终止日期不能早于今天和起始日期"))
        if longest and self.valid_to is None:
            wrong.append(FieldError("/valid_to", "required", "请填写终止日期（民法典第一百六十五条）"))
        if longest and self.valid_to and self.valid_to - self.valid_from > longest:
            wrong.append(FieldError("/valid_to", "too-large", f"这类授权最长 {longest.days // 366} 年"))
        if wrong:
            raise FieldErrors(wrong)


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate.

    Attributes:
        agent_name: masked name of the agent 代理人.
        agency: that sends the agent; he holds the mandate as long as he serves it.
        awaits: whose agreement is missing; None when it is not waiting.
        offered_at: when the first side offered it.
        given_at: when both had agreed.
        confirmation: how the second side did.
        ended_at: when it was declined, withdrawn or taken over by a new one.
    """

    id: UUID
    principal: Principal
    agent_id: UUID
    agent_name: str
    terms: Terms
    agency: Agency | None
    state: State
    awaits: Side | None
    offered_at: datetime
    given_at: datetime | None = None
    confirmation: Confirmation | None = None
    ended_at: datetime | None = None
    version: int = 1

    @classmethod
    def agreed(
        cls,
        mandate_id: UUID,
        principal: Principal,
        agent: tuple[UUID, str],
        terms: Terms,
        how: Confirmation,
        now: datetime,
    ) -> Self:
        """Return a mandate that is in force as soon as it is known; `agent` is his id and masked name."""
        return cls(
            mandate_id,
            principal,
            *agent,
            terms,
            None,
            State.GIVEN,
            None,
            offered_at=now,
            given_at=now,
            confirmation=how,
        )

    @property
    def basis(self) -> Basis:
        """What the principal is to the agent."""
        return self.terms.basis

    @property
    def speaker_id(self) -> UUID | None:
        """Who speaks for the principal."""
        return self.principal.speaker_id

    @property
    def told_principal(self) -> dict[str, str]:
        """What a message to the principal says of it: `agent`, `matter` and `until`; nothing that tells who he is."""
        terms = self.terms
        return {
            "agent": f"{self.agent_name}（{self.agency.name}代办员）" if self.agency else self.agent_name,
            "matter": "全部事项" if terms.items is None else f" {len(terms.items)} 个事项",
            "until": terms.valid_to.isoformat() if terms.valid_to else "您撤回为止",
        }

    @property
    def of_legal_person(self) -> bool:
        """Whether the principal is a legal person."""
        return self.principal.kind == "legal"

    @property
    def choice(self) -> str:
        """The stable name of acting under it."""
        return self.principal.choice

    def holds_on(self, day: date) -> bool:
        """Tell whether the agent may act on `day`."""
        terms = self.terms
        return self.state is State.GIVEN and within(day, terms.valid_from, terms.valid_to)

    def over_on(self, day: date) -> bool:
        """Tell whether nothing comes of it any more on `day`."""
        living = self.state in {State.WAITING, State.GIVEN}
        return not living or (self.terms.valid_to is not None and self.terms.valid_to < day)

    def side_of(self, person_id: UUID | None) -> Side | None:
        """Return on which side somebody stands."""
        if person_id is None:
            return None
        if person_id == self.agent_id:
            return Side.AGENT
        return Side.PRINCIPAL if person_id == self.speaker_id else None

    def confirmed(self, confirmation: Confirmation, now: datetime, today: date) -> Self:
        """Return the mandate in force.

        Raises:
            MandateNotWaiting: when nobody has to confirm it.
            MandateEnded: when its last day has passed meanwhile.
        """
        self._require_waiting()
        if self.over_on(today):
            raise MandateEnded
        return self._next(State.GIVEN, given_at=now, confirmation=confirmation)

    def declined(self, now: datetime) -> Self:
        """Return the mandate declined; raises `MandateNotWaiting`."""
        self._require_waiting()
        return self._next(State.DECLINED, ended_at=now)

    def withdrawn(self, now: datetime) -> Self:
        """Return the mandate ended at once, by either side; raises `MandateEnded` when it was before."""
        if self.state not in {State.WAITING, State.GIVEN}:
            raise MandateEnded
        return self._next(State.WITHDRAWN, ended_at=now)

    def expired(self, now: datetime) -> Self:
        """Return the mandate put away, whose last day has passed."""
        return self._next(State.EXPIRED, ended_at=now)

    def _require_waiting(self) -> None:
        if self.state is not State.WAITING:
            raise MandateNotWaiting

    def _next(
        self,
        state: State,
        *,
        given_at: datetime | None = None,
        confirmation: Confirmation | None = None,
        ended_at: datetime | None = None,
    ) -> Self:
        return replace(
            self,
            state=state,
            awaits=None,
            given_at=given_at or self.given_at,
            confirmation=confirmation or self.confirmation,
            ended_at=ended_at,
            version=self.version + 1,
        )


def terms_of_guardian(birthday: date, evidence: Evidence, today: date, valid_to: date | None) -> Terms:
    """Return the terms on which a guardian acts.

    For a child until the day before he is 18 (民法典 17, 27); for an adult by judgment or appointment (民法典 24, 28).

    Args:
        birthday: of the person in care.
        evidence: what the clerk has seen.
        today: the legal day; the first day.
        valid_to: an earlier end, if the document names one.

    Raises:
        EvidenceDoesNotShow: when the document proves no such guardianship.
        FieldErrors: when the end lies in the past.
    """
    of_age = birthday_after(birthday, ADULT_YEARS)
    if evidence not in (_SHOWS_ADULTS_GUARDIAN if of_age <= today else _SHOWS_CHILDS_GUARDIAN):
        raise EvidenceDoesNotShow
    last = of_age - timedelta(days=1) if of_age > today else None
    ends = min((day for day in (last, valid_to) if day), default=None)
    terms = Terms(Basis.WARD, None, today, ends)
    terms.require_sound(today)
    return terms


def within(day: date, first: date, last: date | None) -> bool:
    """Tell whether `day` lies between a first and a last day, both included; None is no end."""
    return first <= day and (last is None or day <= last)


def birthday_after(birthday: date, years: int) -> date:
    """Return the day on which somebody is that many years old; who is born on 29 February waits for 1 March."""
    try:
        return birthday.replace(year=birthday.year + years)
    except ValueError:
        return date(birthday.year + years, 3, 1)


def require_adult(birthday: date, today: date) -> None:
    """Do nothing when somebody may give and take mandates; raises `GuardianNeeded`."""
    if birthday_after(birthday, ADULT_YEARS) > today:
        raise GuardianNeeded
