"""The table of what clients still have to be told."""

import sqlalchemy as sa

from gateway.clients.tables import client
from gateway.metadata import INSTANT, metadata

logout_notice = sa.Table(
    "logout_notice",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("subject", sa.Uuid, nullable=False),
    sa.Column("session_id", sa.Uuid, nullable=False),
    sa.Column("service", sa.Text),
    sa.Column("ticket", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.UniqueConstraint(
        "session_id", "client_id", "ticket", name="logout_notice_is_given_once", postgresql_nulls_not_distinct=True
    ),
    sa.Index("logout_notice_by_turn", "next_attempt_at"),
)
