"""Who may do what in svc-workflow. Staff work for their agency; applicants follow their case in svc-intake."""

from onestop_runtime.permissions import PermissionTable, allow, where

OWN_AGENCY = where(agency_code="agency")
WORKERS = ("reviewer", "inspector", "approver", "head")

PERMISSIONS = PermissionTable(
    *(allow(role, "proceeding.read", OWN_AGENCY) for role in WORKERS),
    allow("supervisor", "proceeding.read"),
    *(allow(role, "task.read", OWN_AGENCY) for role in WORKERS),
    allow("supervisor", "task.read"),
    # A task is worked on by its own role.
    *(allow(role, "task.work", where(agency_code="agency", role=f"'{role}'")) for role in WORKERS),
    allow("reviewer", "clock.stop", OWN_AGENCY),
    allow("head", "clock.stop", OWN_AGENCY),
    # 行政许可法 42: extended by the head of the organ.
    allow("head", "clock.extend", OWN_AGENCY),
    *(allow(role, "licence.read", OWN_AGENCY) for role in WORKERS),
    allow("natural", "licence.read", where(holder_id="party")),
    allow("supervisor", "licence.read"),
    *(allow(role, "staff.read", OWN_AGENCY) for role in WORKERS),
    *(
        allow(role, "definition.read")
        for role in (*WORKERS, "catalog_editor", "catalog_publisher", "supervisor", "admin")
    ),
    allow("admin", "definition.import"),
    # The totals of the conservation ledger are everybody's; single cases are named to those who look after them.
    *(allow(role, "conservation.read") for role in ("operator", "supervisor")),
    *(allow(role, "conservation.check") for role in ("operator", "supervisor")),
)
