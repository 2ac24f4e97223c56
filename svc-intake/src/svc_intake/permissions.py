"""Who may do what in intake: role × action × condition.

A draft is its applicant's alone: `receiving_hall` and `receiving_agency` are empty until receipt,
`proceeding_agency` until the office has started.
"""

from onestop_runtime.permissions import PermissionTable, Rule, allow, where

APPLICANTS = ("natural", "legal")
OFFICE = ("reviewer", "inspector", "approver", "head")
EVERYBODY = ("natural", "legal", "staff", "system", "device", "anonymous")

_APPLICANT_ACTIONS = ("case.read", "case.edit", "case.submit", "case.withdraw", "case.deliver")
_APPLICANT_RULES = tuple(
    allow(role, action, where(applicant_id="party"))
    for role in (*APPLICANTS, "guardian")
    for action in _APPLICANT_ACTIONS
)
# Who acts for a relative or neighbour follows what he has filed for him, and nothing else of his (个人信息保护法 6).
_PROXY_RULES = tuple(
    allow("proxy", action, where(applicant_id="party", opened_by="sub")) for action in _APPLICANT_ACTIONS
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
    *(allow(role, "case.open") for role in (*APPLICANTS, "proxy")),
    *_APPLICANT_RULES,
    *_PROXY_RULES,
    *_CLERK_RULES,
    *_OFFICE_RULES,
    *(allow(role, "authority.read") for role in EVERYBODY),
    allow("head", "authority.give", where(agency_code="agency")),
    allow("head", "authority.end", where(agency_code="agency")),
    # The conservation ledger is read by the service that compares, and by nobody else.
    allow("system", "ledger.read", where(reader="client")),
)
