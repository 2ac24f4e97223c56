"""Table of messages on their way; phone and text are encrypted, and gone a day later."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", INSTANT, nullable=False),
    sa.Column("sent_at", INSTANT),
    sa.Index("message_to_send", "next_attempt_at", postgresql_where=sa.text("sent_at IS NULL")),
    sa.Index("message_by_age", "asked_at"),
)
