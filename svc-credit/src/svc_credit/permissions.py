"""Who may do what: role × action × condition."""

from onestop_runtime.permissions import PermissionTable, allow, where

EVERYBODY = ("anonymous", "natural", "legal", "staff", "system", "device")

PERMISSIONS = PermissionTable(
    # What is disclosed is for everybody; records of natural persons are not (restricted).
    *(allow(role, "record.read", where(state="'disclosed'", audience="'public'")) for role in EVERYBODY),
    # A company's agent and a natural person read everything about themselves.
    allow("natural", "record.read", where(subject_party="party")),
    # The agency that decided, and who supervises.
    *(allow(role, "record.read", where(agency="agency")) for role in ("reviewer", "approver", "head", "data_steward")),
    allow("supervisor", "record.read"),
    *(allow(role, "record.complete", where(agency="agency")) for role in ("head", "data_steward")),
    allow("head", "record.withdraw", where(agency="agency")),
    # The file of a company is public; a natural person's has no address of its own.
    *(allow(role, "subject.read", where(kind="'legal'")) for role in EVERYBODY),
    # The conservation ledger is read by the service that compares, and by nobody else.
    allow("system", "ledger.read", where(reader="client")),
)
