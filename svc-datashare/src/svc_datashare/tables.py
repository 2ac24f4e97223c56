"""Tables of the service; the migrations create the same ones (a test compares)."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

_INSTANT = sa.DateTime(timezone=True)
_TEXTS = pg.ARRAY(sa.Text)

data_authority = sa.Table(
    "data_authority",
    metadata,
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, nullable=False),
    comment="数据主管部门 of a region: reviews what is published, shared and withdrawn",
)

resource = sa.Table(
    "resource",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("provider_name", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("catalogue_code", sa.Text, nullable=False),
    sa.Column("classification", pg.JSONB, nullable=False),
    sa.Column("abstract", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("share_type", sa.Text, nullable=False),
    sa.Column("share_condition", sa.Text),
    sa.Column("share_basis", sa.Text),
    sa.Column("means", sa.Text, nullable=False),
    sa.Column("openness", sa.Text, nullable=False),
    sa.Column("open_condition", sa.Text),
    sa.Column("update_cycle", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("submitted_by", sa.Uuid),
    sa.Column("reason", sa.Text),
    sa.Column("published_at", _INSTANT),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("code", name="resource_code_once"),
    sa.UniqueConstraint("catalogue_code", name="resource_catalogue_code_once"),
    sa.Index("resource_by_provider", "provider", "code"),
    sa.Index("resource_by_state", "state", "code"),
)

data_item = sa.Table(
    "data_item",
    metadata,
    sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resource.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("position", sa.SmallInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("sensitivity", sa.SmallInteger, nullable=False),
    sa.Column("masking", sa.Text, nullable=False),
    sa.Column("element", sa.Text),
)

authoritative_source = sa.Table(
    "authoritative_source",
    metadata,
    sa.Column("element", sa.Text, nullable=False),
    sa.Column("item_name", sa.Text, nullable=False),
    sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resource.id"), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("provider_name", sa.Text, nullable=False),
    sa.Column("since", _INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("element", name="authoritative_source_once"),
    comment="一数一源: the published resource that is the source of a data element",
)

resource_history = sa.Table(
    "resource_history",
    metadata,
    sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resource.id"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("reason", sa.Text),
    sa.Column("at", _INSTANT, nullable=False),
)

limit_rule = sa.Table(
    "limit_rule",
    metadata,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("share_type", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("days", sa.SmallInteger, nullable=False),
    sa.Column("from_receipt", sa.Boolean, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
)


def _terms() -> tuple[sa.Column[object], ...]:
    """Return the columns of what is asked for, which a grant repeats."""
    return (
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("consumer_name", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("item_codes", _TEXTS),
        sa.Column("fields", _TEXTS, nullable=False),
        sa.Column("unmasked_fields", _TEXTS, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, nullable=False),
    )


resource_request = sa.Table(
    "resource_request",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resource.id"), nullable=False),
    sa.Column("resource_code", sa.Text, nullable=False),
    sa.Column("share_type", sa.Text, nullable=False),
    sa.Column("means", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("provider_name", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    *_terms(),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("requested_by", sa.Uuid),
    sa.Column("received_at", _INSTANT, nullable=False),
    sa.Column("previous_on", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("step", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("grant_id", sa.Uuid),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("resource_request_by_consumer", "consumer", "id"),
    sa.Index("resource_request_by_provider", "provider", "id"),
    sa.Index("resource_request_by_authority", "authority", "id"),
)

request_review = sa.Table(
    "request_review",
    metadata,
    sa.Column("request_id", sa.Uuid, sa.ForeignKey("resource_request.id"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("step", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("agency", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("due_on", sa.Date),
    sa.Column("at", _INSTANT, nullable=False),
    comment="what was done in which step, by whom, and until when it was due",
)

data_grant = sa.Table(
    "data_grant",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resource.id"), nullable=False),
    sa.Column("resource_code", sa.Text, nullable=False),
    sa.Column("request_id", sa.Uuid, sa.ForeignKey("resource_request.id"), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    *_terms(),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("given_at", _INSTANT, nullable=False),
    sa.Column("revoked_at", _INSTANT),
    sa.Column("revoke_reason", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("request_id", name="data_grant_once_per_request"),
    sa.Index("data_grant_by_use", "resource_id", "consumer", "service"),
    sa.Index("data_grant_by_consumer", "consumer", "id"),
    sa.Index("data_grant_by_provider", "provider", "id"),
)

business_licence = sa.Table(
    "business_licence",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("credit_code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("legal_representative", sa.LargeBinary, nullable=False),
    sa.Column("masked_representative", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("registered_capital", sa.BigInteger),
    sa.Column("established_on", sa.Date, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("business_scope", sa.Text, nullable=False),
    sa.Column("registered_place", sa.Text, nullable=False),
    sa.Column("registration_authority", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("credit_code", name="business_licence_once"),
)

access_record = sa.Table(
    "access_record",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("at", _INSTANT, nullable=False),
    sa.Column("resource_code", sa.Text, nullable=False),
    sa.Column("resource_name", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_credit_code", sa.Text),
    sa.Column("subject_party", sa.Uuid),
    sa.Column("consumer", sa.Text, nullable=False),
    sa.Column("consumer_name", sa.Text, nullable=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("item_code", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("fields", _TEXTS, nullable=False),
    sa.Column("unmasked_fields", _TEXTS, nullable=False),
    sa.Column("grant_id", sa.Uuid),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("refusal", sa.Text),
    sa.Index("access_record_by_company", "subject_credit_code", "id"),
    sa.Index("access_record_by_person", "subject_party", "id"),
    sa.Index("access_record_by_provider", "provider", "id"),
    sa.Index("access_record_by_consumer", "consumer", "id"),
    comment="append only: a trigger refuses every change",
)

licence = sa.Table(
    "licence",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("identifier", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("holder_id", sa.Uuid, nullable=False),
    sa.Column("holder_kind", sa.Text, nullable=False),
    sa.Column("holder_credit_code", sa.Text),
    sa.Column("holder_name", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("issuer_name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("item_code", sa.Text, nullable=False),
    sa.Column("decision_id", sa.Uuid, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("registered_at", _INSTANT, nullable=False),
    sa.Column("ending", sa.Text),
    sa.Column("ended_on", sa.Date),
    sa.Column("ending_basis", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("identifier", name="licence_identifier_once"),
    sa.Index("licence_by_day", "issued_on", "decision_id"),
    sa.Index("licence_by_holder", "holder_id", "id"),
)

agency = sa.Table(
    "agency",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("parent_code", sa.Text),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
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
