"""What the API says about staff, and what it takes."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.mandates.domain import Agency
from gateway.mandates.schemas import NamedForm
from gateway.staff.domain import Post, Role, StaffMember
from onestop_legal.credit_code import CreditCode, InvalidCreditCode
from onestop_legal.errors import FieldError, FieldErrors

_POST: Final[dict[str, Any]] = {
    "region": "130371",
    "hall": "130371-H01",
    "roles": ["window_clerk"],
    "valid_from": "2026-03-02",
    "valid_to": None,
}
_AGENCY: Final[dict[str, Any]] = {"code": "11130371037107039Y", "name": "秦皇岛经济技术开发区数据和政务服务局"}


class AgencyForm(BaseModel):
    """An agency 部门."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(description="统一社会信用代码", max_length=18)
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class PostForm(BaseModel):
    """任职内容: region, hall, roles and how long."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_POST]})

    region: Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3})?$")] = Field(description="区划代码")
    hall: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z][0-9A-Z-]{1,31}$")] | None = Field(
        default=None, description="所在大厅"
    )
    roles: frozenset[Role] = Field(description="角色", min_length=1, max_length=12)
    valid_from: date
    valid_to: date | None = Field(default=None, description="最后一日；不填为长期")

    def post(self) -> Post:
        """Return what the use case takes."""
        return Post(self.region, self.hall, frozenset(self.roles), self.valid_from, self.valid_to)


class Appoint(PostForm):
    """任命工作人员."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"person": {"name": "郑文静", "identity_number": "13037119950204046X"}, "agency": _AGENCY, **_POST}
            ]
        },
    )

    person: NamedForm
    agency: AgencyForm

    def serving(self) -> Agency:
        """Return the agency; raises `FieldErrors`."""
        try:
            return Agency(CreditCode.parse(self.agency.code), self.agency.name)
        except InvalidCreditCode as error:
            raise FieldErrors([FieldError("/agency/code", error.slug, error.detail)]) from error


class StaffView(BaseModel):
    """任职: who serves which agency, as what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000014",
                    "version": 1,
                    "person_id": "0190a5f0-0000-7000-8000-000000000001",
                    "name": "郑**",
                    "agency": _AGENCY,
                    **_POST,
                    "dismissed_at": None,
                    "valid": True,
                }
            ]
        }
    )

    id: UUID
    version: int
    person_id: UUID
    name: str = Field(description="脱敏姓名")
    agency: AgencyForm
    region: str
    hall: str | None
    roles: list[str]
    valid_from: date
    valid_to: date | None
    dismissed_at: datetime | None
    valid: bool = Field(description="今天是否在任")

    @classmethod
    def of(cls, member: StaffMember, today: date) -> "StaffView":
        """Return the view of an appointment."""
        post = member.post
        return cls(
            id=member.id,
            version=member.version,
            person_id=member.person_id,
            name=member.name,
            agency=AgencyForm(code=member.agency, name=member.agency_name),
            region=post.region,
            hall=post.hall,
            roles=sorted(post.roles),
            valid_from=post.valid_from,
            valid_to=post.valid_to,
            dismissed_at=member.dismissed_at,
            valid=member.holds_on(today),
        )
