"""堵点台账: obstacles and what was done to each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "obstacle",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("found_on", sa.Date, nullable=False),
        sa.Column("item_code", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("agency_code", sa.Text, sa.ForeignKey("agency.code")),
        sa.Column("assigned_on", sa.Date),
        sa.Column("due", sa.Date),
        sa.Column("solver", sa.Uuid),
        sa.Column("solved_on", sa.Date),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "(agency_code IS NULL) = (due IS NULL) AND (due IS NULL) = (assigned_on IS NULL) "
            "AND (due IS NULL) = (state = 'found')",
            name="obstacle_is_assigned_in_full",
        ),
        sa.CheckConstraint(
            "(solver IS NULL) = (solved_on IS NULL) AND (solver IS NOT NULL) = (state IN ('solved', 'verified'))",
            name="obstacle_is_solved_by_somebody",
        ),
    )
    op.create_table(
        "obstacle_step",
        sa.Column("obstacle_id", sa.Uuid, sa.ForeignKey("obstacle.id"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("happening", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("agency_code", sa.Text),
        sa.Column("due", sa.Date),
        sa.Column("evidence", pg.JSONB, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("obstacle_step")
    op.drop_table("obstacle")
