"""A decision as svc-workflow tells of it, and whether it owes a disclosure."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

GRANTED = "granted"
DISCLOSURE = "disclosure"
CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency by its credit code, with the name to show."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a record is about: an opaque id; for companies the public code and name, else the masked name.

    Attributes:
        credit_code: as it was told; a record checks it before it is published.
    """

    party: UUID
    kind: Literal["legal", "natural"]
    credit_code: str | None
    name: str

    @property
    def shown_name(self) -> str:
        """The name as it may be read: a person's is masked even if it came whole."""
        if self.kind == "legal" or "*" in self.name:
            return self.name
        return self.name[:1] + "*" * max(len(self.name) - 1, 1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The licence that the decision grants, as far as it is disclosed."""

    name: str
    number: str
    content: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision 决定.

    Attributes:
        outcome: `granted` 准予 or `denied` 不予.
        obligations: what it owes: `certificate`, `disclosure`, `notice`.
        category: category of licence 许可类别, where the item says it.
        legal_representative: masked name of the company's 法定代表人, where it is known.
    """

    id: UUID
    case_id: UUID
    case_number: str
    item_code: str
    item_name: str
    item_type: str
    agency: Agency
    region: str
    subject: Subject
    outcome: str
    document_name: str
    document_number: str
    decided_on: date
    obligations: frozenset[str]
    certificate: Certificate | None = None
    category: str | None = None
    legal_representative: str | None = None

    @property
    def owes_disclosure(self) -> bool:
        """Whether it is to be disclosed: granted, and the item names the obligation; a denial is none (双公示)."""
        return self.outcome == GRANTED and DISCLOSURE in self.obligations
