"""What the API takes and says about signing keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.tokens.domain import SigningKey, retired_at

_EXAMPLE: Final[dict[str, Any]] = {
    "kid": "Xq0b7c5o1l2m9n8v6x4z3k1j0h2g4f6d8s7a5q3w1e0",
    "algorithm": "ES256",
    "made_at": "2026-03-02T01:30:00Z",
    "signs_from": "2026-03-02T01:40:00Z",
    "retired_at": None,
    "forgotten_at": None,
}


class NewSigningKey(BaseModel):
    """How the next key takes over."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"at_once": False}, {"at_once": True}]})

    at_once: bool = Field(
        default=False,
        description="立即启用，并且不再相信其他密钥签发的令牌：仅在密钥可能泄露时使用，用户的应用会自动续期",
    )


class SigningKeyView(BaseModel):
    """A signing key 签名密钥."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    kid: str = Field(description="令牌和 JWKS 中的名称")
    algorithm: str = Field(description="用于哪种签名算法")
    made_at: datetime
    signs_from: datetime = Field(description="何时起用于签名；此前只公布，供各方缓存")
    retired_at: datetime | None = Field(description="何时起由下一把密钥签名")
    forgotten_at: datetime | None = Field(description="何时起不再相信它签发的令牌")

    @classmethod
    def of(cls, key: SigningKey, keys: Sequence[SigningKey]) -> "SigningKeyView":
        """Return the view of a key among all."""
        return cls(
            kid=key.kid,
            algorithm=key.algorithm,
            made_at=key.made_at,
            signs_from=key.signs_from,
            retired_at=retired_at(key, keys),
            forgotten_at=key.forgotten_at,
        )
