"""Subjects, records and their disclosure."""

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
        "disclosure_rule",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("valid_to", sa.Date),
        sa.Column("item_types", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("working_days", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
        sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
    )
    op.create_table(
        "agency",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "subject",
        sa.Column("party_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("credit_code", sa.Text, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "record",
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
    )
    op.create_index("record_by_credit_code", "record", ["state", "credit_code", "decided_on", "id"])
    op.create_index("record_by_day", "record", ["state", "decided_on", "id"])
    op.create_index("record_pending", "record", ["due_on"], postgresql_where=sa.text("state = 'pending'"))
    op.create_table(
        "record_history",
        sa.Column("record_id", sa.Uuid, sa.ForeignKey("record.id"), primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
    )


def downgrade() -> None:
    for table in ("record_history", "record", "subject", "agency", "calendar_year", "disclosure_rule"):
        op.drop_table(table)
    downgrade_runtime()
