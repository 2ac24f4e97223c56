"""The life of a signing key: published, signing, believed, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from onestop_legal.errors import NamedError

LAST_TOKEN: Final = timedelta(minutes=11)
"""The longest life of a token, and a minute for clocks that differ."""
REMEMBERED: Final = timedelta(days=31)
"""How long an ID token that comes back as a hint is recognised after its key was forgotten."""


class RotationUnderWay(NamedError):
    """The next key is published already and waits for its time."""

    slug = "rotation-under-way"
    title = "下一把签名密钥已公布，等待启用"
    status = 409


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key 签名密钥.

    Attributes:
        kid: the name by which tokens refer to it.
        public: public JWK; its `alg` is the one algorithm that the key signs by.
        private: encrypted private JWK; None when it was destroyed.
        signs_from: when it begins to sign; until then it is only published, so that everybody learns of it.
        forgotten_at: since when nothing that it signed is believed.
    """

    id: UUID
    kid: str
    public: dict[str, Any]
    private: bytes | None
    made_at: datetime
    signs_from: datetime
    forgotten_at: datetime | None = None

    @property
    def algorithm(self) -> str:
        """What the key signs by."""
        return str(self.public["alg"])

    @property
    def counts(self) -> bool:
        """Whether it signs at some time: one that was withdrawn before its time never does."""
        return self.forgotten_at is None or self.forgotten_at > self.signs_from

    def waits(self, now: datetime) -> bool:
        """Tell whether it is published and its time is still to come."""
        return self.counts and self.signs_from > now


def signing_at(keys: Sequence[SigningKey], now: datetime, algorithm: str) -> SigningKey | None:
    """Return the key that signs by `algorithm` at `now`: of those whose time has come, the one that began last."""
    ready = [key for key in keys if key.algorithm == algorithm and key.forgotten_at is None and key.signs_from <= now]
    return max(ready, key=lambda key: (key.signs_from, key.id), default=None)


def retired_at(key: SigningKey, keys: Sequence[SigningKey]) -> datetime | None:
    """Return when the next key begins, or began, to sign in place of `key`; None when there is none."""
    following = [
        it.signs_from for it in keys if it.counts and it.algorithm == key.algorithm and it.signs_from > key.signs_from
    ]
    return min(following, default=None)


def over(keys: Sequence[SigningKey], now: datetime) -> tuple[SigningKey, ...]:
    """Return the keys whose last token has expired."""
    return tuple(
        key
        for key in keys
        if key.forgotten_at is None and (retired := retired_at(key, keys)) is not None and retired + LAST_TOKEN <= now
    )


def remembered(keys: Sequence[SigningKey]) -> tuple[SigningKey, ...]:
    """Return the forgotten keys by which old ID tokens are recognised as hints, but none that was withdrawn."""
    return tuple(
        key
        for key in keys
        if key.forgotten_at is not None
        and (retired := retired_at(key, keys)) is not None
        and key.forgotten_at >= retired + LAST_TOKEN
    )


def is_due(keys: Sequence[SigningKey], now: datetime, every: timedelta) -> bool:
    """Tell whether it is time to publish the next keys: the last one that was made has signed for long enough."""
    last = max((key.signs_from for key in keys if key.counts), default=None)
    return last is None or last + every <= now
