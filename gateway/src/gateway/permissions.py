"""Who may do what in the gateway's own API."""

from onestop_runtime.permissions import PermissionTable, allow, where

_OWN = where(person_id="sub")

PERMISSIONS = PermissionTable(
    allow("natural", "self.read"),
    allow("staff", "self.read"),
    allow("system", "self.read"),
    allow("natural", "mandate.list"),
    allow("staff", "mandate.list"),
    allow("natural", "session.list"),
    allow("staff", "session.list"),
    allow("natural", "session.end", _OWN),
    allow("staff", "session.end", _OWN),
    allow("admin", "route.list"),
    allow("operator", "route.list"),
    allow("anonymous", "person.register"),
    allow("natural", "person.register"),
    allow("window_clerk", "person.look-up"),
    allow("window_clerk", "person.verify"),
    allow("natural", "scan.answer"),
    allow("staff", "scan.answer"),
    allow("natural", "identity.list", _OWN),
    allow("staff", "identity.list", _OWN),
    allow("admin", "identity.list"),
    allow("natural", "identity.unlink", _OWN),
    allow("staff", "identity.unlink", _OWN),
    allow("admin", "identity.unlink"),
    allow("admin", "client.list"),
    allow("admin", "client.register"),
)
