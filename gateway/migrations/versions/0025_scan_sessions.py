"""In which session a phone approves what it has scanned."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NAME = "scan_goes_step_by_step"
_USED = " AND (used_at IS NULL OR approved_at IS NOT NULL)"


def upgrade() -> None:
    op.execute("DELETE FROM scan")  # none is older than two minutes
    op.add_column("scan", sa.Column("session_id", sa.Uuid, nullable=True))
    op.create_foreign_key(None, "scan", "session", ["session_id"], ["id"])
    op.drop_constraint(_NAME, "scan")
    approved = "(approved_at IS NULL OR (person_id IS NOT NULL AND session_id IS NOT NULL AND refused_at IS NULL))"
    op.create_check_constraint(_NAME, "scan", approved + _USED)


def downgrade() -> None:
    op.drop_constraint(_NAME, "scan")
    op.create_check_constraint(
        _NAME, "scan", "(approved_at IS NULL OR (person_id IS NOT NULL AND refused_at IS NULL))" + _USED
    )
    op.drop_column("scan", "session_id")
