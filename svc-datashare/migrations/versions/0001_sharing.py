"""Resources, requests, grants, the ledger, the licence register, the business licence base."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The ledger is evidence for the people whose data was read: whoever holds the database password of the service
# still cannot change or remove an entry by mistake or by a short statement.
_LEDGER = """
CREATE FUNCTION access_record_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'access records are written once' USING ERRCODE = 'restrict_violation';
END $$
"""
_GUARD = """
CREATE TRIGGER access_record_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON access_record
FOR EACH STATEMENT EXECUTE FUNCTION access_record_is_final()
"""


def upgrade() -> None:
    upgrade_runtime()
    op.create_table(
        "access_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resource_code", sa.Text(), nullable=False),
        sa.Column("resource_name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_credit_code", sa.Text(), nullable=True),
        sa.Column("subject_party", sa.Uuid(), nullable=True),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("consumer_name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("unmasked_fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        comment="append only: a trigger refuses every change",
    )
    op.create_index("access_record_by_company", "access_record", ["subject_credit_code", "id"], unique=False)
    op.create_index("access_record_by_consumer", "access_record", ["consumer", "id"], unique=False)
    op.create_index("access_record_by_person", "access_record", ["subject_party", "id"], unique=False)
    op.create_index("access_record_by_provider", "access_record", ["provider", "id"], unique=False)
    op.create_table(
        "agency",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
        comment="copy of the catalogue's agencies",
    )
    op.create_table(
        "business_licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_representative", sa.LargeBinary(), nullable=False),
        sa.Column("masked_representative", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("registered_capital", sa.BigInteger(), nullable=True),
        sa.Column("established_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("business_scope", sa.Text(), nullable=False),
        sa.Column("registered_place", sa.Text(), nullable=False),
        sa.Column("registration_authority", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credit_code", name="business_licence_once"),
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
        "data_authority",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region"),
        comment="数据主管部门 of a region: reviews what is published, shared and withdrawn",
    )
    op.create_table(
        "licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_kind", sa.Text(), nullable=False),
        sa.Column("holder_credit_code", sa.Text(), nullable=True),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("issuer_name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ending_basis", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identifier", name="licence_identifier_once"),
    )
    op.create_index("licence_by_holder", "licence", ["holder_id", "id"], unique=False)
    op.create_table(
        "limit_rule",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("share_type", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("from_receipt", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("rule", "share_type", "step"),
    )
    op.create_table(
        "resource",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("catalogue_code", sa.Text(), nullable=False),
        sa.Column("classification", pg.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("share_type", sa.Text(), nullable=False),
        sa.Column("share_condition", sa.Text(), nullable=True),
        sa.Column("share_basis", sa.Text(), nullable=True),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("openness", sa.Text(), nullable=False),
        sa.Column("open_condition", sa.Text(), nullable=True),
        sa.Column("update_cycle", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("catalogue_code", name="resource_catalogue_code_once"),
        sa.UniqueConstraint("code", name="resource_code_once"),
    )
    op.create_index("resource_by_provider", "resource", ["provider", "code"], unique=False)
    op.create_index("resource_by_state", "resource", ["state", "code"], unique=False)
    op.create_table(
        "authoritative_source",
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("item_name", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"]),
        sa.PrimaryKeyConstraint("element", name="authoritative_source_once"),
        comment="一数一源: the published resource that is the source of a data element",
    )
    op.create_table(
        "data_item",
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sensitivity", sa.SmallInteger(), nullable=False),
        sa.Column("masking", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"]),
        sa.PrimaryKeyConstraint("resource_id", "key"),
    )
    op.create_table(
        "resource_history",
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"]),
        sa.PrimaryKeyConstraint("resource_id", "version"),
    )
    op.create_table(
        "resource_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("resource_code", sa.Text(), nullable=False),
        sa.Column("share_type", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("consumer_name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("item_codes", pg.ARRAY(sa.Text()), nullable=True),
        sa.Column("fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("unmasked_fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("resource_request_by_authority", "resource_request", ["authority", "id"], unique=False)
    op.create_index("resource_request_by_consumer", "resource_request", ["consumer", "id"], unique=False)
    op.create_index("resource_request_by_provider", "resource_request", ["provider", "id"], unique=False)
    op.create_table(
        "data_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("resource_code", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("consumer_name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("item_codes", pg.ARRAY(sa.Text()), nullable=True),
        sa.Column("fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("unmasked_fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["resource_request.id"]),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id", name="data_grant_once_per_request"),
    )
    op.create_index("data_grant_by_consumer", "data_grant", ["consumer", "id"], unique=False)
    op.create_index("data_grant_by_provider", "data_grant", ["provider", "id"], unique=False)
    op.create_index("data_grant_by_use", "data_grant", ["resource_id", "consumer", "service"], unique=False)
    op.create_table(
        "request_review",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["resource_request.id"]),
        sa.PrimaryKeyConstraint("request_id", "version"),
        comment="what was done in which step, by whom, and until when it was due",
    )
    op.execute(_LEDGER)
    op.execute(_GUARD)


def downgrade() -> None:
    op.drop_table("request_review")
    op.drop_table("data_grant")
    op.drop_table("resource_request")
    op.drop_table("resource_history")
    op.drop_table("data_item")
    op.drop_table("authoritative_source")
    op.drop_table("resource")
    op.drop_table("limit_rule")
    op.drop_table("licence")
    op.drop_table("data_authority")
    op.drop_table("calendar_year")
    op.drop_table("business_licence")
    op.drop_table("agency")
    op.drop_table("access_record")
    op.execute("DROP FUNCTION access_record_is_final()")
    downgrade_runtime()
