"""What is owed of rates across machines, how many requests clients sent, and how many they may send in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_use",
        sa.Column("subject", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("refilled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "client_requests",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "day"),
    )
    op.add_column("client", sa.Column("requests_per_day", sa.BigInteger, nullable=True))


def downgrade() -> None:
    op.drop_column("client", "requests_per_day")
    op.drop_table("client_requests")
    op.drop_table("rate_use")
