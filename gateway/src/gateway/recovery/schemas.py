"""What the API takes and says about recoveries."""

from datetime import datetime

from pydantic import BaseModel, Field

from gateway.identity.schemas import NUMBER, TRANSACTION, example


class Lost(BaseModel):
    """Who asks to come back: his phone, and who he is."""

    model_config = example(phone="13800000000", name="赵晓梅", identity_number=NUMBER)

    phone: str = Field(description="账号登记的手机号码", max_length=32)
    name: str = Field(max_length=100)
    identity_number: str = Field(description="公民身份号码", max_length=32)


class StandingView(BaseModel):
    """How far a recovery is 找回进度."""

    model_config = example(ripe_at="2026-03-03T01:30:00Z", second_factor=True)

    ripe_at: datetime = Field(description="从何时起可以设置新密码")
    second_factor: bool = Field(description="是否可以用第二步验证免去等待")


class PasswordChosen(BaseModel):
    """The password from now on."""

    model_config = example(transaction=TRANSACTION, password="山海关的老龙头真好看")  # noqa: S106 - of nobody

    transaction: str = Field(max_length=64)
    password: str = Field(description="新密码，8 至 1024 个字符，不限组成", max_length=2048)


class LostInPerson(BaseModel):
    """Who stands at the window, and what he has lost."""

    model_config = example(name="赵晓梅", identity_number=NUMBER, phone=None, drops_factors=False)

    name: str = Field(description="证件上的姓名", max_length=100)
    identity_number: str = Field(description="公民身份号码", max_length=32)
    phone: str | None = Field(default=None, description="新手机号码；空为不变", max_length=32)
    drops_factors: bool = Field(default=False, description="第二步验证也丢失，一并解除")
