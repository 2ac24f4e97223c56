"""Who may do what with credit records."""

from onestop_runtime.permissions import PermissionTable, allow, where

PERMISSIONS = PermissionTable(
    # What is disclosed is there for everybody, signed in or not; records of natural persons are restricted.
    *(
        allow(role, "record.read", where(state="'disclosed'", subject_kind="'legal'"))
        for role in ("anonymous", "natural", "legal", "staff", "system", "device")
    ),
    # Whoever a record is about reads it in every state.
    allow("natural", "record.read", where(party_id="party")),
    # The agency that decided answers for what is published of it.
    allow("approver", "record.read", where(agency_code="agency")),
    allow("head", "record.read", where(agency_code="agency")),
    allow("head", "record.withdraw", where(agency_code="agency")),
    allow("supervisor", "record.read"),
)
