"""Who may do what in svc-catalog. What is published is there for everybody."""

from onestop_runtime.permissions import PermissionTable, allow, where

OWN_AGENCY = where(agency_code="agency")
EDITORS = ("catalog_editor", "catalog_publisher")

PERMISSIONS = PermissionTable(
    *(allow(role, "guide-version.read", OWN_AGENCY) for role in EDITORS),
    allow("supervisor", "guide-version.read"),
    allow("catalog_editor", "guide-version.write", OWN_AGENCY),
    allow("catalog_publisher", "guide-version.approve", OWN_AGENCY),
    allow("catalog_publisher", "guide-version.publish", OWN_AGENCY),
    allow("system", "guide-version.read"),
    allow("system", "guide-version.write"),
    allow("system", "guide-version.approve"),
    allow("system", "guide-version.publish"),
    allow("catalog_editor", "item-list.import"),
    allow("catalog_editor", "item-list.read"),
    allow("catalog_publisher", "item-list.read"),
    *(allow(role, "obstacle.record") for role in ("supervisor", "catalog_editor", "head")),
    allow("supervisor", "obstacle.assign"),
    allow("head", "obstacle.solve", OWN_AGENCY),
    allow("supervisor", "obstacle.verify"),
)
