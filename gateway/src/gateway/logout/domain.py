"""Word to a client that a session has ended, and how often it is repeated."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

GIVEN_UP_AFTER: Final = timedelta(days=1)
_LONGEST_PAUSE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a client has to be told.

    Attributes:
        subject: whose session it was.
        ticket: by which an older site knows it (CAS); None for a client of OpenID Connect.
        attempts: how often it was tried, this time included.
        algorithm: what its tokens are signed by.
        uri: where the client is told; None when it is not let in any more, or has registered no address since.
    """

    id: UUID
    client_id: str
    subject: UUID
    session_id: UUID
    ticket: str | None
    attempts: int
    expires_at: datetime
    algorithm: str
    uri: str | None

    def pause(self) -> timedelta:
        """Return how long to wait after an attempt that failed: twice as long each time, up to ten minutes."""
        return min(timedelta(seconds=2 ** min(self.attempts, 16)), _LONGEST_PAUSE)
