"""Resources that clients serve, and for which of them a grant was given (RFC 8707)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("resources", pg.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")))
    op.alter_column("client", "resources", server_default=None)
    op.add_column("access_grant", sa.Column("resource", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("access_grant", "resource")
    op.drop_column("client", "resources")
