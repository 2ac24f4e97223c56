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
    sa.Index("proceeding_by_day", "accepted_on", "case_id"),
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
    sa.Index("decision_by_day", "decided_on", "id"),
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

conservation_day = sa.Table(
    "conservation_day",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("book", sa.Text, primary_key=True),
    sa.Column("counts", pg.JSONB, nullable=False, comment="how many in each state"),
    sa.Column("checked_at", _Instant, nullable=False),
    comment="what each book came to when the day was last looked at; only for the totals",
)

conservation_finding = sa.Table(
    "conservation_finding",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("leg", sa.Text, nullable=False),
    sa.Column("flaw", sa.Text, nullable=False),
    sa.Column("service", sa.Text, nullable=False, comment="where it is missing, or too much"),
    sa.Column("subject", sa.Uuid, nullable=False),
    sa.Column("case_id", sa.Uuid),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("source_mark", sa.Text),
    sa.Column("target_mark", sa.Text),
    sa.Column("event_type", sa.Text, nullable=False, comment="the event that should have carried it"),
    sa.Column("event_topic", sa.Text, nullable=False),
    sa.Column("event_key", sa.Uuid),
    sa.Column("event_sequence", sa.BigInteger),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("stage", sa.Text),
    sa.Column("passes", pg.JSONB, comment="ends of the topic's partitions that its reader has to pass"),
    sa.Column("first_seen", _Instant, nullable=False),
    sa.Column("last_seen", _Instant, nullable=False),
    sa.Column("resolved_at", _Instant),
    sa.CheckConstraint("standing IN ('suspected', 'travelling', 'held', 'open')", name="conservation_standing"),
    sa.Index(
        "conservation_finding_once",
        "leg",
        "flaw",
        "service",
        "subject",
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    ),
    comment="what does not add up, since when, and until when",
)

conservation_run = sa.Table(
    "conservation_run",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("since", sa.Date),
    sa.Column("until", sa.Date),
    sa.Column("requested_by", sa.Uuid),
    sa.Column("requested_at", _Instant, nullable=False),
    sa.Column("claimed_at", _Instant),
    sa.Column("ended_at", _Instant),
    sa.Column("error", sa.Text),
    sa.Index("conservation_run_waiting", "requested_at", postgresql_where=sa.text("ended_at IS NULL")),
    comment="a check that somebody asked for",
)

conservation_patrol = sa.Table(
    "conservation_patrol",
    metadata,
    sa.Column("one", sa.Boolean, primary_key=True),
    sa.Column("next_at", _Instant, nullable=False),
    sa.Column("first_day", sa.Date),
    sa.Column("swept_to", sa.Date),
    sa.Column("last_round_at", _Instant),
    sa.CheckConstraint("one", name="conservation_patrol_once"),
    comment="one row: when the next look is due, and how far older days were looked at",
)
