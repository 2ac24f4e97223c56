"""Who may do what with the events of a service; the same for every service."""

from onestop_runtime.permissions import PermissionTable, allow

_OPERATORS = ("operator", "admin")

PERMISSIONS = PermissionTable(
    *(allow(role, "event.read") for role in (*_OPERATORS, "supervisor")),
    *(allow(role, action) for role in _OPERATORS for action in ("event.replay", "event.discard")),
    *(allow(role, action) for role in _OPERATORS for action in ("projection.rebuild", "projection.swap")),
)
