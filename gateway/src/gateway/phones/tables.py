"""Table of changes of phone numbers; the number is encrypted, the word by which a notice says no is kept as a hash."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata
from gateway.people.tables import person

phone_change = sa.Table(
    "phone_change",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("phone", sa.LargeBinary, nullable=False),
    sa.Column("cancel_hash", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", INSTANT, nullable=False),
    sa.Column("ripe_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT),
    sa.UniqueConstraint("cancel_hash", name="phone_change_cancel_word_is_unique"),
    sa.Index("phone_change_is_one_at_a_time", "person_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index("phone_change_to_complete", "ripe_at", postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index("phone_change_by_age", "asked_at"),
)
