"""What the API takes and says about what protects an account."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.credentials.domain import Factors, Passkey

_MOMENT: Final = "2026-03-02T01:30:00Z"
_PASSKEY: Final = {
    "id": "0190a5f0-0000-7000-8000-000000000005",
    "name": "我的手机",
    "backed_up": True,
    "made_at": _MOMENT,
    "used_at": None,
}


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [values]})


class PasskeyView(BaseModel):
    """A passkey 通行密钥; one is added on our own page `/account/security`, where the browser can make it."""

    model_config = _example(**_PASSKEY)

    id: UUID
    name: str
    backed_up: bool = Field(description="可在多台设备间同步")
    made_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, passkey: Passkey) -> "PasskeyView":
        """Return what its owner sees."""
        return cls.model_validate(passkey, from_attributes=True)


class FactorsView(BaseModel):
    """What a person has set up beside the password 第二步验证."""

    model_config = _example(authenticator_since=_MOMENT, passkeys=[_PASSKEY], recovery_codes=10)

    authenticator_since: datetime | None = Field(description="何时绑定验证器；空为未绑定")
    passkeys: list[PasskeyView]
    recovery_codes: int = Field(description="还剩几个恢复码")

    @classmethod
    def of(cls, factors: Factors) -> "FactorsView":
        """Return what the person sees."""
        return cls(
            authenticator_since=factors.authenticator_since,
            passkeys=[PasskeyView.of(it) for it in factors.passkeys],
            recovery_codes=factors.recovery_codes,
        )


class NewPassword(BaseModel):
    """The present password and the one from now on 修改密码."""

    model_config = _example(old="碧海-金沙-2026", password="山海关的老龙头真好看")  # noqa: S106 - of nobody

    old: str = Field(description="原密码", max_length=2048)
    password: str = Field(description="新密码，8 至 1024 个字符，不限组成", max_length=2048)


class AuthenticatorBegun(BaseModel):
    """The secret of an authenticator that has yet to be confirmed 验证器密钥."""

    model_config = _example(
        secret="JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",  # noqa: S106 - of nobody
        address="otpauth://totp/xiaomei?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    )

    secret: str = Field(description="手工输入的密钥（base32）")
    address: str = Field(description="验证器应用打开的 otpauth 地址")


class OneTimePassword(BaseModel):
    """What an authenticator shows 动态口令."""

    model_config = _example(code="135790")

    code: str = Field(description="6 位数字", max_length=16)


class RecoveryCodes(BaseModel):
    """Recovery codes 恢复码: shown once, each good once."""

    model_config = _example(codes=["K7PQ-3MZN-V8TR"])

    codes: list[str] = Field(description="请妥善保存，不再显示；此前的全部作废")


class PasskeyName(BaseModel):
    """The name by which a person knows a passkey."""

    model_config = _example(name="办公室的钥匙")

    name: str = Field(min_length=1, max_length=50)
