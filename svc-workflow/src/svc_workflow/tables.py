"""Tables of svc-workflow: definition, proceeding, token, task, clock interval, timer, history, decision, licence."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()
_Instant = sa.DateTime(timezone=True)

definition = sa.Table(
    "definition",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("graph", pg.JSONB, nullable=False),
    sa.Column("source", sa.LargeBinary, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("imported_at", _Instant, nullable=False),
    sa.UniqueConstraint("key", "number", name="definition_version_once"),
)

proceeding = sa.Table(
    "proceeding",
    metadata,
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
    sa.Column("calendar_stamp", sa.BigInteger, nullable=False, server_default="0", comment="limits were counted by it"),
    sa.Column("values", pg.JSONB, nullable=False),
    sa.Column("started_at", _Instant, nullable=False),
    sa.Column("ended_at", _Instant),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("case_id", name="one_proceeding_per_case"),
    sa.CheckConstraint("state IN ('running', 'decided', 'withdrawn')", name="proceeding_state"),
    sa.Index("proceeding_to_recount", "calendar_stamp", "id", postgresql_where=sa.text("state = 'running'")),
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), primary_key=True),
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("via", sa.Text, primary_key=True),
)

task = sa.Table(
    "task",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("agency_code", sa.Text, nullable=False),
    sa.Column("outcomes", pg.JSONB, nullable=False),
    sa.Column("created_at", _Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("assignee", sa.Uuid),
    sa.Column("completed_at", _Instant),
    sa.Column("outcome", sa.Text),
    sa.Column("opinion", sa.Text),
    sa.Column("details", pg.JSONB, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.CheckConstraint("state IN ('open', 'claimed', 'done', 'dropped')", name="task_state"),
    sa.Index("task_inbox", "agency_code", "role", "state", "id"),
    sa.Index("task_by_proceeding", "proceeding_id", "id"),
)

clock_interval = sa.Table(
    "clock_interval",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
    sa.Column("start", sa.Date, nullable=False),
    sa.Column("end", sa.Date),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("notice_number", sa.Text, nullable=False),
    sa.Column("expected_days", sa.Integer, nullable=False),
    sa.Index("clock_interval_open_once", "proceeding_id", unique=True, postgresql_where=sa.text('"end" IS NULL')),
    sa.Index("clock_interval_by_proceeding", "proceeding_id", "id"),
)

timer = sa.Table(
    "timer",
    metadata,
    sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), primary_key=True),
    sa.Column("limit", sa.Text, primary_key=True),
    sa.Column("light", sa.Text, primary_key=True),
    sa.Column("due_on", sa.Date),
    sa.Column("fired_at", _Instant),
    sa.Index("timer_due", "due_on", postgresql_where=sa.text("fired_at IS NULL")),
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("document_name", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False, unique=True),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("decided_at", _Instant, nullable=False),
    sa.Column("decided_by", sa.Uuid, nullable=False),
    sa.Column("reasons", sa.Text),
    sa.Column("remedies", sa.Text),
    sa.Column("obligations", pg.ARRAY(sa.Text), nullable=False),
    sa.UniqueConstraint("proceeding_id", name="one_decision_per_proceeding"),
    sa.CheckConstraint(
        "outcome = 'granted' OR (reasons IS NOT NULL AND remedies IS NOT NULL)", name="refusal_is_reasoned"
    ),
)

licence = sa.Table(
    "licence",
    metadata,
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

proceeding_history = sa.Table(
    "proceeding_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("proceeding_id", sa.Uuid, sa.ForeignKey("proceeding.id"), nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("at", _Instant, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("detail", pg.JSONB, nullable=False),
    sa.Index("history_by_proceeding", "proceeding_id", "id"),
)

document_series = sa.Table(
    "document_series",
    metadata,
    sa.Column("agency_code", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

agency = sa.Table(
    "agency",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("short_name", sa.Text, nullable=False),
    sa.Column("review_authority", sa.Text, nullable=False),
    sa.Column("court", sa.Text, nullable=False),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("staff_id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("agency_code", sa.Text, nullable=False),
    sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Index("staff_by_agency", "agency_code"),
)

calendar_year = sa.Table(
    "calendar_year",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
)
