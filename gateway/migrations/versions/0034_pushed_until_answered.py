"""A pushed request is used up by its code, not by the page that it opens (FAPI 2.0, 5.3.2.2, note 3)."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("authorization_request", sa.Column("pushed_hash", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("authorization_request", "pushed_hash")
