"""A business licence as its registrar keeps it."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.credit_code import CreditCode


class BusinessState(CodeList):
    """登记状态 of a company."""

    ACTIVE = "active", "存续"
    REVOKED = "revoked", "吊销"
    CANCELLED = "cancelled", "注销"
    MOVED_OUT = "moved_out", "迁出"


@dataclass(slots=True)
class BusinessLicence:
    """A business licence 营业执照.

    Attributes:
        legal_representative: name of a person; encrypted where it is stored.
        registered_capital: in yuan, None where the form of business has none.
        valid_to: last day of business, None for 长期.
    """

    id: UUID
    credit_code: CreditCode
    name: str
    legal_representative: str
    type: str
    registered_capital: int | None
    established_on: date
    valid_from: date
    valid_to: date | None
    business_scope: str
    registered_place: str
    registration_authority: str
    state: BusinessState = BusinessState.ACTIVE
    version: int = 1

    def facts(self) -> dict[str, Any]:
        """Return the data items by the names the directory gives them."""
        return {
            "credit_code": self.credit_code,
            "name": self.name,
            "legal_representative": self.legal_representative,
            "type": self.type,
            "registered_capital": self.registered_capital,
            "established_on": self.established_on,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "business_scope": self.business_scope,
            "registered_place": self.registered_place,
            "registration_authority": self.registration_authority,
            "state": self.state.value,
        }
