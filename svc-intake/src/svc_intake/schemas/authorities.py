"""Acceptance authorities as they are shown and given."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from onestop_runtime.examples import example
from onestop_runtime.ids import uuid7
from svc_intake.domain.authority import AcceptanceAuthority
from svc_intake.schemas.common import APPROVAL_BUREAU, AgencyView, Code, Form, Text, form_example

_EXAMPLE = {
    "hall": "130371-H01",
    "items": None,
    "document_number": "秦开审批授〔2026〕1号",
    "seal": "秦皇岛经济技术开发区行政审批局行政审批专用章（1）",
    "valid_from": "2026-01-01",
    "valid_to": None,
}


class GiveAuthority(Form):
    """受理授权."""

    model_config = form_example(agency_code=APPROVAL_BUREAU["code"], agency_name=APPROVAL_BUREAU["name"], **_EXAMPLE)

    agency_code: Code
    agency_name: Text
    hall: Code = Field(description="被授权的大厅")
    items: tuple[Code, ...] | None = Field(default=None, description="事项；不填为本部门全部事项", max_length=2000)
    document_number: Text = Field(description="授权文件的文号")
    seal: Text = Field(description="交大厅使用的专用印章")
    valid_from: date
    valid_to: date | None = None

    def authority(self) -> AcceptanceAuthority:
        """Return the authority that is asked for."""
        return AcceptanceAuthority(
            id=uuid7(),
            agency_code=self.agency_code,
            agency_name=self.agency_name,
            hall=self.hall,
            items=self.items,
            document_number=self.document_number,
            seal=self.seal,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class EndAuthority(Form):
    """终止受理授权."""

    model_config = form_example(valid_to="2026-12-31")

    valid_to: date = Field(description="最后一日")


class AuthorityView(BaseModel):
    """受理授权."""

    model_config = example(id="018f3b1c-7e4a-7c21-9a55-000000000071", version=1, agency=APPROVAL_BUREAU, **_EXAMPLE)

    id: UUID
    version: int
    agency: AgencyView
    hall: str
    items: tuple[str, ...] | None
    document_number: str
    seal: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, authority: AcceptanceAuthority) -> "AuthorityView":
        """Return the view of an authority."""
        return cls(
            id=authority.id,
            version=authority.version,
            agency=AgencyView(code=authority.agency_code, name=authority.agency_name),
            hall=authority.hall,
            items=authority.items,
            document_number=authority.document_number,
            seal=authority.seal,
            valid_from=authority.valid_from,
            valid_to=authority.valid_to,
        )
