"""Changes of phone numbers that wait for their time."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "phone_change",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("phone", sa.LargeBinary, nullable=False),
        sa.Column("cancel_hash", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("ripe_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.UniqueConstraint("cancel_hash", name="phone_change_cancel_word_is_unique"),
        sa.Index("phone_change_is_one_at_a_time", "person_id", unique=True, postgresql_where=_OPEN),
        sa.Index("phone_change_to_complete", "ripe_at", postgresql_where=_OPEN),
        sa.Index("phone_change_by_age", "asked_at"),
    )


def downgrade() -> None:
    op.drop_table("phone_change")
