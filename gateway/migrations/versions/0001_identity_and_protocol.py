"""People, clients, sessions, and what is issued in their name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    upgrade_runtime()
    op.create_table(
        "authorization_request",
        sa.Column("handle_hash", sa.LargeBinary, nullable=False),
        sa.Column("visit_hash", sa.LargeBinary, nullable=False),
        sa.Column("parameters", pg.JSONB, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("handle_hash"),
    )
    op.create_index("authorization_request_by_age", "authorization_request", ["expires_at"], unique=False)
    op.create_table(
        "client",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("application_type", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("authentication", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=True),
        sa.Column("jwks", pg.JSONB, nullable=True),
        sa.Column("redirect_uris", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("post_logout_redirect_uris", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("grant_types", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("first_party", sa.Boolean, nullable=False),
        sa.Column("agency", sa.Text, nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.CheckConstraint(
            "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND jwks IS NULL"
            " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
            " WHEN 'private_key_jwt' THEN jwks IS NOT NULL ELSE false END",
            name="client_has_what_it_authenticates_with",
        ),
        sa.CheckConstraint("application_type IN ('web', 'native')", name="client_application_type_is_known"),
        sa.CheckConstraint("state IN ('active', 'suspended')", name="client_state_is_known"),
        sa.PrimaryKeyConstraint("client_id"),
        sa.UniqueConstraint("id", name="client_subject_is_unique"),
    )
    op.create_table(
        "legal_person",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("credit_code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credit_code", name="legal_person_credit_code_is_unique"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("masked_name", sa.Text, nullable=False),
        sa.Column("identity_number", sa.LargeBinary, nullable=True),
        sa.Column("identity_number_index", sa.LargeBinary, nullable=True),
        sa.Column("phone", sa.LargeBinary, nullable=True),
        sa.Column("phone_index", sa.LargeBinary, nullable=True),
        sa.Column("assurance", sa.SmallInteger, nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.CheckConstraint("username = lower(username)", name="person_username_is_lower_case"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identity_number_index", name="person_identity_number_is_unique"),
        sa.UniqueConstraint("username", name="person_username_is_unique"),
    )
    op.create_index("person_by_phone", "person", ["phone_index"], unique=False)
    op.create_table(
        "revocation",
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identifier"),
    )
    op.create_index("revocation_by_age", "revocation", ["expires_at"], unique=False)
    op.create_table(
        "sign_in_throttle",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("sign_in_throttle_by_age", "sign_in_throttle", ["last_failed_at"], unique=False)
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kid", sa.Text, nullable=False),
        sa.Column("public_jwk", pg.JSONB, nullable=False),
        sa.Column("private_jwk", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kid", name="signing_key_kid_is_unique"),
    )
    op.create_index(
        "signing_key_signs_alone",
        "signing_key",
        [sa.literal_column("(true)")],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "client_assertion",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("jti_hash", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
        sa.PrimaryKeyConstraint("client_id", "jti_hash"),
    )
    op.create_index("client_assertion_by_age", "client_assertion", ["expires_at"], unique=False)
    op.create_table(
        "consent",
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id", "client_id"),
    )
    op.create_table(
        "known_device",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("known_device_by_person", "known_device", ["person_id"], unique=False)
    op.create_table(
        "mandate",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("legal_person_id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("items", pg.ARRAY(sa.Text), nullable=True),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name="mandate_ends_after_its_start"),
        sa.ForeignKeyConstraint(["agent_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["legal_person_id"], ["legal_person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mandate_by_agent", "mandate", ["agent_id"], unique=False)
    op.create_index("mandate_by_legal_person", "mandate", ["legal_person_id"], unique=False)
    op.create_index(
        "mandate_is_given_once",
        "mandate",
        ["agent_id", "legal_person_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("methods", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash", name="session_token_is_unique"),
    )
    op.create_index("session_by_person", "session", ["person_id", "id"], unique=False)
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("agency_name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("hall", sa.Text, nullable=True),
        sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, nullable=True),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name="staff_member_ends_after_its_start"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("staff_member_by_agency", "staff_member", ["agency"], unique=False)
    op.create_index("staff_member_by_person", "staff_member", ["person_id"], unique=False)
    op.create_table(
        "access_grant",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("nonce", sa.Text, nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("access_grant_by_age", "access_grant", ["expires_at"], unique=False)
    op.create_index("access_grant_by_session", "access_grant", ["session_id"], unique=False)
    op.create_table(
        "authorization_code",
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("authorization_code_by_grant", "authorization_code", ["grant_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("refresh_token_by_grant", "refresh_token", ["grant_id"], unique=False)


def downgrade() -> None:
    for table in (
        "refresh_token",
        "authorization_code",
        "access_grant",
        "staff_member",
        "session",
        "mandate",
        "known_device",
        "consent",
        "client_assertion",
        "signing_key",
        "sign_in_throttle",
        "revocation",
        "person",
        "legal_person",
        "client",
        "authorization_request",
    ):
        op.drop_table(table)
    downgrade_runtime()
