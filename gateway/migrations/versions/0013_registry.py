"""The registry of clients: owner, review, published keys, secrets that overlap, history; what ends with a client."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MEANS = "client_has_what_it_authenticates_with"
_NOTHING = sa.text("'{}'")


def upgrade() -> None:
    op.add_column("client", sa.Column("contacts", pg.ARRAY(sa.Text), nullable=False, server_default=_NOTHING))
    op.add_column("client", sa.Column("jwks_uri", sa.Text))
    op.add_column(
        "client",
        sa.Column("former_secret_hashes", pg.ARRAY(sa.LargeBinary), nullable=False, server_default=_NOTHING),
    )
    op.add_column("client", sa.Column("former_secrets_until", sa.DateTime(timezone=True)))
    op.add_column("client", sa.Column("proposed_by", sa.Uuid))
    op.add_column("client", sa.Column("draft", pg.JSONB))
    op.add_column("client", sa.Column("draft_by", sa.Uuid))
    op.add_column("client", sa.Column("trusted_since", sa.DateTime(timezone=True)))
    for column in ("contacts", "former_secret_hashes"):
        op.alter_column("client", column, server_default=None)
    op.drop_constraint("client_state_is_known", "client")
    op.create_check_constraint(
        "client_state_is_known", "client", "state IN ('proposed', 'active', 'suspended', 'ended')"
    )
    op.drop_constraint(_MEANS, "client")
    op.create_check_constraint(
        _MEANS,
        "client",
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND num_nonnulls(jwks, jwks_uri) = 0"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN num_nonnulls(jwks, jwks_uri) = 1 ELSE false END",
    )
    op.create_table(
        "client_history",
        sa.Column("client_id", sa.Text, sa.ForeignKey("client.client_id"), primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.Column("changes", pg.JSONB, nullable=False),
    )
    op.add_column("revocation", sa.Column("issued_before", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.execute("DELETE FROM revocation WHERE identifier LIKE 'client:%'")
    op.drop_column("revocation", "issued_before")
    op.drop_table("client_history")
    op.execute("UPDATE client SET state = 'suspended' WHERE state IN ('proposed', 'ended')")
    op.execute("""UPDATE client SET jwks = '{"keys": []}' WHERE jwks_uri IS NOT NULL""")
    op.drop_constraint(_MEANS, "client")
    op.create_check_constraint(
        _MEANS,
        "client",
        "CASE authentication WHEN 'none' THEN secret_hash IS NULL AND jwks IS NULL"
        " WHEN 'client_secret_basic' THEN secret_hash IS NOT NULL"
        " WHEN 'private_key_jwt' THEN jwks IS NOT NULL ELSE false END",
    )
    op.drop_constraint("client_state_is_known", "client")
    op.create_check_constraint("client_state_is_known", "client", "state IN ('active', 'suspended')")
    for column in (
        "trusted_since",
        "draft_by",
        "draft",
        "proposed_by",
        "former_secrets_until",
        "former_secret_hashes",
        "jwks_uri",
        "contacts",
    ):
        op.drop_column("client", column)
