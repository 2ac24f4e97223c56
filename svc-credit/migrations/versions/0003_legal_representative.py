"""Who represents the company 法定代表人, as the disclosure names it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record", sa.Column("legal_representative", sa.Text(), comment="of a company, masked"))


def downgrade() -> None:
    op.drop_column("record", "legal_representative")
