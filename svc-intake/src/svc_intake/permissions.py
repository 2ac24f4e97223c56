"""Who may do what in intake: role × action × condition.

A draft is its applicant's alone: `receiving_hall` and `receiving_agency` are empty until receipt,
`proceeding_agency` until the office has started.
"""

from onestop_runtime.permissions import PermissionTable, Rule, allow, where

APPLICANTS = ("natural", "legal")
OFFICE = ("reviewer", "inspector", "approver", "head")
EVERYBODY = ("natural", "legal", "staff", "system", "device", "anonymous")

_APPLICANT_RULES = tuple(
    allow(role, action, where(applicant_id="party"))
    for role in APPLICANTS
    for action in ("case.read", "case.edit", "case.submit", "case.withdraw", "case.deliver")
)
_CLERK_RULES: tuple[Rule, ...] = tuple(
    allow("window_clerk", action, condition)
    for action in ("case.read", "case.answer", "case.deliver", "form.unmask")
    for condition in (where(receiving_hall="hall"), where(receiving_agency="agency"))
)
_OFFICE_RULES = tuple(
    allow(role, action, where(proceeding_agency="agency")) for role in OFFICE for action in ("case.read", "form.unmask")
)

PERMISSIONS = PermissionTable(
    *(allow(role, "case.open") for role in APPLICANTS),
    *_APPLICANT_RULES,
    *_CLERK_RULES,
    *_OFFICE_RULES,
    *(allow(role, "authority.read") for role in EVERYBODY),
    allow("head", "authority.give", where(agency_code="agency")),
    allow("head", "authority.end", where(agency_code="agency")),
)
