"""守恒: every case that entered is somewhere, and every decision has what it owes.

A leg is a pair of books of two services' own records that must say the same of each day. Where they do not, the
differences are named, each with the event that should have carried what is not there, and it is found out how far that
event came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from onestop_legal.codes import CodeList

WITHDRAWN, DECIDED = "withdrawn", "decided"
SWEEP_ROUNDS = 60
"""In so many rounds all older days are looked at once."""


class Flaw(CodeList):
    """What is wrong with one thing."""

    MISSING = "missing", "缺失"
    DOUBLED = "doubled", "重复"
    UNFOUNDED = "unfounded", "没有来源"
    DIFFERENT = "different", "内容不一致"


class Stage(CodeList):
    """How far the event came that should have carried it."""

    NOT_EMITTED = "not_emitted", "源服务没有发出事件"
    NOT_ISSUED = "not_issued", "应发证照而没有签发"
    IN_OUTBOX = "in_outbox", "在发件箱等待发布"
    QUARANTINED = "quarantined", "因事件发不出去而隔离"
    IN_BROKER = "in_broker", "已发布，等待对方读取"
    DEAD_LETTER = "dead_letter", "对方应用失败，已搁置"
    DISCARDED = "discarded", "已由运维人员放弃"
    LOST = "lost", "途中丢失"
    EFFECT_GONE = "effect_gone", "对方已应用，而结果不在"
    ORIGIN_GONE = "origin_gone", "来源的记录不在"
    TWICE = "twice", "做了不止一次"


class Standing(CodeList):
    """How sure it is that something is wrong."""

    SUSPECTED = "suspected", "待核实"
    TRAVELLING = "travelling", "在途"
    HELD = "held", "滞留，去向已知"
    OPEN = "open", "未平"


_TRAVELLING = {Stage.IN_OUTBOX, Stage.IN_BROKER}
_HELD = {Stage.QUARANTINED, Stage.DEAD_LETTER, Stage.DISCARDED}


@dataclass(frozen=True, slots=True)
class Told:
    """An event by its type and topic."""

    type: str
    topic: str


_CASE, _PROCEEDING, _LICENCE = "onestop.intake.case", "onestop.workflow.proceeding", "onestop.workflow.licence"
CASE_SUBMITTED = Told("cn.onestop.intake.case.submitted.v1", _CASE)
CASE_ACCEPTED = Told("cn.onestop.intake.case.accepted.v1", _CASE)
CASE_WITHDRAWN = Told("cn.onestop.intake.case.withdrawn.v1", _CASE)
DECISION_MADE = Told("cn.onestop.workflow.decision.made.v1", _PROCEEDING)
LICENCE_ISSUED = Told("cn.onestop.workflow.licence.issued.v1", _LICENCE)


@dataclass(frozen=True, slots=True)
class Side:
    """A book of a service."""

    service: str
    book: str

    @property
    def name(self) -> str:
        """Both in one word."""
        return f"{self.service}.{self.book}"


@dataclass(frozen=True, slots=True)
class Leg:
    """Two books that must say the same, and the event that makes them."""

    name: str
    source: Side
    target: Side
    told: Told


ENTRY = Leg("entry", Side("intake", "entered"), Side("intake", "cases"), CASE_SUBMITTED)
PROCEDURE = Leg("procedure", Side("intake", "accepted"), Side("workflow", "proceedings"), CASE_ACCEPTED)
NOTICE = Leg("notice", Side("workflow", "decisions"), Side("intake", "results"), DECISION_MADE)
CERTIFICATE = Leg("certificate", Side("workflow", "certificates"), Side("datashare", "licences"), LICENCE_ISSUED)
DISCLOSURE = Leg("disclosure", Side("workflow", "disclosures"), Side("credit", "disclosures"), DECISION_MADE)
LEGS = (ENTRY, PROCEDURE, NOTICE, CERTIFICATE, DISCLOSURE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a book.

    Attributes:
        id: by which both sides know it.
        mark: what both sides must say of it alike.
        state: what it is counted as.
        key: the aggregate whose events tell of it, where the side knows.
        case_id: None where that is the id.
    """

    id: UUID
    mark: str = ""
    state: str = ""
    key: UUID | None = None
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be.

    Attributes:
        service: where it is missing, or too much.
        subject: id of the thing: a case, for certificates and disclosures a decision.
        told: the event that should have carried it.
        key: the aggregate whose event that is, where it is known.
    """

    leg: str
    flaw: Flaw
    service: str
    subject: UUID
    case_id: UUID | None
    day: date
    told: Told
    key: UUID | None
    source_mark: str | None
    target_mark: str | None


def compare(leg: Leg, day: date, source: Iterable[Entry], target: Iterable[Entry]) -> list[Difference]:
    """Return what differs between both sides of a leg on a legal day, by subject."""
    ours, theirs = _by_id(source), _by_id(target)
    found: list[Difference] = []
    for subject in sorted(ours.keys() | theirs.keys()):
        difference = _difference(leg, day, ours.get(subject, ()), theirs.get(subject, ()))
        if difference:
            found.append(difference)
    return found


def _by_id(entries: Iterable[Entry]) -> Mapping[UUID, Sequence[Entry]]:
    found: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.id].append(entry)
    return found


def _difference(leg: Leg, day: date, ours: Sequence[Entry], theirs: Sequence[Entry]) -> Difference | None:
    source, target = next(iter(ours), None), next(iter(theirs), None)
    known = source or target
    if known is None:
        return None
    flaw, service, told, key = _verdict(leg, ours, theirs)
    if flaw is None:
        return None
    return Difference(
        leg=leg.name,
        flaw=flaw,
        service=service,
        subject=known.id,
        case_id=known.case_id or (target.case_id if target else None) or (None if _is_decision(leg) else known.id),
        day=day,
        told=told,
        key=key,
        source_mark=source.mark if source else None,
        target_mark=target.mark if target else None,
    )


_Verdict = tuple[Flaw | None, str, Told, UUID | None]
_ALIKE: _Verdict = (None, "", CASE_SUBMITTED, None)


def _verdict(leg: Leg, ours: Sequence[Entry], theirs: Sequence[Entry]) -> _Verdict:
    here, there = leg.source.service, leg.target.service
    if not ours:
        return Flaw.UNFOUNDED, there, leg.told, None
    source = ours[0]
    if len(ours) > 1:
        return Flaw.DOUBLED, here, leg.told, source.key
    if not theirs:
        not_issued = leg is CERTIFICATE and not source.mark
        return Flaw.MISSING, here if not_issued else there, leg.told, source.key
    if len(theirs) > 1:
        return Flaw.DOUBLED, there, leg.told, source.key
    return _ALIKE if source.mark == theirs[0].mark else _disagreement(leg, source, theirs[0])


def _disagreement(leg: Leg, source: Entry, target: Entry) -> _Verdict:
    """Return what is wrong with two that are there and are not alike."""
    there = leg.target.service
    if leg is PROCEDURE and source.mark != WITHDRAWN:
        return Flaw.DIFFERENT, there, CASE_WITHDRAWN, source.key
    if leg is PROCEDURE:
        if target.state == DECIDED:
            return _ALIKE  # the decision was faster and stands; if intake does not hear of it, the notice is missing
        return Flaw.MISSING, there, CASE_WITHDRAWN, source.key
    if leg is NOTICE:
        said, _, licence = source.mark.rpartition("|")
        heard, _, held = target.mark.rpartition("|")
        if said == heard and licence and not held:
            return Flaw.MISSING, there, LICENCE_ISSUED, UUID(licence)
    return Flaw.DIFFERENT, there, leg.told, source.key


def _is_decision(leg: Leg) -> bool:
    return leg in (CERTIFICATE, DISCLOSURE)


@dataclass(frozen=True, slots=True)
class Sent:
    """Where an aggregate's events are at the service that tells of it."""

    emitted: int
    pending: int
    quarantined: bool
    discarded: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How far the service that listens has applied them."""

    applied: int
    parked: int
    dead: int | None
    discarded: int | None = None


def trace(sent: Sent, taken: Taken, *, passed: bool) -> tuple[Stage, int | None]:
    """Return how far the event came that should have carried something, and from which sequence on nothing arrived.

    Args:
        sent: at the source.
        taken: at the target.
        passed: whether the target has read everything that was in the topic at a moment when the source's outbox was
            already empty.
    """
    following = taken.applied + 1
    discarded = sent.discarded or taken.discarded
    # What is parked came after the one that is missing: that one is not on its way any more.
    lost = passed or taken.parked > 0
    stages: tuple[tuple[bool, Stage, int | None], ...] = (
        (not sent.emitted, Stage.NOT_EMITTED, None),
        (sent.quarantined, Stage.QUARANTINED, following),
        (taken.dead is not None, Stage.DEAD_LETTER, taken.dead),
        (discarded is not None, Stage.DISCARDED, discarded),
        (taken.applied >= sent.emitted, Stage.EFFECT_GONE, None),
        (sent.pending > 0, Stage.IN_OUTBOX, following),
        (lost, Stage.LOST, following),
    )
    for holds, stage, sequence in stages:
        if holds:
            return stage, sequence
    return Stage.IN_BROKER, following


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A difference as it is followed from look to look.

    Attributes:
        sequence: of the first event of the aggregate that did not arrive; the one that should have carried it, or one
            before it.
        passes: ends of the topic's partitions that the target has to pass before the event counts as lost.
        resolved_at: since when it adds up again.
    """

    id: UUID
    leg: str
    flaw: Flaw
    service: str
    subject: UUID
    case_id: UUID | None
    day: date
    told: Told
    key: UUID | None
    sequence: int | None = None
    standing: Standing = Standing.SUSPECTED
    stage: Stage | None = None
    passes: Mapping[str, int] | None = None
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None = None

    @property
    def plain(self) -> Stage | None:
        """The stage that needs no asking, None where the event's way has to be looked at."""
        if self.flaw is Flaw.UNFOUNDED:
            return Stage.ORIGIN_GONE
        if self.flaw is Flaw.DOUBLED:
            return Stage.TWICE
        if self.leg == ENTRY.name:
            return Stage.EFFECT_GONE
        return Stage.NOT_ISSUED if self.key is None else None

    @property
    def sender(self) -> str:
        """The service whose event it is: topics are called `onestop.<service>.<noun>`."""
        return self.told.topic.split(".")[1]

    def standing_at(self, stage: Stage) -> Standing:
        """Return how the finding stands when it is found at `stage`.

        It is open only if the look before found it at the same stage: between asking where the event is and looking
        whether its effect is there, the effect may have come.
        """
        if stage in _TRAVELLING:
            return Standing.TRAVELLING
        if stage is not self.stage:
            return Standing.SUSPECTED
        return Standing.HELD if stage in _HELD else Standing.OPEN

    @property
    def settled(self) -> bool:
        """Whether it is known what is the matter."""
        return self.standing in (Standing.HELD, Standing.OPEN)


def older_days(first: date | None, swept_to: date | None, recent: date) -> tuple[date, date] | None:
    """Return the older days at which a round looks: backwards, from the last days to the first one, and again."""
    if first is None or first >= recent:
        return None
    until = (swept_to if swept_to and first < swept_to <= recent else recent) - timedelta(days=1)
    length = -(-(recent - first).days // SWEEP_ROUNDS)
    return max(first, until - timedelta(days=length - 1)), until
