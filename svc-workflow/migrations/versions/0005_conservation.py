"""The conservation ledger: findings, totals by day, checks asked for, and the patrol."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("proceeding_by_day", "proceeding", ["accepted_on", "case_id"])
    op.create_index("decision_by_day", "decision", ["decided_on", "id"])
    op.create_table(
        "conservation_day",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("book", sa.Text(), primary_key=True),
        sa.Column("counts", pg.JSONB(), nullable=False, comment="how many in each state"),
        sa.Column("checked_at", _INSTANT, nullable=False),
        comment="what each book came to when the day was last looked at; only for the totals",
    )
    op.create_table(
        "conservation_finding",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("flaw", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False, comment="where it is missing, or too much"),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid()),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source_mark", sa.Text()),
        sa.Column("target_mark", sa.Text()),
        sa.Column("event_type", sa.Text(), nullable=False, comment="the event that should have carried it"),
        sa.Column("event_topic", sa.Text(), nullable=False),
        sa.Column("event_key", sa.Uuid()),
        sa.Column("event_sequence", sa.BigInteger()),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text()),
        sa.Column("passes", pg.JSONB(), comment="ends of the topic's partitions that its reader has to pass"),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.Column("last_seen", _INSTANT, nullable=False),
        sa.Column("resolved_at", _INSTANT),
        sa.CheckConstraint("standing IN ('suspected', 'travelling', 'held', 'open')", name="conservation_standing"),
        comment="what does not add up, since when, and until when",
    )
    op.create_index(
        "conservation_finding_once",
        "conservation_finding",
        ["leg", "flaw", "service", "subject"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "conservation_run",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("since", sa.Date()),
        sa.Column("until", sa.Date()),
        sa.Column("requested_by", sa.Uuid()),
        sa.Column("requested_at", _INSTANT, nullable=False),
        sa.Column("claimed_at", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        sa.Column("error", sa.Text()),
        comment="a check that somebody asked for",
    )
    op.create_index(
        "conservation_run_waiting", "conservation_run", ["requested_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "conservation_patrol",
        sa.Column("one", sa.Boolean(), primary_key=True),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("first_day", sa.Date()),
        sa.Column("swept_to", sa.Date()),
        sa.Column("last_round_at", _INSTANT),
        sa.CheckConstraint("one", name="conservation_patrol_once"),
        comment="one row: when the next look is due, and how far older days were looked at",
    )
    op.execute("INSERT INTO conservation_patrol (one, next_at) VALUES (true, clock_timestamp())")


def downgrade() -> None:
    for table in ("conservation_patrol", "conservation_run", "conservation_finding", "conservation_day"):
        op.drop_table(table)
    op.drop_index("decision_by_day", "decision")
    op.drop_index("proceeding_by_day", "proceeding")
