"""Table of people; names and numbers are encrypted per subject."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata, version

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
    sa.Column("erased_at", INSTANT),
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
