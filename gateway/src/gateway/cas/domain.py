"""Service tickets: a person's sign-in, handed over to one service once."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError

_ALPHABET: Final = string.ascii_letters + string.digits
_LENGTH: Final = 29
"""With `ST-` in front 32 characters, which every client can take (CAS 3.0, 3.1.1): 172 random bits."""
PREFIX: Final = "ST-"


class ServiceNotRegistered(NamedError):
    """The service that a person should be handed over to is not registered, or suspended."""

    slug = "cas-service-not-registered"
    title = "该服务未登记或已停用"
    status = 403


class Invalid(Exception):
    """A ticket proves nothing to who shows it (CAS 3.0, 2.5.3).

    Attributes:
        code: error code of the protocol.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a service ticket stands for.

    Attributes:
        service: the address it was issued for, letter by letter.
        act: as what the person acts: `self`, or the credit code of whom he acts for.
        fresh: whether the person has just proved who he is, for this service.
        expires_at: until when it has to be shown.
    """

    client_id: str
    session_id: UUID
    service: str
    act: str
    fresh: bool
    issued_at: datetime
    expires_at: datetime

    def require_good(self, service: str, *, fresh: bool, now: datetime) -> None:
        """Do nothing when the ticket proves the person's sign-in to `service`.

        Args:
            service: who shows it.
            fresh: whether a sign-in of earlier does not do (`renew`).
            now: the present.

        Raises:
            Invalid: otherwise.
        """
        if now >= self.expires_at:
            raise Invalid("INVALID_TICKET", "the ticket has expired")
        if service != self.service:
            raise Invalid("INVALID_SERVICE", "the ticket was issued for another service")
        if fresh and not self.fresh:
            raise Invalid("INVALID_TICKET", "the ticket was issued from a sign-in of earlier, and renew is asked for")


@dataclass(frozen=True, slots=True)
class Validated:
    """What a service learns.

    Attributes:
        user: the person's id; the same for ever, and nobody else's.
        attributes: name and value, or several.
    """

    user: str
    attributes: Mapping[str, str | tuple[str, ...]]


def new_ticket() -> str:
    """Return a new service ticket."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
