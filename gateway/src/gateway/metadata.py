"""What the tables of the gateway share."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

INSTANT = sa.DateTime(timezone=True)
TEXTS = pg.ARRAY(sa.Text)


def version() -> sa.Column[int]:
    """Return the column that counts the changes of an aggregate."""
    return sa.Column("version", sa.BigInteger, nullable=False, server_default="1")
