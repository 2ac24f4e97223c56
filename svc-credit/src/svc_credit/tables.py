"""Tables of the service; the migrations create the same ones (a test compares)."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

_INSTANT = sa.DateTime(timezone=True)

subject = sa.Table(
    "subject",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("party", sa.Uuid, nullable=False),
    sa.Column("credit_code", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("known_since", _INSTANT, nullable=False),
    sa.UniqueConstraint("party", name="subject_party_once"),
    sa.UniqueConstraint("credit_code", name="subject_credit_code_once"),
)

record_count = sa.Table(
    "record_count",
    metadata,
    sa.Column("subject_id", sa.Uuid, sa.ForeignKey("subject.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("disclosed", sa.Integer, nullable=False),
    sa.CheckConstraint("disclosed >= 0", name="record_count_is_no_less_than_none"),
    comment="how many disclosed records of a kind a subject has",
)

record = sa.Table(
    "record",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Uuid, sa.ForeignKey("subject.id"), nullable=False),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_party", sa.Uuid, nullable=False),
    sa.Column("subject_credit_code", sa.Text),
    sa.Column("subject_name", sa.Text, nullable=False),
    sa.Column("decision_id", sa.Uuid, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("item_code", sa.Text, nullable=False),
    sa.Column("item_name", sa.Text, nullable=False),
    sa.Column("item_type", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("agency_name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("document_name", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("certificate_owed", sa.Boolean, nullable=False),
    sa.Column("certificate_name", sa.Text),
    sa.Column("certificate_number", sa.Text),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("due_provisional", sa.Boolean, nullable=False),
    sa.Column("disclosure_days", sa.SmallInteger, nullable=False),
    sa.Column("withdrawal_days", sa.SmallInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("disclosed_at", _INSTANT),
    sa.Column("withdrawn_at", _INSTANT),
    sa.Column("withdrawal_reason", sa.Text),
    sa.Column("withdrawal_due_on", sa.Date),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("legal_representative", sa.Text, comment="of a company, masked"),
    sa.UniqueConstraint("decision_id", name="record_once_per_decision"),
    sa.Index("record_by_company", "subject_credit_code", "state", "audience", "decided_on", "id"),
    sa.Index("record_by_party", "subject_party", "decided_on", "id"),
    sa.Index("record_by_agency", "agency", "decided_on", "id"),
    sa.Index("record_by_decision", "decided_on", "decision_id"),
    sa.Index("record_by_day", "state", "audience", "decided_on", "id"),
    sa.Index("record_pending", "due_on", "id", postgresql_where=sa.text("state = 'pending'")),
    sa.Index("record_provisional", "id", postgresql_where=sa.text("due_provisional")),
)

undisclosed_decision = sa.Table(
    "undisclosed_decision",
    metadata,
    sa.Column("decision_id", sa.Uuid, primary_key=True),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("item_type", sa.Text, nullable=False),
    sa.Column("noted_at", _INSTANT, nullable=False),
    sa.Index("undisclosed_decision_by_day", "decided_on", "decision_id"),
    comment="decisions whose item names disclosure and whose type no rule discloses",
)

disclosure_rule = sa.Table(
    "disclosure_rule",
    metadata,
    sa.Column("item_type", sa.Text, primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("valid_to", sa.Date),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("days", sa.SmallInteger, nullable=False),
    sa.Column("withdrawal_days", sa.SmallInteger, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
)

agency = sa.Table(
    "agency",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("review_authority", sa.Text, nullable=False),
    sa.Column("court", sa.Text, nullable=False),
    comment="copy of the catalogue's agencies",
)

calendar_year = sa.Table(
    "calendar_year",
    metadata,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
    comment="copy of the catalogue's working-day calendar",
)
