"""People who have come back from another's provider and have no session yet."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM federated_session")  # their ID tokens are encrypted for another place
    op.create_table(
        "federated_arrival",
        sa.Column("visit_hash", sa.LargeBinary, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("identity_id", sa.Uuid, sa.ForeignKey("federated_identity.id"), nullable=False),
        sa.Column("upstream_session_hash", sa.LargeBinary),
        sa.Column("id_token", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("federated_arrival_by_age", "federated_arrival", ["expires_at"])


def downgrade() -> None:
    op.execute("DELETE FROM federated_session")
    op.drop_table("federated_arrival")
