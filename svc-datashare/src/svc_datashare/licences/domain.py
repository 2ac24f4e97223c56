"""A licence as the register holds it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError
from onestop_legal.licence_identifier import LicenceIdentifier
from svc_datashare.resources.domain.resource import Agency


class LicenceNotFound(NamedError):
    """The register holds no licence with this identifier."""

    slug = "licence-not-found"
    title = "没有这份证照"
    status = 404
    pointer = "{identifier}"


class Ending(CodeList):
    """How a licence may end; four different things with different effects (行政许可法 8, 69, 70; 行政处罚法 9)."""

    WITHDRAWN = "withdrawn", "已撤回"
    ANNULLED = "annulled", "已撤销"
    CANCELLED = "cancelled", "已注销"
    REVOKED = "revoked", "已吊销"


class Standing(CodeList):
    """What somebody who checks a licence is told."""

    VALID = "valid", "有效"
    NOT_YET = "not_yet_valid", "尚未生效"
    EXPIRED = "expired", "已过有效期"
    WITHDRAWN = "withdrawn", "已撤回"
    ANNULLED = "annulled", "已撤销"
    CANCELLED = "cancelled", "已注销"
    REVOKED = "revoked", "已吊销"


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom the licence is: an opaque id, for companies the public code and name, else the masked name."""

    id: UUID
    kind: str
    credit_code: str | None
    name: str

    @property
    def shown_name(self) -> str:
        """The name as anybody may read it: a company's is public, a person's is masked even if it came whole."""
        if self.kind == "legal" or "*" in self.name:
            return self.name
        return self.name[:1] + "*" * max(len(self.name) - 1, 1)


@dataclass(slots=True)
class Licence:
    """A registered licence 电子证照.

    Attributes:
        number: the number printed on it.
        valid_to: last day, None when it does not expire.
        ended_on: legal day it ended before its time.
    """

    id: UUID
    identifier: LicenceIdentifier
    number: str
    name: str
    holder: Holder
    issuer: Agency
    region: str
    item_code: str
    decision_id: UUID
    case_id: UUID
    issued_on: date
    valid_from: date
    valid_to: date | None
    content: str
    registered_at: datetime
    ending: Ending | None = None
    ended_on: date | None = None
    ending_basis: str | None = None
    version: int = 1

    def standing(self, today: date) -> Standing:
        """Return how the licence stands on this legal day."""
        if self.ending and self.ended_on and self.ended_on <= today:
            return Standing(self.ending.value)
        if today < self.valid_from:
            return Standing.NOT_YET
        if self.valid_to and today > self.valid_to:
            return Standing.EXPIRED
        return Standing.VALID

    def end(self, ending: Ending, on: date, basis: str) -> None:
        """Note how the licence ended, as decided by its issuer."""
        self.ending, self.ended_on, self.ending_basis = ending, on, basis
        self.version += 1
