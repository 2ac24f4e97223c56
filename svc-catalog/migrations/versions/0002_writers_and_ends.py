"""Everybody who wrote at a guide version, when it ceased to be in force, and until when an item is found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "guide_version", sa.Column("writers", pg.ARRAY(sa.Uuid), nullable=False, server_default=sa.text("'{}'"))
    )
    op.alter_column("guide_version", "writers", server_default=None)
    op.add_column("guide_version", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.add_column("item", sa.Column("valid_to", sa.Date))
    op.execute(
        "UPDATE item SET valid_to = (v.guide ->> 'valid_to')::date FROM guide_version v WHERE v.id = item.current_id"
    )


def downgrade() -> None:
    op.drop_column("item", "valid_to")
    op.drop_column("guide_version", "ended_at")
    op.drop_column("guide_version", "writers")
