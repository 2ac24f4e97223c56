"""Sessions, and how long who guesses has to wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError

SESSION_LIFETIME: Final = timedelta(hours=12)


class WrongCredentials(NamedError):
    """Name and password do not belong together; which of them is wrong is not said."""

    slug = "wrong-credentials"
    title = "用户名或密码不正确"
    status = 422


class TooManyAttempts(NamedError):
    """Too many failures in a row; a pause is due before the next attempt, right or wrong."""

    slug = "too-many-attempts"
    title = "尝试次数过多，请稍后再试"
    status = 429


class SessionNotFound(NamedError):
    """There is no such session of the caller, or it has ended."""

    slug = "session-not-found"
    title = "没有这个登录会话"
    status = 404
    pointer = "{session_id}"


@dataclass(frozen=True, slots=True)
class Session:
    """A person signed in with a browser 登录会话.

    Attributes:
        signed_in_at: when the person last proved who he is.
        methods: how (RFC 8176), for example `pwd`.
        device: what the browser says it is, or where its terminal stands; for the person's own list.
        terminal_id: the self-service terminal that the person stays at, if any.
        idle_until: there it ends as soon as nothing was done for a while.
    """

    id: UUID
    person_id: UUID
    signed_in_at: datetime
    methods: tuple[str, ...]
    device: str
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    terminal_id: UUID | None = None
    idle_until: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Tell whether the session is neither ended nor over."""
        rested = self.idle_until is not None and now >= self.idle_until
        return self.ended_at is None and now < self.expires_at and not rested

    def bounded(self, end: datetime) -> datetime:
        """Return when something that is granted in it ends: at `end`, at a terminal with the session at the latest."""
        return end if self.terminal_id is None else min(end, self.expires_at)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures in a row are free, and how long the pause grows after them.

    The pause doubles with each failure up to its longest; attempts during a pause are refused unseen and do not
    lengthen it. So guessing gets slow, but nobody is ever locked out.

    Attributes:
        first: the first pause.
        rest: a series of failures that rested this long is over.
    """

    free: int
    longest: timedelta
    first: timedelta = timedelta(seconds=1)
    rest: timedelta = timedelta(minutes=15)

    def pause(self, failures: int) -> timedelta:
        """Return how long to wait after that many failures in a row."""
        if failures < self.free:
            return timedelta(0)
        return min(self.first * (1 << min(failures - self.free, 16)), self.longest)


ACCOUNT_PATIENCE: Final = Patience(free=5, longest=timedelta(seconds=60))
"""For one account from browsers it was never used in; the owner's own browser counts apart."""

DEVICE_PATIENCE: Final = Patience(free=10, longest=timedelta(seconds=30))
"""For one account from a browser it was used in before."""

ADDRESS_PATIENCE: Final = Patience(free=50, longest=timedelta(seconds=10))
"""For one network address, behind which a whole hall may sit."""
