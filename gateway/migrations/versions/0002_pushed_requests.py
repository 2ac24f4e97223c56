"""Authorization requests that clients push, and clients that may not do without."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pushed_request",
        sa.Column("handle_hash", sa.LargeBinary, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("parameters", pg.JSONB, nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
        sa.PrimaryKeyConstraint("handle_hash"),
    )
    op.create_index("pushed_request_by_age", "pushed_request", ["expires_at"], unique=False)
    op.add_column("client", sa.Column("require_par", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("client", "require_par", server_default=None)


def downgrade() -> None:
    op.drop_column("client", "require_par")
    op.drop_table("pushed_request")
