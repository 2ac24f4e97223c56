"""How the tables that change all the time are stored."""

from onestop_runtime.schema import downgrade_storage, upgrade_storage

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    upgrade_storage()


def downgrade() -> None:
    downgrade_storage()
