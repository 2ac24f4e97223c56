"""A self-service terminal, its hours, and how it brings its key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.signin.domain import TERMINAL, Session
from onestop_legal.errors import NamedError
from onestop_legal.working_days import SHANGHAI

CHANNEL: Final = TERMINAL
"""The channel of whoever comes through a terminal: by it, and by nothing else, a client is known to be one."""
LETTERS: Final = 12
"""Of an enrolment code; drawn from the alphabet of user codes, 52 bits for one day."""
CODE_LIFETIME: Final = timedelta(hours=24)
DAY: Final = timedelta(days=1)


class TerminalNotFound(NamedError):
    """There is no such terminal, or the caller may not see it."""

    slug = "terminal-not-found"
    title = "没有这台自助终端"
    status = 404


class UnknownEnrolmentCode(NamedError):
    """No terminal waits for its key under this code: mistyped, too old, or used."""

    slug = "unknown-enrolment-code"
    title = "启用码不正确、已过期或已使用"
    status = 404


class TerminalNotEnrolled(NamedError):
    """The terminal has not brought its key yet, so that there is nothing to suspend."""

    slug = "terminal-not-enrolled"
    title = "这台自助终端尚未启用"
    status = 409


class KeyInUse(NamedError):
    """The key belongs to another terminal; each has one of its own."""

    slug = "terminal-key-in-use"
    title = "这个设备密钥已属于另一台自助终端"
    status = 409


class NotAtTerminal(NamedError):
    """Matters of the account are not for a screen that everybody uses."""

    slug = "not-at-terminal"
    title = "请不要在自助终端上办理账户事项，请使用自己的手机或电脑"
    status = 403


@dataclass(frozen=True, slots=True)
class Opening:
    """On which days of the week a terminal is open, from when to when, in Asia/Shanghai.

    Attributes:
        days: 1 for Monday to 7 for Sunday.
        opens: since the beginning of the day.
        closes: since the beginning of the day, 24 hours for its end.
    """

    days: frozenset[int]
    opens: timedelta
    closes: timedelta

    def end(self, now: datetime) -> datetime | None:
        """Return when it closes; None when it is not open."""
        local = now.astimezone(SHANGHAI)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        open_now = local.isoweekday() in self.days and self.opens <= local - midnight < self.closes
        return midnight + self.closes if open_now else None


@dataclass(frozen=True, slots=True)
class Terminal:
    """A self-service terminal 自助终端.

    Attributes:
        client_id: the client that it is once it has its key; its subject is `id`.
        place: where it stands, for people.
        region: division code.
        hall: code of the hall that it stands in, if any.
        agency: credit code of the agency that operates it.
        hours: when it is open; at all other times it is closed.
        idle: for how long a person may do nothing before he is signed out.
        stay: for how long he may be signed in at most.
        key: RFC 7638 thumbprint of its key; None before it has one.
        enrolment_index: keyed hash of the code by which it will bring its key, as long as one is out.
        state: of its client; None before it has its key.
    """

    id: UUID
    client_id: str
    name: str
    place: str
    region: str
    hall: str | None
    agency: str
    hours: tuple[Opening, ...]
    idle: timedelta
    stay: timedelta
    key: str | None = None
    enrolment_index: bytes | None = None
    enrolment_expires_at: datetime | None = None
    enrolled_at: datetime | None = None
    version: int = 1
    state: str | None = None

    @property
    def label(self) -> str:
        """Which one it is and where it stands, for people."""
        return f"{self.name} · {self.place}"

    def closes_at(self, now: datetime) -> datetime | None:
        """Return when it closes; None when it is closed."""
        return max((end for end in (it.end(now) for it in self.hours) if end), default=None)

    def hosting(self, session: Session) -> Session:
        """Return a session that starts here: it says where, and ends when nothing is done, or after a while."""
        return replace(
            session,
            device=self.label,
            expires_at=session.started_at + self.stay,
            terminal_id=self.id,
            idle_until=session.started_at + self.idle,
        )

    def changed(self, fields: dict[str, Any]) -> "Terminal":
        """Return the terminal with other fields."""
        return replace(self, **fields, version=self.version + 1)

    def awaiting_key(self, index: bytes, now: datetime) -> "Terminal":
        """Return the terminal with a new enrolment code; one that was out before is void."""
        return self.changed({"enrolment_index": index, "enrolment_expires_at": now + CODE_LIFETIME})

    def enrolled(self, key: str, now: datetime) -> "Terminal":
        """Return the terminal with its key, in the place of any that it had.

        Raises:
            UnknownEnrolmentCode: when no code is out any more.
        """
        if self.enrolment_expires_at is None or now >= self.enrolment_expires_at:
            raise UnknownEnrolmentCode
        spent = {"enrolment_index": None, "enrolment_expires_at": None}
        return self.changed({"key": key, "enrolled_at": now, **spent})


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the instants that are there."""
    return min((it for it in instants if it is not None), default=None)
