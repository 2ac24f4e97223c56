"""What the API takes and says about registering and being verified."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.identity.domain import LookUpPurpose
from gateway.identity.repository import Found

TRANSACTION: Final = "Jx3Tq0vZ8mWnB5rYk2sLdPc7hEuGaFi1oVtXy9CeRw4"
NUMBER: Final = "11010519491231002X"
_ID: Final = "0190a5f0-0000-7000-8000-000000000001"


def example(**values: Any) -> ConfigDict:
    """Return the configuration of a model that takes nothing unknown, with one example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [values]})


class CodeAsked(BaseModel):
    """To which phone a code is to be sent."""

    model_config = example(phone="13800000000")

    phone: str = Field(description="手机号码，11 位", max_length=32)


class CodeSent(BaseModel):
    """A code is on its way, whoever the phone belongs to 验证码已发送."""

    model_config = example(transaction=TRANSACTION, expires_at="2026-03-02T01:35:00Z")

    transaction: str = Field(description="本次办理的凭据，只有持它者能使用验证码")
    expires_at: datetime


class CodeTyped(BaseModel):
    """A code, by who asked for it."""

    model_config = example(transaction=TRANSACTION, code="135790")

    transaction: str = Field(max_length=64)
    code: str = Field(description="短信中的 6 位数字", max_length=16)


class NewAccount(BaseModel):
    """What somebody who registers says of himself 注册信息."""

    model_config = example(
        transaction=TRANSACTION,
        username="xiaomei",
        name="赵晓梅",
        identity_number=NUMBER,
        password="山海关的老龙头真好看",  # noqa: S106 - of nobody
    )

    transaction: str = Field(max_length=64)
    username: str = Field(description="用户名，3 至 32 个字符", max_length=64)
    name: str = Field(description="证件上的姓名", max_length=100)
    identity_number: str = Field(description="公民身份号码", max_length=32)
    password: str = Field(description="密码，8 至 1024 个字符，不限组成", max_length=2048)


class AccountView(BaseModel):
    """A new account 账号."""

    model_config = example(sub=_ID, username="xiaomei", acr="1")

    sub: UUID
    username: str
    acr: str = Field(description="实名级别：1 手机")


class LookUp(BaseModel):
    """Whom a clerk looks up, and why 查找."""

    model_config = example(identity_number=NUMBER, purpose="verification")

    identity_number: str = Field(description="公民身份号码", max_length=32)
    purpose: LookUpPurpose = Field(description="查找的目的，记入审计")


class FoundView(BaseModel):
    """Somebody whose account names the number; masked 查找结果."""

    model_config = example(sub=_ID, username="xiaomei", name="赵**", acr="1", registered_at="2026-03-02T01:30:00Z")

    sub: UUID
    username: str
    name: str = Field(description="脱敏姓名")
    acr: str = Field(description="实名级别；2 以上的账号只有一个，其余只是自述")
    registered_at: datetime

    @classmethod
    def of(cls, found: Found) -> "FoundView":
        """Return what a clerk sees."""
        return cls(
            sub=found.id,
            username=found.username,
            name=found.masked_name,
            acr=str(found.level.value),
            registered_at=found.registered_at,
        )


class DocumentShown(BaseModel):
    """What the document says that somebody has shown at the window 当面核验."""

    model_config = example(name="赵晓梅", identity_number=NUMBER, purpose="verification")

    name: str = Field(description="证件上的姓名", max_length=100)
    identity_number: str = Field(description="公民身份号码", max_length=32)
    purpose: LookUpPurpose = Field(description="核验的目的，记入审计")
