"""Where a client may go on in people's names with tokens that it exchanges (RFC 8693)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "client", sa.Column("exchange_resources", pg.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'"))
    )
    op.alter_column("client", "exchange_resources", server_default=None)


def downgrade() -> None:
    op.drop_column("client", "exchange_resources")
