"""Clients that post their secret."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_MEANS = "client_has_what_it_authenticates_with"


def upgrade() -> None:
    op.drop_constraint(_MEANS, "client")
    op.create_check_constraint(
        _MEANS,
        "client",
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND num_nonnulls(jwks, jwks_uri) = 0"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'client_secret_post' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN num_nonnulls(jwks, jwks_uri) = 1"
        " WHEN 'tls_client_auth' THEN num_nonnulls(tls_client_auth_subject_dn, tls_client_auth_san_dns) = 1"
        " WHEN 'self_signed_tls_client_auth' THEN num_nonnulls(jwks, jwks_uri) = 1 ELSE false END",
    )


def downgrade() -> None:
    op.execute("UPDATE client SET authentication = 'client_secret_basic' WHERE authentication = 'client_secret_post'")
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
