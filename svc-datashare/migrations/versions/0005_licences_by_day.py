"""The register by day, as the conservation ledger reads it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("licence_by_day", "licence", ["issued_on", "decision_id"])


def downgrade() -> None:
    op.drop_index("licence_by_day", "licence")
