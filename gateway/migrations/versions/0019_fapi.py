"""Clients that are held to a security profile."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("profile", sa.Text))
    op.create_check_constraint(
        "client_profile_is_kept",
        "client",
        "profile IS NULL OR profile = 'fapi2' AND authentication = 'private_key_jwt' AND NOT pkce_optional",
    )


def downgrade() -> None:
    op.drop_constraint("client_profile_is_kept", "client")
    op.drop_column("client", "profile")
