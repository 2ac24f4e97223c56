"""Table of one-time codes; codes and what holds them are kept as keyed hashes, the phone is encrypted."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata

one_time_code = sa.Table(
    "one_time_code",
    metadata,
    sa.Column("holder_hash", sa.LargeBinary, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid),
    sa.Column("phone", sa.LargeBinary, nullable=False),
    sa.Column("code_hash", sa.LargeBinary, nullable=False),
    sa.Column("wrong", sa.SmallInteger, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("proven_at", INSTANT),
    sa.Index("one_time_code_by_age", "expires_at"),
)
