"""Subjects, records, rules of disclosure, copies of agencies and the calendar."""

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
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("review_authority", sa.Text(), nullable=False),
        sa.Column("court", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        comment="copy of the catalogue's agencies",
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("holidays", pg.ARRAY(sa.Date()), nullable=False),
        sa.Column("workdays", pg.ARRAY(sa.Date()), nullable=False),
        sa.PrimaryKeyConstraint("year"),
        comment="copy of the catalogue's working-day calendar",
    )
    op.create_table(
        "disclosure_rule",
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("withdrawal_days", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item_type", "valid_from"),
    )
    op.create_table(
        "subject",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Uuid(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credit_code", name="subject_credit_code_once"),
        sa.UniqueConstraint("party", name="subject_party_once"),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_party", sa.Uuid(), nullable=False),
        sa.Column("subject_credit_code", sa.Text(), nullable=True),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("item_name", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("agency_name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("document_name", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("certificate_owed", sa.Boolean(), nullable=False),
        sa.Column("certificate_name", sa.Text(), nullable=True),
        sa.Column("certificate_number", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("disclosure_days", sa.SmallInteger(), nullable=False),
        sa.Column("withdrawal_days", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disclosed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.Column("withdrawal_due_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("decision_id", name="record_once_per_decision"),
    )
    op.create_index("record_by_agency", "record", ["agency", "decided_on", "id"], unique=False)
    op.create_index(
        "record_by_company", "record", ["subject_credit_code", "state", "audience", "decided_on", "id"], unique=False
    )
    op.create_index("record_by_day", "record", ["state", "audience", "decided_on", "id"], unique=False)
    op.create_index("record_by_party", "record", ["subject_party", "decided_on", "id"], unique=False)
    op.create_index(
        "record_pending", "record", ["due_on", "id"], unique=False, postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index("record_provisional", "record", ["id"], unique=False, postgresql_where=sa.text("due_provisional"))
    op.create_table(
        "record_count",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("disclosed", sa.Integer(), nullable=False),
        sa.CheckConstraint("disclosed >= 0", name="record_count_is_no_less_than_none"),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
        ),
        sa.PrimaryKeyConstraint("subject_id", "kind"),
        comment="how many disclosed records of a kind a subject has",
    )


def downgrade() -> None:
    op.drop_table("record_count")
    op.drop_table("record")
    op.drop_table("subject")
    op.drop_table("disclosure_rule")
    op.drop_table("calendar_year")
    op.drop_table("agency")
    downgrade_runtime()
