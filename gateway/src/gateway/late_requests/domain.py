"""What a terminal kept while its line was lost, in which order, and on whose authority it counts.

The terminal signs each request when it is made, and chains it to the one before. It is believed about when a request
was made, within the person's stay at it; it is not believed about anything that the person did not grant (ADR 16).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from onestop_legal.errors import NamedError

OLDEST: Final = timedelta(hours=72)
AHEAD: Final = timedelta(minutes=2)
"""How far the clock of a terminal may be wrong."""
REPEATED_FOR: Final = timedelta(hours=24)
"""How long a request without an answer is repeated. Services know an `Idempotency-Key` again for longer than this
and `OLDEST` together."""
HAND_IN_LATER: Final = "offline_access"
"""The scope by which a person lets a terminal act when he has left."""
METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PATH = re.compile(r"/api/(?!gateway/)[a-z]+/v1(/(?!\.{1,2}(/|$))[A-Za-z0-9_.~-]+)+")
_UNSETTLED: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
_IN_PROGRESS: Final = "/problems/request-in-progress"


class BrokenChain(NamedError):
    """What is handed in does not follow what was handed in before: something was changed, left out or put in."""

    slug = "broken-chain"
    title = "离线请求与此前提交的不衔接"
    status = 409
    pointer = "/requests"


class TooLate(NamedError):
    """The request was made more than 72 hours ago."""

    slug = "too-late"
    title = "请求产生已超过 72 小时，不再受理"
    status = 422


class NotYet(NamedError):
    """The request says it was made in the future: the clock of the terminal is wrong."""

    slug = "made-in-the-future"
    title = "请求的产生时间晚于现在，请校准终端时钟"
    status = 422


class WasClosed(NamedError):
    """The terminal was closed when the request was made."""

    slug = "terminal-was-closed"
    title = "请求产生时终端不在服务时间"
    status = 403


class NoAuthority(NamedError):
    """The person did not let this terminal act for him at that time, or does not any more."""

    slug = "no-authority"
    title = "办事人没有授权该终端在当时代为提交，或授权已撤回"
    status = 403


class NotCarried(NamedError):
    """Late requests go to services, to change something there, and nowhere else."""

    slug = "not-carried"
    title = "这样的请求不能离线提交"
    status = 422


class OutcomeUnknown(NamedError):
    """The request was sent and no answer came in time; whether it was done has to be looked up."""

    slug = "outcome-unknown"
    title = "请求已发出但一直没有结果，请在业务中核对是否已办理"
    status = 409


@dataclass(frozen=True, slots=True)
class LateRequest:
    """A request that a terminal has signed 离线请求.

    Attributes:
        sequence: counts the requests under one key of the terminal, from 1 without holes.
        previous: SHA-256 of the signed request before it; of the key's thumbprint for the first.
        digest: SHA-256 of this signed request.
        made_at: when, by the clock of the terminal.
        grant_id: what the person granted the terminal, by which it acts.
        idempotency_key: by which the service knows it again.
        if_match: the version that it is based on, where it needs one.
    """

    sequence: int
    previous: bytes
    digest: bytes
    made_at: datetime
    grant_id: UUID
    method: str
    path: str
    idempotency_key: str
    if_match: str | None
    body: Any

    def require_timely(self, now: datetime) -> None:
        """Do nothing when it was made within the last 72 hours; raises `TooLate`, `NotYet`."""
        if self.made_at < now - OLDEST:
            raise TooLate
        if self.made_at > now + AHEAD:
            raise NotYet

    def require_carriable(self) -> None:
        """Do nothing when it is one that services take; raises `NotCarried`."""
        if self.method not in METHODS or not _PATH.fullmatch(self.path):
            raise NotCarried


@dataclass(frozen=True, slots=True)
class Authority:
    """What a person granted a terminal, as far as it lets the terminal act late.

    Attributes:
        ended_at: when it was taken back or the person was signed out; None while it was not.
    """

    person_id: UUID
    client_id: str
    act: str
    scopes: frozenset[str]
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    def require_held_at(self, made_at: datetime, client_id: str) -> None:
        """Do nothing when the terminal might act for the person at that moment; raises `NoAuthority`."""
        end = min(self.expires_at, self.ended_at or self.expires_at)
        within = self.given_at - AHEAD <= made_at <= end + AHEAD
        if self.client_id != client_id or HAND_IN_LATER not in self.scopes or not within:
            raise NoAuthority


@dataclass(frozen=True, slots=True)
class Taken:
    """A late request that was taken before.

    Attributes:
        answer: encrypted; None while there is none.
    """

    id: UUID
    sequence: int
    digest: bytes
    person_id: UUID | None
    taken_at: datetime
    answer: bytes | None

    def require_repeatable(self, now: datetime) -> None:
        """Do nothing as long as the service will know it again; raises `OutcomeUnknown`."""
        if now >= self.taken_at + REPEATED_FOR:
            raise OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Chain:
    """What was taken under one key, as far as a batch touches it.

    Attributes:
        root: what the first request of all has to follow.
        last: sequence of the last one that was taken; 0 before the first.
        known: digests of those taken, by sequence; the last one and whatever the batch repeats.
    """

    root: bytes
    last: int
    known: dict[int, bytes]

    def in_order(self, batch: Sequence[LateRequest]) -> tuple[int, int | None]:
        """Return how many requests of `batch` may be carried out, and the first missing sequence if that is not all.

        Raises:
            BrokenChain: when one is another one than was taken, or does not follow the one before.
        """
        expected, previous = self.last + 1, self.known.get(self.last, self.root)
        for count, it in enumerate(batch):
            if it.sequence <= self.last:
                if self.known.get(it.sequence) != it.digest:
                    raise BrokenChain(f"第 {it.sequence} 号请求与已收到的不同。")
                continue
            if it.sequence > expected:
                return count, expected
            if it.sequence < expected or it.previous != previous:
                raise BrokenChain(f"第 {it.sequence} 号请求不接在前一个请求之后。")
            expected, previous = it.sequence + 1, it.digest
        return len(batch), None


def settles(status: int, problem: str) -> bool:
    """Tell whether an answer is the last word, so that the same request need not be sent again."""
    return status < _SERVER_ERROR and status not in _UNSETTLED and problem != _IN_PROGRESS
