"""What people chose to act as, for each client, in each session."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chosen_capacity",
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("device_hash", sa.LargeBinary, nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "client_id"),
    )
    op.create_index("chosen_capacity_by_device", "chosen_capacity", ["device_hash", "client_id", "chosen_at"])


def downgrade() -> None:
    op.drop_table("chosen_capacity")
