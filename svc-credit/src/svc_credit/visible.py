"""What the permission table looks at in a record: the same names as the columns of the list."""

from typing import Any

from svc_credit.domain import Record


def visible(record: Record) -> dict[str, Any]:
    """Return the attributes of `record` that permissions are about."""
    return {
        "state": record.state.value,
        "subject_kind": record.decision.subject.kind,
        "party_id": record.decision.subject.party_id,
        "agency_code": record.decision.agency_code,
    }
