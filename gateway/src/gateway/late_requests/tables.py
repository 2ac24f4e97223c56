"""Table of requests that came late; answers are encrypted with the key of whom they concern."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata
from gateway.people.tables import person
from gateway.terminals.tables import terminal

late_request = sa.Table(
    "late_request",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("terminal_id", sa.Uuid, sa.ForeignKey(terminal.c.id), nullable=False),
    sa.Column("jkt", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("request_hash", sa.LargeBinary, nullable=False),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id)),
    sa.Column("made_at", INSTANT, nullable=False),
    sa.Column("taken_at", INSTANT, nullable=False),
    sa.Column("answered_at", INSTANT),
    sa.Column("answer", sa.LargeBinary),
    sa.UniqueConstraint("jkt", "sequence", name="late_request_is_taken_once"),
    sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="late_request_is_answered_whole"),
    sa.Index("late_request_by_age", "taken_at"),
)
