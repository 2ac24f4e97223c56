"""Keys that codes and refresh tokens are bound to, and proofs that were used (RFC 9449)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dpop_proof",
        sa.Column("proof_hash", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("proof_hash"),
    )
    op.create_index("dpop_proof_by_age", "dpop_proof", ["expires_at"], unique=False)
    op.add_column("authorization_code", sa.Column("jkt", sa.Text, nullable=True))
    op.add_column("refresh_token", sa.Column("jkt", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("refresh_token", "jkt")
    op.drop_column("authorization_code", "jkt")
    op.drop_table("dpop_proof")
