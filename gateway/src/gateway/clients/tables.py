"""Tables of registered clients, what they proved, and what people let them have."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.metadata import INSTANT, TEXTS, metadata, version
from gateway.people.tables import person

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
    sa.Column("redirect_uris", TEXTS, nullable=False),
    sa.Column("post_logout_redirect_uris", TEXTS, nullable=False),
    sa.Column("grant_types", TEXTS, nullable=False),
    sa.Column("scopes", TEXTS, nullable=False),
    sa.Column("first_party", sa.Boolean, nullable=False),
    sa.Column("require_par", sa.Boolean, nullable=False),
    sa.Column("resources", TEXTS, nullable=False),
    sa.Column("pkce_optional", sa.Boolean, nullable=False),
    sa.Column("cas_services", TEXTS, nullable=False),
    sa.Column("agency", sa.Text),
    sa.Column("requests_per_day", sa.BigInteger),
    sa.Column("contacts", TEXTS, nullable=False),
    sa.Column("jwks_uri", sa.Text),
    sa.Column("exchange_resources", TEXTS, nullable=False),
    sa.Column("backchannel_logout_uri", sa.Text),
    sa.Column("backchannel_logout_session_required", sa.Boolean, nullable=False),
    sa.Column("former_secret_hashes", pg.ARRAY(sa.LargeBinary), nullable=False),
    sa.Column("former_secrets_until", INSTANT),
    sa.Column("proposed_by", sa.Uuid),
    sa.Column("draft", pg.JSONB),
    sa.Column("draft_by", sa.Uuid),
    sa.Column("trusted_since", INSTANT),
    sa.Column("profile", sa.Text),
    sa.Column("certificate_bound", sa.Boolean, nullable=False),
    sa.Column("tls_client_auth_subject_dn", sa.Text),
    sa.Column("tls_client_auth_san_dns", sa.Text),
    sa.Column("id_token_algorithm", sa.Text, nullable=False),
    sa.Column("registered_at", INSTANT, nullable=False),
    version(),
    sa.UniqueConstraint("id", name="client_subject_is_unique"),
    sa.CheckConstraint("state IN ('proposed', 'active', 'suspended', 'ended')", name="client_state_is_known"),
    sa.CheckConstraint("application_type IN ('web', 'native')", name="client_application_type_is_known"),
    sa.CheckConstraint("NOT pkce_optional OR authentication <> 'none'", name="client_without_pkce_proves_itself"),
    sa.CheckConstraint("id_token_algorithm IN ('ES256', 'RS256')", name="client_id_token_algorithm_is_known"),
    sa.CheckConstraint(
        "profile IS NULL OR profile = 'fapi2' AND NOT pkce_optional"
        " AND authentication IN ('private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth')",
        name="client_profile_is_kept",
    ),
    sa.CheckConstraint(
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND num_nonnulls(jwks, jwks_uri) = 0"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'client_secret_post' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN num_nonnulls(jwks, jwks_uri) = 1"
        " WHEN 'tls_client_auth' THEN num_nonnulls(tls_client_auth_subject_dn, tls_client_auth_san_dns) = 1"
        " WHEN 'self_signed_tls_client_auth' THEN num_nonnulls(jwks, jwks_uri) = 1 ELSE false END",
        name="client_has_what_it_authenticates_with",
    ),
)

client_history = sa.Table(
    "client_history",
    metadata,
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("by", sa.Uuid),
    sa.Column("reason", sa.Text),
    sa.Column("changes", pg.JSONB, nullable=False),
)

client_assertion = sa.Table(
    "client_assertion",
    metadata,
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("jti_hash", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Index("client_assertion_by_age", "expires_at"),
)

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("scopes", TEXTS, nullable=False),
    sa.Column("given_at", INSTANT, nullable=False),
    sa.Column("withdrawn_at", INSTANT),
    version(),
)
