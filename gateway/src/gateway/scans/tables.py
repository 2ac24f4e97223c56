"""Table of codes that wait to be scanned; the code is kept as SHA-256 of 256 random bits."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata
from gateway.people.tables import person
from gateway.signin.tables import session

scan = sa.Table(
    "scan",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("code_hash", sa.LargeBinary, nullable=False),
    sa.Column("visit_hash", sa.LargeBinary, nullable=False),
    sa.Column("application", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("network_index", sa.LargeBinary, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("asked_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id)),
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id)),
    sa.Column("approved_at", INSTANT),
    sa.Column("refused_at", INSTANT),
    sa.Column("used_at", INSTANT),
    sa.UniqueConstraint("code_hash", name="scan_code_is_unique"),
    sa.CheckConstraint(
        "(approved_at IS NULL OR (person_id IS NOT NULL AND session_id IS NOT NULL AND refused_at IS NULL))"
        " AND (used_at IS NULL OR approved_at IS NOT NULL)",
        name="scan_goes_step_by_step",
    ),
    sa.Index("scan_by_age", "expires_at"),
)
