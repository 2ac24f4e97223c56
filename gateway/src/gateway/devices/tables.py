"""Table of what devices ask for; codes are kept as SHA-256 of 256 random bits, or as a keyed hash where short."""

import sqlalchemy as sa

from gateway.clients.tables import client
from gateway.metadata import INSTANT, TEXTS, metadata
from gateway.oidc.tables import access_grant
from gateway.people.tables import person
from gateway.signin.tables import session

device_request = sa.Table(
    "device_request",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("device_code_hash", sa.LargeBinary, nullable=False),
    sa.Column("user_code_index", sa.LargeBinary, nullable=False),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("scopes", TEXTS, nullable=False),
    sa.Column("resource", sa.Text),
    sa.Column("jkt", sa.Text),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("network_index", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("interval_seconds", sa.Integer, nullable=False),
    sa.Column("polled_at", INSTANT),
    sa.Column("decided_at", INSTANT),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id)),
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id)),
    sa.Column("act", sa.Text),
    sa.Column("grant_id", sa.Uuid, sa.ForeignKey(access_grant.c.id, ondelete="SET NULL")),
    sa.UniqueConstraint("device_code_hash", name="device_request_code_is_unique"),
    sa.UniqueConstraint("user_code_index", name="device_request_user_code_is_unique"),
    sa.CheckConstraint(
        "(person_id IS NULL) = (act IS NULL) AND (person_id IS NULL) = (session_id IS NULL)"
        " AND (decided_at IS NOT NULL OR person_id IS NULL)",
        name="device_request_is_approved_whole",
    ),
    sa.Index("device_request_by_age", "expires_at"),
)
