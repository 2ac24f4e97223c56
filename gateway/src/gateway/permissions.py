"""Who may do what in the gateway's own API."""

from onestop_runtime.permissions import PermissionTable, allow, where

_OWN = where(person_id="sub")
_OWN_AGENCY = where(agency="agency")
_ONESELF = ("natural", "staff")
"""Whoever is there himself; not a proxy, who is there for another one."""

PERMISSIONS = PermissionTable(
    allow("natural", "self.read"),
    allow("staff", "self.read"),
    allow("proxy", "self.read"),
    allow("system", "self.read"),
    *(allow(role, action) for role in _ONESELF for action in ("mandate.list", "mandate.give", "mandate.ask")),
    allow("township_agent", "mandate.ask-residents"),
    *(
        allow(role, action, side)
        for role in _ONESELF
        for action in ("mandate.read", "mandate.withdraw")
        for side in (where(agent_id="sub"), where(speaker_id="sub"))
    ),
    *(allow(role, "mandate.confirm-by-code", where(agent_id="sub")) for role in _ONESELF),
    allow("window_clerk", "guardianship.record"),
    *(allow("window_clerk", action, where(basis="'ward'")) for action in ("mandate.read", "mandate.withdraw")),
    allow("window_clerk", "mandate.look-up"),
    *(
        allow("window_clerk", action, where(state="'waiting'", awaits="'principal'"))
        for action in ("mandate.read", "mandate.confirm-at-window")
    ),
    *(
        allow(role, action)
        for role in ("admin", "window_clerk")
        for action in ("legal-person.register", "legal-person.read", "representative.register")
    ),
    *(allow(role, "legal-person.read", where(representative_id="sub")) for role in _ONESELF),
    *(allow("admin", f"staff.{action}") for action in ("read", "appoint", "change", "dismiss")),
    *(allow("head", f"staff.{action}", _OWN_AGENCY) for action in ("read", "appoint", "change", "dismiss")),
    allow("supervisor", "staff.read"),
    *(allow(role, action) for role in _ONESELF for action in ("record.list", "consent.list", "consent.withdraw")),
    allow("admin", "record.inspect"),
    allow("supervisor", "record.inspect"),
    allow("natural", "session.list"),
    allow("staff", "session.list"),
    allow("natural", "session.end", _OWN),
    allow("staff", "session.end", _OWN),
    allow("admin", "route.list"),
    allow("operator", "route.list"),
    allow("natural", "credential.read"),
    allow("staff", "credential.read"),
    allow("natural", "credential.change"),
    allow("staff", "credential.change"),
    allow("anonymous", "person.register"),
    allow("natural", "person.register"),
    allow("window_clerk", "person.look-up"),
    allow("window_clerk", "person.verify"),
    allow("window_clerk", "recovery.open"),
    allow("natural", "sign-in.decide"),
    allow("staff", "sign-in.decide"),
    allow("natural", "identity.list", _OWN),
    allow("staff", "identity.list", _OWN),
    allow("admin", "identity.inspect"),
    allow("natural", "identity.unlink", _OWN),
    allow("staff", "identity.unlink", _OWN),
    allow("admin", "identity.unlink"),
    *(allow(role, "erasure.ask") for role in _ONESELF),
    *(allow(role, action) for role in ("admin", "window_clerk") for action in ("erasure.propose", "erasure.refuse")),
    *(allow(role, "erasure.read") for role in ("admin", "window_clerk", "supervisor")),
    allow("admin", "erasure.approve"),
    allow("device", "self.read"),
    allow("device", "late-request.hand-in"),
    *(allow("admin", f"terminal.{action}") for action in ("read", "register", "change", "enrol", "suspend", "resume")),
    *(allow(role, "client.read") for role in ("admin", "operator", "supervisor")),
    allow("data_steward", "client.read", _OWN_AGENCY),
    *(allow("admin", action) for action in ("client.register", "client.change", "client.renew-secret")),
    *(
        allow("data_steward", action, _OWN_AGENCY)
        for action in ("client.register", "client.change", "client.renew-secret")
    ),
    *(allow(role, action) for role in ("admin", "operator") for action in ("signing-key.list", "signing-key.rotate")),
    allow("admin", "client.approve"),
    allow("admin", "client.suspend"),
    allow("operator", "client.suspend"),
    allow("admin", "client.resume"),
    allow("admin", "client.end"),
)
