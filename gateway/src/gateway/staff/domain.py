"""Staff 工作人员: a person serves an agency with roles, from a day on."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from gateway.mandates.domain import within


@dataclass(frozen=True, slots=True)
class StaffMember:
    """An appointment 任职: a person serves an agency with roles.

    Attributes:
        agency: credit code of the agency.
        region: division code.
        hall: code of the hall whose window the person works at, if any.
    """

    id: UUID
    person_id: UUID
    agency: str
    agency_name: str
    region: str
    hall: str | None
    roles: frozenset[str]
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Tell whether the person serves the agency on `day`."""
        return within(day, self.valid_from, self.valid_to)
