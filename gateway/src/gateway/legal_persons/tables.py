"""Table of legal persons and who represents them."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata, version
from gateway.people.tables import person

legal_person = sa.Table(
    "legal_person",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("credit_code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("registered_at", INSTANT, nullable=False),
    sa.Column("representative_id", sa.Uuid, sa.ForeignKey(person.c.id)),
    sa.Column("representative_since", sa.Date),
    sa.Column("representative_source", sa.Text),
    version(),
    sa.UniqueConstraint("credit_code", name="legal_person_credit_code_is_unique"),
    sa.CheckConstraint(
        "num_nulls(representative_id, representative_since, representative_source) IN (0, 3)",
        name="legal_person_representative_is_proved",
    ),
    sa.Index("legal_person_by_representative", "representative_id"),
)
