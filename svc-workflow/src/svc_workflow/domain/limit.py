"""期限: the statutory and the promised limit of a proceeding, their stops and their warnings.

行政许可法 42 (limits and their one extension), 45 (what is not counted, and that the applicant is told how long).
"""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from onestop_legal.clock import Clock, Interval, StopCause
from onestop_legal.errors import NamedError
from onestop_legal.working_days import Calendar, Deadline

STOP_BASIS = "《中华人民共和国行政许可法》第四十五条"
STATUTORY, PROMISED = "statutory", "promised"


class CauseStopsNothing(NamedError):
    """The cause is not among those of 行政许可法 45; an on-site check 现场勘验 is not."""

    slug = "cause-stops-nothing"
    title = "该事由依法不停止计时"
    status = 422


class ClockAlreadyStopped(NamedError):
    """A stop is open; it must end before another begins."""

    slug = "clock-already-stopped"
    title = "计时已经停止"
    status = 409


class ClockNotStopped(NamedError):
    """There is no open stop to end."""

    slug = "clock-not-stopped"
    title = "计时没有停止"
    status = 409


class AlreadyExtended(NamedError):
    """A limit is extended once (行政许可法 42)."""

    slug = "already-extended"
    title = "期限只能延长一次"
    status = 409


class ExtensionNotProvided(NamedError):
    """The item's legal basis provides no extension."""

    slug = "extension-not-provided"
    title = "该事项的法定依据没有规定延长期限"
    status = 409


class LimitAlreadyOver(NamedError):
    """A limit that is over cannot be extended any more."""

    slug = "limit-already-over"
    title = "法定期限已经届满，不能再延长"
    status = 409


def cause_of(text: str) -> StopCause:
    """Return the cause that stops the clock; raises `CauseStopsNothing` for any other."""
    try:
        return StopCause(text)
    except ValueError as error:
        names = "、".join(cause.label for cause in StopCause)
        raise CauseStopsNothing(f"依法不计入期限的只有：{names}。现场核查不停止计时。") from error


@dataclass(frozen=True, slots=True)
class Stop:
    """A special procedure 特别程序 whose time is not counted.

    Attributes:
        notice_number: number of the notice that told the applicant.
        expected_days: how long it takes, as told to the applicant, in working days.
    """

    id: UUID
    interval: Interval
    notice_number: str
    expected_days: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Both limits of a proceeding.

    Attributes:
        accepted_on: legal day of acceptance, from which both run (not counted itself).
        statutory_days: length by law, without the extension.
        extension_days: what the head of the organ may add, once; 0 for nothing.
        extended: whether he has.
        stops: special procedures, in order; both limits stand still in them.
    """

    accepted_on: date
    statutory_days: int
    promised_days: int
    extension_days: int
    natural: bool
    extended: bool = False
    stops: tuple[Stop, ...] = ()

    def clock(self, limit: str) -> Clock:
        """Return the clock of `statutory` or `promised`."""
        added = self.extension_days if self.extended else 0
        days = (self.statutory_days if limit == STATUTORY else self.promised_days) + added
        return Clock(self.accepted_on, days, tuple(stop.interval for stop in self.stops), natural=self.natural)

    @property
    def stopped(self) -> bool:
        """Whether a stop is open."""
        return bool(self.stops) and self.stops[-1].interval.end is None

    def stop(self, stop: Stop) -> "Limits":
        """Return the limits with `stop` begun; raises `ClockAlreadyStopped`."""
        if self.stopped:
            raise ClockAlreadyStopped
        return replace(self, stops=(*self.stops, stop))

    def resume(self, day: date) -> "Limits":
        """Return the limits with the open stop ended on `day`; raises `ClockNotStopped`."""
        if not self.stopped:
            raise ClockNotStopped
        *before, last = self.stops
        return replace(self, stops=(*before, replace(last, interval=replace(last.interval, end=day))))

    def extend(self, calendar: Calendar, today: date) -> "Limits":
        """Return the limits extended as the item's basis provides.

        Raises:
            ExtensionNotProvided: when it provides none.
            AlreadyExtended: the second time.
            ClockAlreadyStopped: while a stop is open; extend when the clock runs.
            LimitAlreadyOver: when the statutory limit is over.
        """
        if not self.extension_days:
            raise ExtensionNotProvided
        if self.extended:
            raise AlreadyExtended
        if self.stopped:
            raise ClockAlreadyStopped
        if self.clock(STATUTORY).remaining(calendar, today) < 0:
            raise LimitAlreadyOver
        return replace(self, extended=True)

    def deadline(self, limit: str, calendar: Calendar) -> Deadline | None:
        """Return the last day of a limit; None while the clock stands still."""
        return self.clock(limit).deadline(calendar)

    def provisional(self, calendar: Calendar) -> bool:
        """Return whether a deadline rests on a year whose calendar is not published."""
        deadlines = (self.deadline(limit, calendar) for limit in (STATUTORY, PROMISED))
        return any(deadline.provisional for deadline in deadlines if deadline)

    def over(self, calendar: Calendar) -> dict[str, date | None]:
        """Return on which day each limit is over; None while the clock stands still."""
        return {limit: self.clock(limit).turns_red(calendar) for limit in (STATUTORY, PROMISED)}

    def warnings(self, calendar: Calendar) -> dict[tuple[str, str], date | None]:
        """Return the first day of each warning, by limit and light; None while the clock stands still."""
        found: dict[tuple[str, str], date | None] = {}
        for limit in (STATUTORY, PROMISED):
            clock = self.clock(limit)
            found[limit, "yellow"] = clock.turns_yellow(calendar)
            found[limit, "red"] = clock.turns_red(calendar)
        return found
