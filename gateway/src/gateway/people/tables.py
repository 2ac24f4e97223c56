"""Tables of people, legal persons, mandates and appointments; names and numbers are encrypted per subject."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, TEXTS, metadata, version

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("name", sa.LargeBinary, nullable=False),
    sa.Column("masked_name", sa.Text, nullable=False),
    sa.Column("identity_number", sa.LargeBinary),
    sa.Column("identity_number_index", sa.LargeBinary),
    sa.Column("phone", sa.LargeBinary),
    sa.Column("phone_index", sa.LargeBinary),
    sa.Column("assurance", sa.SmallInteger, nullable=False),
    sa.Column("registered_at", INSTANT, nullable=False),
    version(),
    sa.CheckConstraint("username = lower(username)", name="person_username_is_lower_case"),
    sa.UniqueConstraint("username", name="person_username_is_unique"),
    sa.Index(
        "person_identity_number_is_unique",
        "identity_number_index",
        unique=True,
        postgresql_where=sa.text("assurance >= 2"),
    ),
    sa.Index("person_by_identity_number", "identity_number_index"),
    sa.Index("person_by_phone", "phone_index"),
)

legal_person = sa.Table(
    "legal_person",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("credit_code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("registered_at", INSTANT, nullable=False),
    version(),
    sa.UniqueConstraint("credit_code", name="legal_person_credit_code_is_unique"),
)

mandate = sa.Table(
    "mandate",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("legal_person_id", sa.Uuid, sa.ForeignKey(legal_person.c.id), nullable=False),
    sa.Column("agent_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("items", TEXTS),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("given_at", INSTANT, nullable=False),
    sa.Column("withdrawn_at", INSTANT),
    version(),
    sa.CheckConstraint("valid_to >= valid_from", name="mandate_ends_after_its_start"),
    sa.Index("mandate_by_agent", "agent_id"),
    sa.Index("mandate_by_legal_person", "legal_person_id"),
    sa.Index(
        "mandate_is_given_once",
        "agent_id",
        "legal_person_id",
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    ),
)

staff_member = sa.Table(
    "staff_member",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("agency_name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("hall", sa.Text),
    sa.Column("roles", TEXTS, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    version(),
    sa.CheckConstraint("valid_to >= valid_from", name="staff_member_ends_after_its_start"),
    sa.Index("staff_member_by_person", "person_id"),
    sa.Index("staff_member_by_agency", "agency"),
)
