"""Definitions, proceedings, tasks, clocks, decisions and licences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    upgrade_runtime()
    op.create_table(
        "agency",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("short_name", sa.Text, nullable=False),
        sa.Column("review_authority", sa.Text, nullable=False),
        sa.Column("court", sa.Text, nullable=False),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
        sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
    )
    op.create_table(
        "definition",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("graph", pg.JSONB, nullable=False),
        sa.Column("source", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("key", "number", name="definition_version_once"),
    )
    op.create_table(
        "document_series",
        sa.Column("agency_code", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
    )
    op.create_index("staff_by_agency", "staff", ["agency_code"])
    op.create_table(
        "proceeding",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("matter", pg.JSONB, nullable=False),
        sa.Column("definition_id", sa.Uuid, sa.ForeignKey("definition.id"), nullable=False),
        sa.Column("accepted_on", sa.Date, nullable=False),
        sa.Column("statutory_days", sa.Integer, nullable=False),
        sa.Column("promised_days", sa.Integer, nullable=False),
        sa.Column("extension_days", sa.Integer, nullable=False),
        sa.Column("natural_days", sa.Boolean, nullable=False),
        sa.Column("extended", sa.Boolean, nullable=False),
        sa.Column("provisional", sa.Boolean, nullable=False),
        sa.Column("values", pg.JSONB, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("case_id", name="one_proceeding_per_case"),
        sa.CheckConstraint("state IN ('running', 'decided', 'withdrawn')", name="proceeding_state"),
    )
    op.create_index(
        "proceeding_provisional", "proceeding", ["id"], postgresql_where=sa.text("provisional AND state = 'running'")
    )
    op.create_table(
        "clock_interval",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
        sa.Column("start", sa.Date, nullable=False),
        sa.Column("end", sa.Date),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("notice_number", sa.Text, nullable=False),
        sa.Column("expected_days", sa.Integer, nullable=False),
    )
    op.create_index("clock_interval_by_proceeding", "clock_interval", ["proceeding_id", "id"])
    op.create_index(
        "clock_interval_open_once",
        "clock_interval",
        ["proceeding_id"],
        unique=True,
        postgresql_where=sa.text('"end" IS NULL'),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("document_name", sa.Text, nullable=False),
        sa.Column("document_number", sa.Text, nullable=False, unique=True),
        sa.Column("decided_on", sa.Date, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid, nullable=False),
        sa.Column("reasons", sa.Text),
        sa.Column("remedies", sa.Text),
        sa.Column("obligations", pg.ARRAY(sa.Text), nullable=False),
        sa.UniqueConstraint("proceeding_id", name="one_decision_per_proceeding"),
        sa.CheckConstraint(
            "outcome = 'granted' OR (reasons IS NOT NULL AND remedies IS NOT NULL)", name="refusal_is_reasoned"
        ),
    )
    op.create_table(
        "proceeding_history",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Uuid),
        sa.Column("detail", pg.JSONB, nullable=False),
    )
    op.create_index("history_by_proceeding", "proceeding_history", ["proceeding_id", "id"])
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("outcomes", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("assignee", sa.Uuid),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text),
        sa.Column("opinion", sa.Text),
        sa.Column("details", pg.JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state IN ('open', 'claimed', 'done', 'dropped')", name="task_state"),
    )
    op.create_index("task_by_proceeding", "task", ["proceeding_id", "id"])
    op.create_index("task_inbox", "task", ["agency_code", "role", "state", "id"])
    op.create_table(
        "timer",
        sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), primary_key=True),
        sa.Column("limit", sa.Text, primary_key=True),
        sa.Column("light", sa.Text, primary_key=True),
        sa.Column("due_on", sa.Date),
        sa.Column("fired_at", sa.DateTime(timezone=True)),
    )
    op.create_index("timer_due", "timer", ["due_on"], postgresql_where=sa.text("fired_at IS NULL"))
    op.create_table(
        "token",
        sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), primary_key=True),
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("via", sa.Text, primary_key=True),
    )
    op.create_table(
        "licence",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("decision_id", sa.Uuid, sa.ForeignKey("decision.id"), nullable=False, unique=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("holder_id", sa.Uuid, nullable=False),
        sa.Column("holder_name", sa.Text, nullable=False),
        sa.Column("identifier", sa.Text, nullable=False, unique=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("licence_type", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "licence",
        "token",
        "timer",
        "task",
        "proceeding_history",
        "decision",
        "clock_interval",
        "proceeding",
        "staff",
        "document_series",
        "definition",
        "calendar_year",
        "agency",
    ):
        op.drop_table(table)
    downgrade_runtime()
