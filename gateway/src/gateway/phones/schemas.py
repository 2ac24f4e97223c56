"""What the API takes and says about one's own phone number."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.identity.schemas import example
from gateway.phones.domain import PhoneChange, masked_phone

_CHANGE: Final[dict[str, Any]] = {
    "phone": "139****0001",
    "asked_at": "2026-03-02T01:30:00Z",
    "ripe_at": "2026-03-03T01:30:00Z",
}


class PhoneChangeView(BaseModel):
    """A change of number 号码更换."""

    model_config = example(**_CHANGE)

    phone: str = Field(description="新号码，脱敏")
    asked_at: datetime
    ripe_at: datetime = Field(description="何时生效；在此之前原号码可以取消")

    @classmethod
    def of(cls, change: PhoneChange) -> "PhoneChangeView":
        """Return what its owner sees."""
        return cls(phone=masked_phone(change.phone), asked_at=change.asked_at, ripe_at=change.ripe_at)


class PhoneView(BaseModel):
    """Where a person is reached 手机号码."""

    model_config = example(phone="138****0000", change=_CHANGE)

    phone: str | None = Field(description="现在的号码，脱敏；空为未登记")
    change: PhoneChangeView | None = Field(description="等待生效的更换")
