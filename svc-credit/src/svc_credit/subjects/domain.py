"""A subject of the credit base."""

from dataclasses import dataclass
from uuid import UUID

from onestop_legal.errors import NamedError


class SubjectNotFound(NamedError):
    """Nothing is known of a subject with this code."""

    slug = "credit-subject-not-found"
    title = "没有该主体的信用信息"
    status = 404
    pointer = "{credit_code}"


@dataclass(frozen=True, slots=True)
class KnownSubject:
    """A subject that records are kept about.

    Attributes:
        id: its id here.
        party: opaque id of the natural or legal person.
    """

    id: UUID
    kind: str
    party: UUID
    credit_code: str | None
    name: str
