"""Table of terminals; the code by which one brings its key is kept as a keyed hash."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.metadata import INSTANT, metadata, version

terminal = sa.Table(
    "terminal",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("hall", sa.Text),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("hours", pg.JSONB, nullable=False),
    sa.Column("idle_seconds", sa.Integer, nullable=False),
    sa.Column("stay_seconds", sa.Integer, nullable=False),
    sa.Column("jkt", sa.Text),
    sa.Column("enrolment_index", sa.LargeBinary),
    sa.Column("enrolment_expires_at", INSTANT),
    sa.Column("registered_at", INSTANT, nullable=False),
    sa.Column("enrolled_at", INSTANT),
    version(),
    sa.UniqueConstraint("client_id", name="terminal_client_is_unique"),
    sa.UniqueConstraint("jkt", name="terminal_key_is_unique"),
    sa.UniqueConstraint("enrolment_index", name="terminal_enrolment_code_is_unique"),
    sa.CheckConstraint("idle_seconds > 0 AND stay_seconds >= idle_seconds", name="terminal_stay_holds_its_idle_time"),
)
