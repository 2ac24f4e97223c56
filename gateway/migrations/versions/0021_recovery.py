"""Recoveries of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "recovery",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("cancel_hash", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("ripe_at", _INSTANT, nullable=False),
        sa.Column("drops_factors", sa.Boolean, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.UniqueConstraint("cancel_hash", name="recovery_cancel_word_is_unique"),
        sa.Index("recovery_is_one_at_a_time", "person_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index("recovery_by_age", "expires_at"),
    )


def downgrade() -> None:
    op.drop_table("recovery")
