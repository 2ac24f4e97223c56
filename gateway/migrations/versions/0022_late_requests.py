"""Requests that terminals kept while their line was lost."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "late_request",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("terminal_id", sa.Uuid, nullable=False),
        sa.Column("jkt", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=True),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("taken_at", _INSTANT, nullable=False),
        sa.Column("answered_at", _INSTANT, nullable=True),
        sa.Column("answer", sa.LargeBinary, nullable=True),
        sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="late_request_is_answered_whole"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("jkt", "sequence", name="late_request_is_taken_once"),
    )
    op.create_index("late_request_by_age", "late_request", ["taken_at"], unique=False)


def downgrade() -> None:
    op.drop_table("late_request")
