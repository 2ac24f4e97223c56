"""Who may do what: role × action × condition."""

from onestop_runtime.permissions import PermissionTable, allow, where

_EVERYBODY = ("anonymous", "natural", "legal", "device")

PERMISSIONS = PermissionTable(
    # The directory: what is open to the public is for everybody, what is published for all staff.
    *(allow(role, "resource.read", where(state="'published'", openness="'1'")) for role in _EVERYBODY),
    allow("staff", "resource.read", where(state="'published'")),
    allow("staff", "resource.read", where(state="'withdrawal_review'")),
    allow("data_steward", "resource.read", where(provider="agency")),
    allow("data_steward", "resource.read", where(authority="agency")),
    allow("admin", "resource.read", where(authority="agency")),
    allow("supervisor", "resource.read"),
    allow("data_steward", "resource.write", where(provider="agency")),
    allow("data_steward", "resource.review", where(authority="agency")),
    allow("admin", "resource.review", where(authority="agency")),
    # Requests: the consumer asks, the data authority and the provider answer.
    allow("data_steward", "request.read", where(consumer="agency")),
    allow("head", "request.read", where(consumer="agency")),
    allow("data_steward", "request.read", where(provider="agency")),
    allow("data_steward", "request.read", where(authority="agency")),
    allow("admin", "request.read", where(authority="agency")),
    allow("supervisor", "request.read"),
    allow("data_steward", "request.make", where(consumer="agency")),
    allow("head", "request.make", where(consumer="agency")),
    allow("data_steward", "request.review-platform", where(authority="agency")),
    allow("admin", "request.review-platform", where(authority="agency")),
    allow("data_steward", "request.review-provider", where(provider="agency")),
    # Grants: seen by both sides and the authority, ended by the provider or the authority.
    allow("data_steward", "grant.read", where(consumer="agency")),
    allow("head", "grant.read", where(consumer="agency")),
    allow("data_steward", "grant.read", where(provider="agency")),
    allow("data_steward", "grant.read", where(authority="agency")),
    allow("admin", "grant.read", where(authority="agency")),
    allow("supervisor", "grant.read"),
    allow("data_steward", "grant.revoke", where(provider="agency")),
    allow("data_steward", "grant.revoke", where(authority="agency")),
    allow("admin", "grant.revoke", where(authority="agency")),
    # The exchange is for our own systems; the grant says for which of them.
    allow("system", "exchange.call"),
    # The ledger: whose data it is reads it; so do the provider, the consumer and the supervisor.
    allow("agent", "access-record.read", where(subject_kind="'legal'", subject_credit_code="credit_code")),
    allow("natural", "access-record.read", where(subject_kind="'natural'", subject_party="party")),
    allow("data_steward", "access-record.read", where(provider="agency")),
    allow("data_steward", "access-record.read", where(consumer="agency")),
    allow("supervisor", "access-record.read"),
    # The conservation ledger is read by the service that compares, and by nobody else.
    allow("system", "ledger.read", where(reader="client")),
)
