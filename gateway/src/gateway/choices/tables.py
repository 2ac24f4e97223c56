"""Table of what people chose to act as."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata
from gateway.signin.tables import session

chosen_capacity = sa.Table(
    "chosen_capacity",
    metadata,
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("device_hash", sa.LargeBinary),
    sa.Column("chosen_at", INSTANT, nullable=False),
    sa.Index("chosen_capacity_by_device", "device_hash", "client_id", "chosen_at"),
)
