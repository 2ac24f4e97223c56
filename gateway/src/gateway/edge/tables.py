"""Tables of the edge: what is owed of rates across machines, and what clients used."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata

rate_use = sa.Table(
    "rate_use",
    metadata,
    sa.Column("subject", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("refilled_at", INSTANT, nullable=False),
    prefixes=["UNLOGGED"],  # after a crash of the database everybody begins anew
)

client_requests = sa.Table(
    "client_requests",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
)
