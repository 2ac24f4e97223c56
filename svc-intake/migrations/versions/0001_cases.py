"""Cases, materials, documents, authorities; copies of guides, agencies, calendars, mandates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    upgrade_runtime()
    op.create_table(
        "acceptance_authority",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("agency_name", sa.Text, nullable=False),
        sa.Column("hall", sa.Text, nullable=False),
        sa.Column("items", pg.ARRAY(sa.Text)),
        sa.Column("document_number", sa.Text, nullable=False),
        sa.Column("seal", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("document_number", name="acceptance_authority_number_once"),
    )
    op.create_index("acceptance_authority_of_agency", "acceptance_authority", ["agency_code", "hall"])
    op.create_table(
        "agency",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("short_name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("review_authority", sa.Text, nullable=False),
        sa.Column("court", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code"),
        comment="copy: what documents of an agency need to know about it",
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
        sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("year"),
        comment="copy: working days; the sum of revisions tells whether a remembered calendar is still the one",
    )
    op.create_table(
        "case_counter",
        sa.Column("item_code", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("item_code", "day"),
        comment="case numbers given out per implementation and legal day; a failed submission may leave a gap",
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "document_series",
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("agency_code", "series", "year"),
        comment="counts without gaps: the row stays locked until the document's transaction ends",
    )
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id"),
        comment="copy: whether an item may be applied for (open, suspended, withdrawn)",
    )
    op.create_table(
        "mandate",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("principal_id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("items", pg.ARRAY(sa.Text)),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("withdrawn_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
        comment="copy: who may act for a legal person",
    )
    op.create_table(
        "guide_version",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("item_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("guide", pg.JSONB, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"]),
        sa.PrimaryKeyConstraint("id"),
        comment="copy: published guides, never changed; a case pins one of them",
    )
    op.create_index(
        "guide_version_in_force", "guide_version", ["code", sa.text("valid_from DESC"), sa.text("number DESC")]
    )
    op.create_table(
        "case_file",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("item_code", sa.Text, nullable=False),
        sa.Column("item_name", sa.Text, nullable=False),
        sa.Column("item_type", sa.Text, nullable=False),
        sa.Column("guide_version_id", sa.Uuid, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("agency_name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("hall", sa.Text, comment="where the applicant wants it handled"),
        sa.Column("applicant_id", sa.Uuid, nullable=False),
        sa.Column("applicant_kind", sa.Text, nullable=False),
        sa.Column("applicant_name", sa.Text, nullable=False, comment="of a company, or masked"),
        sa.Column("applicant_code", sa.Text, comment="credit code of a company"),
        sa.Column("opened_by", sa.Uuid, nullable=False),
        sa.Column("mandate_id", sa.Uuid),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("answers", pg.JSONB, nullable=False),
        sa.Column("form", sa.LargeBinary, comment="encrypted with the applicant's key"),
        sa.Column("form_complete", sa.Boolean, nullable=False),
        sa.Column("public_fields", pg.JSONB, nullable=False),
        sa.Column("handed_in", pg.JSONB, nullable=False),
        sa.Column("case_number", sa.Text),
        sa.Column("receiving_hall", sa.Text, comment="hall in whose inbox it lies, from receipt on"),
        sa.Column("receiving_agency", sa.Text, comment="the same where an item is handled in no hall"),
        sa.Column("proceeding_agency", sa.Text, comment="whose proceeding it is, from its start on"),
        sa.Column("submitted_version", sa.BigInteger),
        sa.Column("submitted_at", INSTANT),
        sa.Column("counted_from", sa.Date, comment="legal day from which the time to answer counts"),
        sa.Column("answer_due_on", sa.Date),
        sa.Column("answer_due_provisional", sa.Boolean),
        sa.Column("silence_accepts", sa.Boolean, nullable=False),
        sa.Column("receipt", pg.JSONB),
        sa.Column("notice", pg.JSONB),
        sa.Column("acceptance", pg.JSONB),
        sa.Column("refusal", pg.JSONB),
        sa.Column("progress", pg.JSONB),
        sa.Column("result", pg.JSONB),
        sa.Column("licence_id", sa.Uuid),
        sa.Column("licence", pg.JSONB),
        sa.Column("delivery", pg.JSONB),
        sa.ForeignKeyConstraint(["guide_version_id"], ["guide_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "case_file_number",
        "case_file",
        ["case_number"],
        unique=True,
        postgresql_where=sa.text("case_number IS NOT NULL"),
    )
    op.create_index("case_file_of_applicant", "case_file", ["applicant_id", "id"])
    op.create_index(
        "case_file_of_hall",
        "case_file",
        ["receiving_hall", "state", "id"],
        postgresql_where=sa.text("receiving_hall IS NOT NULL"),
    )
    op.create_index(
        "case_file_of_licence",
        "case_file",
        ["licence_id"],
        postgresql_where=sa.text("licence_id IS NOT NULL"),
    )
    op.create_index(
        "case_file_of_proceeding_agency",
        "case_file",
        ["proceeding_agency", "state", "id"],
        postgresql_where=sa.text("proceeding_agency IS NOT NULL"),
    )
    op.create_index(
        "case_file_of_receiving_agency",
        "case_file",
        ["receiving_agency", "state", "id"],
        postgresql_where=sa.text("receiving_agency IS NOT NULL"),
    )
    op.create_index(
        "case_file_to_answer",
        "case_file",
        ["answer_due_on", "id"],
        postgresql_where=sa.text("state = 'submitted' AND silence_accepts"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("dated", sa.Date, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("issued_by", sa.Uuid),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agency_code", "series", "year", "serial", name="document_serial_once"),
        sa.UniqueConstraint("case_id", "series", name="document_once_per_case"),
        comment="dated documents with numbers of the agency's own series",
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("material_codes", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("fields", pg.JSONB, nullable=False, comment="as the source answered, masked"),
        sa.Column("access_id", sa.Text, comment="access record in svc-datashare"),
        sa.Column("asked_by", sa.Uuid),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "resource", name="evidence_once_per_case"),
    )
    op.create_table(
        "material",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("uploaded_by", sa.Uuid),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
        comment="files that were handed in; what a correction replaced stays",
    )
    op.create_index("material_of_case", "material", ["case_id", "code"])
    op.create_table(
        "timeline_entry",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("happening", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("detail", pg.JSONB, nullable=False),
        sa.Column("actor", sa.Uuid),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        comment="history of a case: own steps and, as a projection, what the office's events tell",
    )
    op.create_index("timeline_entry_of_case", "timeline_entry", ["case_id", "id"])


def downgrade() -> None:
    for table in (
        "timeline_entry",
        "material",
        "evidence",
        "document",
        "case_file",
        "guide_version",
        "mandate",
        "item",
        "document_series",
        "case_counter",
        "calendar_year",
        "agency",
        "acceptance_authority",
    ):
        op.drop_table(table)
    downgrade_runtime()
