"""Second factors 第二步验证: what they are, and what is refused."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from onestop_legal.errors import FieldError, NamedError

PENDING_LIFETIME: Final = timedelta(minutes=10)
"""How long somebody whose password was right may take to show his second factor."""
STEP_SECONDS: Final = 30
"""How long one one-time password is shown (RFC 6238)."""
DRIFT: Final = 1
"""Steps by which a person's clock may be off."""
RECOVERY_CODES: Final = 10
MOST_PASSKEYS: Final = 20
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for one another."""
_CODE_LENGTH: Final = 12


class WrongSecondFactor(NamedError):
    """The one-time password or recovery code is wrong or was used before."""

    slug = "wrong-second-factor"
    title = "口令不正确，或已经用过"
    status = 422

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Point at the code."""
        return (FieldError("/code", self.slug, self.detail),)


class AuthenticatorExists(NamedError):
    """The account has an authenticator; it is removed before another one takes its place."""

    slug = "authenticator-exists"
    title = "已绑定验证器，请先解除"
    status = 409


class PasskeyRefused(NamedError):
    """The passkey is not known, or what it signed was not asked of it by us, in this browser, just now."""

    slug = "passkey-refused"
    title = "未能用通行密钥验证，请重试或换一种方式"
    status = 422


class TooManyPasskeys(NamedError):
    """The account has as many passkeys as anybody can tell apart."""

    slug = "too-many-passkeys"
    title = "通行密钥已达 20 个，请先移除不用的"
    status = 409


class FactorNotFound(NamedError):
    """The account has no such second factor, or it is somebody else's."""

    slug = "factor-not-found"
    title = "没有这个验证方式"
    status = 404


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key of the person's own device or password manager 通行密钥 (WebAuthn).

    Attributes:
        credential_id: by which the device finds it.
        public_key: as COSE.
        sign_count: of its last use; devices that do not count say 0.
        backed_up: whether it lives in several places, as in a password manager.
    """

    id: UUID
    person_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has set up.

    Attributes:
        authenticator_since: since when one-time passwords of an authenticator are asked for; None when they are not.
        recovery_codes: how many are left.
    """

    authenticator_since: datetime | None = None
    passkeys: tuple[Passkey, ...] = ()
    recovery_codes: int = 0

    @property
    def any(self) -> bool:
        """Whether a second step is asked for; recovery codes stand in for a factor and are none by themselves."""
        return self.authenticator_since is not None or bool(self.passkeys)


def new_recovery_codes() -> list[str]:
    """Return recovery codes 恢复码 of 60 random bits each, in groups of four."""
    return [_grouped("".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))) for _ in range(RECOVERY_CODES)]


def plain_recovery_code(typed: str) -> str:
    """Return a recovery code as it is compared: without what sets its groups apart, in capitals."""
    return "".join(character for character in typed.upper() if character.isalnum())


_FIRST: Final = frozenset({"pwd", "fed"})
"""What makes several kinds together with something that one holds: a password, or a sign-in at another's provider."""


def with_second(methods: Iterable[str], second: str) -> tuple[str, ...]:
    """Return how somebody has proved himself (RFC 8176) who has shown `second` after `methods`.

    What he knows and what he has are of two kinds; two things that he has are not.
    """
    shown = dict.fromkeys((*methods, second))
    return (*shown, "mfa") if not _FIRST.isdisjoint(shown) and "mfa" not in shown else tuple(shown)


def _grouped(code: str) -> str:
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))
