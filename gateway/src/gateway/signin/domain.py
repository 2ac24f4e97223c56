"""Sessions, and how long who guesses has to wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from onestop_legal.errors import NamedError

SESSION_LIFETIME: Final = timedelta(hours=12)
RECENT: Final = timedelta(minutes=10)
"""How long after a sign-in what protects the account may be changed."""
TERMINAL: Final = "terminal"
"""The channel of who comes by a self-service terminal."""
MULTIPLE: Final = "mfa"
"""Says among the methods of a session that they were of several kinds (RFC 8176)."""


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


class SignInTooOld(NamedError):
    """What protects the account is changed only shortly after a sign-in (RFC 9470, 3)."""

    slug = "sign-in-too-old"
    title = "为保护您的账号，请重新登录后再继续"
    status = 401


class HasSignedIn(Protocol):
    """A session, or who stands behind a request."""

    @property
    def signed_in_at(self) -> datetime | None:
        """When the person last proved who he is; None for who never did."""
        ...


def require_recent(who: HasSignedIn, now: datetime) -> None:
    """Do nothing when `who` has proved himself within the last ten minutes; raises `SignInTooOld`."""
    if who.signed_in_at is None or now > who.signed_in_at + RECENT:
        raise SignInTooOld


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

    @property
    def strong(self) -> bool:
        """Whether the person has shown two factors."""
        return MULTIPLE in self.methods


@dataclass(frozen=True, slots=True)
class Arrival:
    """From where somebody comes to sign in.

    Attributes:
        address: network address; kept only as a keyed hash.
        device: the browser's name for itself.
        device_token: value of the known-browser cookie, if any.
        client_id: the client that sent the person here, if any.
        at_terminal: whether that is a self-service terminal.
        visit: value of the visit cookie, if any: what was begun in this browser is bound to it.
    """

    address: str
    device: str
    device_token: str | None
    client_id: str = ""
    at_terminal: bool = False
    visit: str | None = None

    @property
    def channel(self) -> str:
        """How the audit trail calls the way that he takes."""
        return TERMINAL if self.at_terminal else "web"


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

SECOND_PATIENCE: Final = Patience(free=5, longest=timedelta(minutes=15), rest=timedelta(days=1))
"""For second factors of one account, whose password somebody knows, from browsers it was never used in."""

ADDRESS_PATIENCE: Final = Patience(free=50, longest=timedelta(seconds=10))
"""For one network address, behind which a whole hall may sit."""
