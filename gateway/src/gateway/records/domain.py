"""A record 记录: a row of the audit trail that concerns a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from onestop_legal.codes import CodeList


class InspectionPurpose(CodeList):
    """Why staff look into somebody's records: a closed list, so that nothing personal is written down as a reason."""

    COMPLAINT = "complaint", "投诉举报核查"
    INCIDENT = "incident", "安全事件处置"
    AUDIT = "audit", "内部审计"
    JUDICIAL = "judicial", "司法机关依法查询"
    REQUEST = "request", "依本人申请"

    @classmethod
    def told(cls) -> str:
        """Return all of them with what they mean, for the documentation."""
        return "；".join(f"{purpose} {purpose.label}" for purpose in cls)


INSPECTING_NEEDS: Final = 2
"""Who looks into what concerns others has to be known by his real name."""
REFERENCE: Final = r"^[0-9A-Za-z〔〕()（）第号-]{1,64}$"
"""What a document's number is written with; no name fits."""


@dataclass(frozen=True, slots=True)
class Record:
    """What somebody did.

    Attributes:
        id: position in the trail.
        verb: what was done.
        key: to which aggregate: a person, a mandate, a session, a grant.
        detail: more about it; nothing personal.
        actor: who did it; None for a program or somebody unknown.
        acting_for: in whose name.
        agency: credit code of the agency for which the actor acted.
        client_id: the application that it concerns, or through which it was done.
        client_name: how that is called.
    """

    id: int
    at: datetime
    verb: str
    key: UUID
    detail: Mapping[str, Any] | None
    actor: UUID | None
    actor_kind: str
    acting_for: UUID | None
    agency: str | None
    client_id: str | None
    client_name: str | None
    channel: str
