"""Messages on their way to phones, and one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", _INSTANT, nullable=False),
        sa.Column("sent_at", _INSTANT),
        sa.Index("message_to_send", "next_attempt_at", postgresql_where=sa.text("sent_at IS NULL")),
        sa.Index("message_by_age", "asked_at"),
    )
    op.create_table(
        "one_time_code",
        sa.Column("holder_hash", sa.LargeBinary, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("phone", sa.LargeBinary, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("wrong", sa.SmallInteger, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("proven_at", _INSTANT),
        sa.Index("one_time_code_by_age", "expires_at"),
    )


def downgrade() -> None:
    op.drop_table("one_time_code")
    op.drop_table("message")
