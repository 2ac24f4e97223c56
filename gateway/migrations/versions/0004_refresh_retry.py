"""Which refresh token another one replaces, and whether its refresh was repeated (FAPI 2.0, 5.3.2.1)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refresh_token", sa.Column("replaces", sa.LargeBinary, nullable=True))
    op.add_column("refresh_token", sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("refresh_token_by_replaced", "refresh_token", ["replaces"], unique=False)


def downgrade() -> None:
    op.drop_index("refresh_token_by_replaced", "refresh_token")
    op.drop_column("refresh_token", "repeated_at")
    op.drop_column("refresh_token", "replaces")
