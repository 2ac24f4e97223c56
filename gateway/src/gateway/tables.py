"""The gateway's tables: who people are, what they allowed, and what was issued in their name.

Secrets that only have to be recognised (session cookies, codes, refresh tokens) are kept as SHA-256 of 256 random
bits; what has to be read again (names, numbers, private keys) is encrypted per subject.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

_INSTANT = sa.DateTime(timezone=True)
_TEXTS = pg.ARRAY(sa.Text)


def _version() -> sa.Column[int]:
    return sa.Column("version", sa.BigInteger, nullable=False, server_default="1")


person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("name", sa.LargeBinary, nullable=False),
    sa.Column("masked_name", sa.Text, nullable=False),
    sa.Column("identity_number", sa.LargeBinary),
    sa.Column("identity_number_index", sa.LargeBinary),
    sa.Column("phone", sa.LargeBinary),
    sa.Column("phone_index", sa.LargeBinary),
    sa.Column("assurance", sa.SmallInteger, nullable=False),
    sa.Column("registered_at", _INSTANT, nullable=False),
    _version(),
    sa.CheckConstraint("username = lower(username)", name="person_username_is_lower_case"),
    sa.UniqueConstraint("username", name="person_username_is_unique"),
    sa.UniqueConstraint("identity_number_index", name="person_identity_number_is_unique"),
    sa.Index("person_by_phone", "phone_index"),
)

legal_person = sa.Table(
    "legal_person",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("credit_code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("registered_at", _INSTANT, nullable=False),
    _version(),
    sa.UniqueConstraint("credit_code", name="legal_person_credit_code_is_unique"),
)

mandate = sa.Table(
    "mandate",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("legal_person_id", sa.Uuid, sa.ForeignKey(legal_person.c.id), nullable=False),
    sa.Column("agent_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("items", _TEXTS),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("given_at", _INSTANT, nullable=False),
    sa.Column("withdrawn_at", _INSTANT),
    _version(),
    sa.CheckConstraint("valid_to >= valid_from", name="mandate_ends_after_its_start"),
    sa.Index("mandate_by_agent", "agent_id"),
    sa.Index("mandate_by_legal_person", "legal_person_id"),
    sa.Index(
        "mandate_is_given_once",
        "agent_id",
        "legal_person_id",
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    ),
)

staff_member = sa.Table(
    "staff_member",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("agency_name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("hall", sa.Text),
    sa.Column("roles", _TEXTS, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    _version(),
    sa.CheckConstraint("valid_to >= valid_from", name="staff_member_ends_after_its_start"),
    sa.Index("staff_member_by_person", "person_id"),
    sa.Index("staff_member_by_agency", "agency"),
)

client = sa.Table(
    "client",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("application_type", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("authentication", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.LargeBinary),
    sa.Column("jwks", pg.JSONB),
    sa.Column("redirect_uris", _TEXTS, nullable=False),
    sa.Column("post_logout_redirect_uris", _TEXTS, nullable=False),
    sa.Column("grant_types", _TEXTS, nullable=False),
    sa.Column("scopes", _TEXTS, nullable=False),
    sa.Column("first_party", sa.Boolean, nullable=False),
    sa.Column("require_par", sa.Boolean, nullable=False),
    sa.Column("resources", _TEXTS, nullable=False),
    sa.Column("pkce_optional", sa.Boolean, nullable=False),
    sa.Column("agency", sa.Text),
    sa.Column("registered_at", _INSTANT, nullable=False),
    _version(),
    sa.UniqueConstraint("id", name="client_subject_is_unique"),
    sa.CheckConstraint("state IN ('active', 'suspended')", name="client_state_is_known"),
    sa.CheckConstraint("application_type IN ('web', 'native')", name="client_application_type_is_known"),
    sa.CheckConstraint("NOT pkce_optional OR authentication <> 'none'", name="client_without_pkce_proves_itself"),
    sa.CheckConstraint(
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND jwks IS NULL"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN jwks IS NOT NULL ELSE false END",
        name="client_has_what_it_authenticates_with",
    ),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("signed_in_at", _INSTANT, nullable=False),
    sa.Column("methods", _TEXTS, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("started_at", _INSTANT, nullable=False),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Column("ended_at", _INSTANT),
    _version(),
    sa.UniqueConstraint("token_hash", name="session_token_is_unique"),
    sa.Index("session_by_person", "person_id", "id"),
)

known_device = sa.Table(
    "known_device",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("seen_at", _INSTANT, nullable=False),
    sa.Index("known_device_by_person", "person_id"),
)

sign_in_throttle = sa.Table(
    "sign_in_throttle",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_failed_at", _INSTANT, nullable=False),
    sa.Column("not_before", _INSTANT, nullable=False),
    sa.Index("sign_in_throttle_by_age", "last_failed_at"),
)

authorization_request = sa.Table(
    "authorization_request",
    metadata,
    sa.Column("handle_hash", sa.LargeBinary, primary_key=True),
    sa.Column("visit_hash", sa.LargeBinary, nullable=False),
    sa.Column("parameters", pg.JSONB, nullable=False),
    sa.Column("started_at", _INSTANT, nullable=False),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Column("finished_at", _INSTANT),
    sa.Index("authorization_request_by_age", "expires_at"),
)

pushed_request = sa.Table(
    "pushed_request",
    metadata,
    sa.Column("handle_hash", sa.LargeBinary, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("parameters", pg.JSONB, nullable=False),
    sa.Column("pushed_at", _INSTANT, nullable=False),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Column("used_at", _INSTANT),
    sa.Index("pushed_request_by_age", "expires_at"),
)

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("scopes", _TEXTS, nullable=False),
    sa.Column("given_at", _INSTANT, nullable=False),
    sa.Column("withdrawn_at", _INSTANT),
    _version(),
)

access_grant = sa.Table(
    "access_grant",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id), nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("scopes", _TEXTS, nullable=False),
    sa.Column("nonce", sa.Text),
    sa.Column("resource", sa.Text),
    sa.Column("signed_in_at", _INSTANT, nullable=False),
    sa.Column("given_at", _INSTANT, nullable=False),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Column("revoked_at", _INSTANT),
    sa.Index("access_grant_by_session", "session_id"),
    sa.Index("access_grant_by_age", "expires_at"),
)

authorization_code = sa.Table(
    "authorization_code",
    metadata,
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Uuid, sa.ForeignKey(access_grant.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("code_challenge", sa.Text),
    sa.Column("jkt", sa.Text),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Column("used_at", _INSTANT),
    sa.Index("authorization_code_by_grant", "grant_id"),
)

refresh_token = sa.Table(
    "refresh_token",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Uuid, sa.ForeignKey(access_grant.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("jkt", sa.Text),
    sa.Column("issued_at", _INSTANT, nullable=False),
    sa.Column("used_at", _INSTANT),
    sa.Column("replaces", sa.LargeBinary),
    sa.Column("repeated_at", _INSTANT),
    sa.Index("refresh_token_by_grant", "grant_id"),
    sa.Index("refresh_token_by_replaced", "replaces"),
)

revocation = sa.Table(
    "revocation",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Index("revocation_by_age", "expires_at"),
)

client_assertion = sa.Table(
    "client_assertion",
    metadata,
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("jti_hash", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Index("client_assertion_by_age", "expires_at"),
)

dpop_proof = sa.Table(
    "dpop_proof",
    metadata,
    sa.Column("proof_hash", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", _INSTANT, nullable=False),
    sa.Index("dpop_proof_by_age", "expires_at"),
)

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kid", sa.Text, nullable=False),
    sa.Column("public_jwk", pg.JSONB, nullable=False),
    sa.Column("private_jwk", sa.LargeBinary, nullable=False),
    sa.Column("made_at", _INSTANT, nullable=False),
    sa.Column("retired_at", _INSTANT),
    sa.Column("forgotten_at", _INSTANT),
    sa.UniqueConstraint("kid", name="signing_key_kid_is_unique"),
    sa.Index(
        "signing_key_signs_alone",
        sa.text("(true)"),
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    ),
)
