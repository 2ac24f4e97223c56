"""Table of service tickets; one in use is kept as SHA-256, a used one is the name of the sign-in at its service."""

import sqlalchemy as sa

from gateway.clients.tables import client
from gateway.metadata import INSTANT, metadata
from gateway.signin.tables import session

service_ticket = sa.Table(
    "service_ticket",
    metadata,
    sa.Column("ticket_hash", sa.LargeBinary, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("fresh", sa.Boolean, nullable=False),
    sa.Column("issued_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.Column("shown", sa.Text),
    sa.Index("service_ticket_by_session", "session_id"),
    sa.Index("service_ticket_by_age", "expires_at", postgresql_where=sa.text("used_at IS NULL")),
)
