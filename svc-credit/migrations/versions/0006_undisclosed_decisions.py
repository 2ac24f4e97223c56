"""Decisions that name disclosure and that no rule discloses, kept where the conservation ledger finds them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undisclosed_decision",
        sa.Column("decision_id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        comment="decisions whose item names disclosure and whose type no rule discloses",
    )
    op.create_index("undisclosed_decision_by_day", "undisclosed_decision", ["decided_on", "decision_id"])
    op.create_index("record_by_decision", "record", ["decided_on", "decision_id"])


def downgrade() -> None:
    op.drop_index("record_by_decision", "record")
    op.drop_table("undisclosed_decision")
