"""Clients whose ID tokens are signed by RS256."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("id_token_algorithm", sa.Text, nullable=False, server_default="ES256"))
    op.alter_column("client", "id_token_algorithm", server_default=None)
    op.create_check_constraint(
        "client_id_token_algorithm_is_known", "client", "id_token_algorithm IN ('ES256', 'RS256')"
    )


def downgrade() -> None:
    op.drop_constraint("client_id_token_algorithm_is_known", "client")
    op.drop_column("client", "id_token_algorithm")
    op.execute("DELETE FROM signing_key WHERE public_jwk->>'alg' <> 'ES256'")
