"""Notes."""

import sqlalchemy as sa
from alembic import op

from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    upgrade_runtime()
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner", sa.Uuid),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("text", name="note_text_once"),
    )


def downgrade() -> None:
    op.drop_table("note")
    downgrade_runtime()
