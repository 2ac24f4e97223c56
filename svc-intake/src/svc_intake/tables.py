"""Tables of svc-intake. What others own is a copy made from their events, named so in its comment."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

_INSTANT = sa.DateTime(timezone=True)
_CODES = pg.ARRAY(sa.Text)

item = sa.Table(
    "item",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    comment="copy: whether an item may be applied for (open, suspended, withdrawn)",
)

guide_version = sa.Table(
    "guide_version",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("item.id"), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("guide", pg.JSONB, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("published_at", _INSTANT, nullable=False),
    sa.Index("guide_version_in_force", "code", sa.text("valid_from DESC"), sa.text("number DESC")),
    comment="copy: published guides, never changed; a case pins one of them",
)

agency = sa.Table(
    "agency",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("short_name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("review_authority", sa.Text, nullable=False),
    sa.Column("court", sa.Text, nullable=False),
    comment="copy: what documents of an agency need to know about it",
)

calendar_year = sa.Table(
    "calendar_year",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    comment="copy: working days; the sum of revisions tells whether a remembered calendar is still the one",
)

mandate = sa.Table(
    "mandate",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("principal_id", sa.Uuid, nullable=False),
    sa.Column("agent_id", sa.Uuid, nullable=False),
    sa.Column("items", _CODES),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("withdrawn_at", _INSTANT),
    comment="copy: who may act for whom",
)

case_file = sa.Table(
    "case_file",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("item_code", sa.Text, nullable=False),
    sa.Column("item_name", sa.Text, nullable=False),
    sa.Column("item_type", sa.Text, nullable=False),
    sa.Column("guide_version_id", sa.Uuid, sa.ForeignKey("guide_version.id"), nullable=False),
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
    sa.Column("agent_name", sa.Text, comment="masked; of who filled it in for another one"),
    sa.Column("agent_agency", sa.Text, comment="credit code of the agency that sends him"),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("created_at", _INSTANT, nullable=False),
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
    sa.Column("submitted_at", _INSTANT),
    sa.Column("counted_from", sa.Date, comment="legal day from which the time to answer counts"),
    sa.Column("answer_due_on", sa.Date),
    sa.Column("answer_due_provisional", sa.Boolean),
    sa.Column("silence_accepts", sa.Boolean, nullable=False),
    sa.Column("receipt", pg.JSONB),
    sa.Column("notice", pg.JSONB),
    sa.Column("acceptance", pg.JSONB),
    sa.Column("accepted_on", sa.Date, comment="legal day from which the limits count"),
    sa.Column("refusal", pg.JSONB),
    sa.Column("progress", pg.JSONB),
    sa.Column("result", pg.JSONB),
    sa.Column("decided_on", sa.Date, comment="legal day of the result"),
    sa.Column("licence_id", sa.Uuid),
    sa.Column("licence", pg.JSONB),
    sa.Column("delivery", pg.JSONB),
    sa.Index("case_file_number", "case_number", unique=True, postgresql_where=sa.text("case_number IS NOT NULL")),
    sa.Index("case_file_of_applicant", "applicant_id", "id"),
    sa.Index(
        "case_file_of_hall", "receiving_hall", "state", "id", postgresql_where=sa.text("receiving_hall IS NOT NULL")
    ),
    sa.Index(
        "case_file_of_receiving_agency",
        "receiving_agency",
        "state",
        "id",
        postgresql_where=sa.text("receiving_agency IS NOT NULL"),
    ),
    sa.Index(
        "case_file_of_proceeding_agency",
        "proceeding_agency",
        "state",
        "id",
        postgresql_where=sa.text("proceeding_agency IS NOT NULL"),
    ),
    sa.Index(
        "case_file_to_answer",
        "answer_due_on",
        "id",
        postgresql_where=sa.text("state = 'submitted' AND silence_accepts"),
    ),
    sa.Index("case_file_of_licence", "licence_id", postgresql_where=sa.text("licence_id IS NOT NULL")),
    sa.Index("case_file_by_acceptance", "accepted_on", "id", postgresql_where=sa.text("accepted_on IS NOT NULL")),
    sa.Index("case_file_by_decision", "decided_on", "id", postgresql_where=sa.text("decided_on IS NOT NULL")),
    postgresql_with={"fillfactor": "80"},
)

receipt_register = sa.Table(
    "receipt_register",
    metadata,
    sa.Column("received_on", sa.Date, primary_key=True),
    sa.Column("case_id", sa.Uuid, primary_key=True),
    comment="收件登记簿: every case that entered, once and for good; a trigger refuses every change",
)

timeline_entry = sa.Table(
    "timeline_entry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("case_id", sa.Uuid, sa.ForeignKey("case_file.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", _INSTANT, nullable=False),
    sa.Column("happening", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("detail", pg.JSONB, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Index("timeline_entry_of_case", "case_id", "id"),
    comment="history of a case: own steps and, as a projection, what the office's events tell",
)

document = sa.Table(
    "document",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("case_id", sa.Uuid, sa.ForeignKey("case_file.id"), nullable=False),
    sa.Column("series", sa.Text, nullable=False),
    sa.Column("agency_code", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("dated", sa.Date, nullable=False),
    sa.Column("issued_at", _INSTANT, nullable=False),
    sa.Column("issued_by", sa.Uuid),
    sa.Column("content", pg.JSONB, nullable=False),
    sa.UniqueConstraint("case_id", "series", name="document_once_per_case"),
    sa.UniqueConstraint("agency_code", "series", "year", "serial", name="document_serial_once"),
    comment="dated documents with numbers of the agency's own series",
)

document_series = sa.Table(
    "document_series",
    metadata,
    sa.Column("agency_code", sa.Text, primary_key=True),
    sa.Column("series", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
    comment="counts without gaps: the row stays locked until the document's transaction ends",
)

case_counter = sa.Table(
    "case_counter",
    metadata,
    sa.Column("item_code", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
    comment="case numbers given out per implementation and legal day; a failed submission may leave a gap",
    postgresql_with={"fillfactor": "50"},
)

material = sa.Table(
    "material",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("case_id", sa.Uuid, sa.ForeignKey("case_file.id", ondelete="CASCADE"), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False, unique=True),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("uploaded_by", sa.Uuid),
    sa.Column("uploaded_at", _INSTANT, nullable=False),
    sa.Index("material_of_case", "case_id", "code"),
    comment="files that were handed in; what a correction replaced stays",
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("case_id", sa.Uuid, sa.ForeignKey("case_file.id", ondelete="CASCADE"), nullable=False),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("material_codes", _CODES, nullable=False),
    sa.Column("fields", pg.JSONB, nullable=False, comment="as the source answered, masked"),
    sa.Column("access_id", sa.Text, comment="access record in svc-datashare"),
    sa.Column("asked_by", sa.Uuid),
    sa.Column("answered_at", _INSTANT, nullable=False),
    sa.UniqueConstraint("case_id", "resource", name="evidence_once_per_case"),
)

acceptance_authority = sa.Table(
    "acceptance_authority",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("agency_code", sa.Text, nullable=False),
    sa.Column("agency_name", sa.Text, nullable=False),
    sa.Column("hall", sa.Text, nullable=False),
    sa.Column("items", _CODES),
    sa.Column("document_number", sa.Text, nullable=False),
    sa.Column("seal", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.UniqueConstraint("document_number", name="acceptance_authority_number_once"),
    sa.Index("acceptance_authority_of_agency", "agency_code", "hall"),
)
