"""By which calendar the limits of a proceeding were counted, so that a newer one is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calendar_year", sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"))
    stamp = sa.Column(
        "calendar_stamp", sa.BigInteger, nullable=False, server_default="0", comment="limits were counted by it"
    )
    op.add_column("proceeding", stamp)
    op.drop_index("proceeding_provisional", "proceeding")
    op.create_index(
        "proceeding_to_recount", "proceeding", ["calendar_stamp", "id"], postgresql_where=sa.text("state = 'running'")
    )


def downgrade() -> None:
    op.drop_index("proceeding_to_recount", "proceeding")
    op.create_index(
        "proceeding_provisional", "proceeding", ["id"], postgresql_where=sa.text("provisional AND state = 'running'")
    )
    op.drop_column("proceeding", "calendar_stamp")
    op.drop_column("calendar_year", "revision")
