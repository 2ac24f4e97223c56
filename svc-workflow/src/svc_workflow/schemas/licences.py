"""Licences as they are shown."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from onestop_runtime.examples import example
from svc_workflow.repository.decisions import IssuedLicence
from svc_workflow.schemas.common import AGENCY_CODE, APPLICANT, CASE_ID

LICENCE: dict[str, Any] = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000025",
    "identifier": "1.2.156.3005.2.11100000000013338W032.11130371037100371Q.JY11303710000019.001.D",
    "number": "JY11303710000019",
    "name": "食品经营许可证",
    "valid_from": "2026-03-20",
    "valid_to": "2031-03-19",
    "content": "食品（含保健食品）经营许可核发：预包装食品销售、散装食品销售",
}


class LicenceFactsView(BaseModel):
    """A licence 证照."""

    id: UUID
    identifier: str
    number: str
    name: str
    valid_from: date
    valid_to: date | None
    content: str


class LicenceView(LicenceFactsView):
    """A licence with its holder 证照及持有人."""

    model_config = example(**LICENCE, holder=APPLICANT, case_id=CASE_ID, agency_code=AGENCY_CODE)

    holder: str
    case_id: UUID
    agency_code: str

    @classmethod
    def of(cls, issued: IssuedLicence) -> "LicenceView":
        """Return the view of an issued licence."""
        facts = LicenceFactsView.model_validate(issued.licence, from_attributes=True)
        return cls(
            **facts.model_dump(), holder=issued.holder_name, case_id=issued.case_id, agency_code=issued.agency_code
        )
