"""Confidential clients that may ask without PKCE, and codes that were asked for so."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("pkce_optional", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("client", "pkce_optional", server_default=None)
    op.create_check_constraint(
        "client_without_pkce_proves_itself", "client", "NOT pkce_optional OR authentication <> 'none'"
    )
    op.alter_column("authorization_code", "code_challenge", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM authorization_code WHERE code_challenge IS NULL")
    op.alter_column("authorization_code", "code_challenge", nullable=False)
    op.drop_constraint("client_without_pkce_proves_itself", "client")
    op.drop_column("client", "pkce_optional")
