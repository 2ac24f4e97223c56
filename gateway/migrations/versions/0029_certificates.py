"""Clients that prove themselves by a certificate."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_MEANS = "client_has_what_it_authenticates_with"
_PROFILE = "client_profile_is_kept"


def upgrade() -> None:
    op.add_column("client", sa.Column("tls_client_auth_subject_dn", sa.Text))
    op.add_column("client", sa.Column("tls_client_auth_san_dns", sa.Text))
    op.drop_constraint(_MEANS, "client")
    op.create_check_constraint(
        _MEANS,
        "client",
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND num_nonnulls(jwks, jwks_uri) = 0"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN num_nonnulls(jwks, jwks_uri) = 1"
        " WHEN 'tls_client_auth' THEN num_nonnulls(tls_client_auth_subject_dn, tls_client_auth_san_dns) = 1"
        " WHEN 'self_signed_tls_client_auth' THEN num_nonnulls(jwks, jwks_uri) = 1 ELSE false END",
    )
    op.drop_constraint(_PROFILE, "client")
    op.create_check_constraint(
        _PROFILE,
        "client",
        "profile IS NULL OR profile = 'fapi2' AND NOT pkce_optional"
        " AND authentication IN ('private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth')",
    )


def downgrade() -> None:
    op.execute(
        "UPDATE client SET authentication = 'private_key_jwt', state = 'ended',"
        " jwks = CASE WHEN jwks_uri IS NULL THEN coalesce(jwks, '{\"keys\": []}') END"
        " WHERE authentication IN ('tls_client_auth', 'self_signed_tls_client_auth')"
    )
    op.drop_constraint(_PROFILE, "client")
    op.create_check_constraint(
        _PROFILE,
        "client",
        "profile IS NULL OR profile = 'fapi2' AND authentication = 'private_key_jwt' AND NOT pkce_optional",
    )
    op.drop_constraint(_MEANS, "client")
    op.create_check_constraint(
        _MEANS,
        "client",
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND num_nonnulls(jwks, jwks_uri) = 0"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN num_nonnulls(jwks, jwks_uri) = 1 ELSE false END",
    )
    op.drop_column("client", "tls_client_auth_san_dns")
    op.drop_column("client", "tls_client_auth_subject_dn")
