"""Self-service terminals, and sessions that end as soon as nothing is done at one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "terminal",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("hall", sa.Text, nullable=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("hours", pg.JSONB, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("stay_seconds", sa.Integer, nullable=False),
        sa.Column("jkt", sa.Text, nullable=True),
        sa.Column("enrolment_index", sa.LargeBinary, nullable=True),
        sa.Column("enrolment_expires_at", _INSTANT, nullable=True),
        sa.Column("registered_at", _INSTANT, nullable=False),
        sa.Column("enrolled_at", _INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.CheckConstraint(
            "idle_seconds > 0 AND stay_seconds >= idle_seconds", name="terminal_stay_holds_its_idle_time"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("client_id", name="terminal_client_is_unique"),
        sa.UniqueConstraint("jkt", name="terminal_key_is_unique"),
        sa.UniqueConstraint("enrolment_index", name="terminal_enrolment_code_is_unique"),
    )
    op.add_column("session", sa.Column("terminal_id", sa.Uuid, nullable=True))
    op.add_column("session", sa.Column("idle_until", _INSTANT, nullable=True))
    op.create_foreign_key(None, "session", "terminal", ["terminal_id"], ["id"])
    op.create_check_constraint(
        "session_at_a_terminal_ends_when_idle", "session", "(terminal_id IS NULL) = (idle_until IS NULL)"
    )
    op.create_index(
        "session_by_terminal", "session", ["terminal_id"], postgresql_where=sa.text("terminal_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("session_by_terminal", "session")
    op.drop_constraint("session_at_a_terminal_ends_when_idle", "session")
    op.drop_column("session", "idle_until")
    op.drop_column("session", "terminal_id")
    op.drop_table("terminal")
