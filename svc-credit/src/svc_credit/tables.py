"""Tables of svc-credit."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

disclosure_rule = sa.Table(
    "disclosure_rule",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("valid_to", sa.Date),
    sa.Column("item_types", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("working_days", sa.Integer, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
)

calendar_year = sa.Table(
    "calendar_year",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
)

agency = sa.Table(
    "agency",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

subject = sa.Table(
    "subject",
    metadata,
    sa.Column("party_id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("credit_code", sa.Text, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("first_recorded_at", sa.DateTime(timezone=True), nullable=False),
)

record = sa.Table(
    "record",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("party_id", sa.Uuid, sa.ForeignKey("subject.party_id"), nullable=False),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("credit_code", sa.Text),
    sa.Column("subject_name", sa.Text, nullable=False),
    sa.Column("decision_id", sa.Uuid, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("item_name", sa.Text, nullable=False),
    sa.Column("item_type", sa.Text, nullable=False),
    sa.Column("agency_code", sa.Text, nullable=False),
    sa.Column("agency_name", sa.Text, nullable=False),
    sa.Column("document_name", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("licence", pg.JSONB),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("due_provisional", sa.Boolean, nullable=False),
    sa.Column("disclosed_at", sa.DateTime(timezone=True)),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
    sa.Column("withdrawal_reason", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("decision_id", "kind", name="one_record_per_decision"),
    sa.CheckConstraint("state IN ('pending', 'disclosed', 'withdrawn')", name="record_state"),
    sa.Index("record_by_credit_code", "state", "credit_code", "decided_on", "id"),
    sa.Index("record_by_day", "state", "decided_on", "id"),
    sa.Index("record_pending", "due_on", postgresql_where=sa.text("state = 'pending'")),
)

record_history = sa.Table(
    "record_history",
    metadata,
    sa.Column("record_id", sa.Uuid, sa.ForeignKey("record.id"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
)
