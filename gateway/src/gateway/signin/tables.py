"""Tables of sessions, known browsers and the memory of failures; secrets are kept as SHA-256 of 256 random bits."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, TEXTS, metadata, version
from gateway.people.tables import person
from gateway.terminals.tables import terminal

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("signed_in_at", INSTANT, nullable=False),
    sa.Column("methods", TEXTS, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("started_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT),
    sa.Column("terminal_id", sa.Uuid, sa.ForeignKey(terminal.c.id)),
    sa.Column("idle_until", INSTANT),
    version(),
    sa.UniqueConstraint("token_hash", name="session_token_is_unique"),
    sa.CheckConstraint("(terminal_id IS NULL) = (idle_until IS NULL)", name="session_at_a_terminal_ends_when_idle"),
    sa.Index("session_by_person", "person_id", "id"),
    sa.Index("session_by_terminal", "terminal_id", postgresql_where=sa.text("terminal_id IS NOT NULL")),
)

known_device = sa.Table(
    "known_device",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("seen_at", INSTANT, nullable=False),
    sa.Index("known_device_by_person", "person_id"),
)

sign_in_throttle = sa.Table(
    "sign_in_throttle",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_failed_at", INSTANT, nullable=False),
    sa.Column("not_before", INSTANT, nullable=False),
    sa.Index("sign_in_throttle_by_age", "last_failed_at"),
)
