"""Table of erasures; it names people by opaque id only, so it outlives them."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata, version
from gateway.people.tables import person

erasure = sa.Table(
    "erasure",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Uuid, nullable=False),
    sa.Column("proposed_at", INSTANT, nullable=False),
    sa.Column("decided_by", sa.Uuid),
    sa.Column("decided_at", INSTANT),
    sa.Column("refusal", sa.Text),
    version(),
    sa.CheckConstraint("state IN ('proposed', 'done', 'refused')", name="erasure_state_is_known"),
    sa.CheckConstraint(
        "state = 'proposed' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
        name="erasure_is_decided_by_somebody",
    ),
    sa.CheckConstraint(
        "decided_by IS DISTINCT FROM proposed_by OR proposed_by = person_id OR state = 'refused'",
        name="erasure_of_another_has_four_eyes",
    ),
    sa.Index("erasure_is_open_once", "person_id", unique=True, postgresql_where=sa.text("state = 'proposed'")),
    sa.Index("erasure_by_state", "state", "id"),
)
