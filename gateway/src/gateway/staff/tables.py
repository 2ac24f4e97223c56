"""Table of appointments."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, TEXTS, metadata, version
from gateway.people.tables import person

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
    sa.Column("dismissed_at", INSTANT),
    version(),
    sa.CheckConstraint("valid_to >= valid_from", name="staff_member_ends_after_its_start"),
    sa.Index("staff_member_by_person", "person_id"),
    sa.Index("staff_member_by_agency", "agency", "id"),
    sa.Index(
        "staff_member_serves_an_agency_once",
        "person_id",
        "agency",
        unique=True,
        postgresql_where=sa.text("dismissed_at IS NULL"),
    ),
)
