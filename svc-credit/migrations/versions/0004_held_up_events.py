"""What operators see of events that are held up, what they discarded, and projections that are rebuilt."""

from onestop_runtime.schema import downgrade_holding, upgrade_holding

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    upgrade_holding()


def downgrade() -> None:
    downgrade_holding()
