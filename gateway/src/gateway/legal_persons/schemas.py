"""What the API says about legal persons, and what it takes."""

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.legal_persons.domain import LegalPerson
from gateway.mandates.schemas import NamedForm
from onestop_runtime.ids import uuid7

_COMPANY: Final[dict[str, Any]] = {"credit_code": "91130371MA7001010P", "name": "秦皇岛开发区山海食品有限公司"}
_REPRESENTATIVE: Final[dict[str, Any]] = {"name": "张海山", "identity_number": "130371197410030919"}


class RegisterLegalPerson(BaseModel):
    """登记单位."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_COMPANY]})

    credit_code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=18)] = Field(
        description="统一社会信用代码"
    )
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

    def legal_person(self) -> LegalPerson:
        """Return a new legal person."""
        return LegalPerson(uuid7(), self.credit_code, self.name)


class RegisterRepresentative(BaseModel):
    """登记法定代表人, as the registration says that the caller has seen."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"representative": _REPRESENTATIVE, "since": "2021-04-16"}]},
    )

    representative: NamedForm
    since: date = Field(description="登记的任职日期")


class RepresentativeView(BaseModel):
    """法定代表人, masked."""

    person_id: UUID
    name: str
    since: date
    source: str = Field(description="seed 初始登记数据，administrator 管理员登记，window 窗口当面核验")
    source_name: str


class LegalPersonView(BaseModel):
    """A legal person 单位."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000002",
                    "version": 2,
                    **_COMPANY,
                    "representative": {
                        "person_id": "0190a5f0-0000-7000-8000-000000000005",
                        "name": "张**",
                        "since": "2021-04-16",
                        "source": "window",
                        "source_name": "窗口当面核验",
                    },
                }
            ]
        }
    )

    id: UUID
    version: int
    credit_code: str
    name: str
    representative: RepresentativeView | None

    @classmethod
    def of(cls, found: LegalPerson) -> "LegalPersonView":
        """Return the view of a legal person."""
        now = found.representative
        return cls(
            id=found.id,
            version=found.version,
            credit_code=found.credit_code,
            name=found.name,
            representative=RepresentativeView(
                person_id=now.person_id,
                name=now.name,
                since=now.since,
                source=now.source,
                source_name=now.source.label,
            )
            if now
            else None,
        )
