"""Where clients are told that a session has ended, and what they still have to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("backchannel_logout_uri", sa.Text))
    op.add_column("client", sa.Column("backchannel_logout_session_required", sa.Boolean, nullable=False,
                                      server_default=sa.false()))  # fmt: skip
    op.alter_column("client", "backchannel_logout_session_required", server_default=None)
    op.create_table(
        "logout_notice",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Text, sa.ForeignKey("client.client_id"), nullable=False),
        sa.Column("subject", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("session_id", "client_id", name="logout_notice_is_given_once"),
    )
    op.create_index("logout_notice_by_turn", "logout_notice", ["next_attempt_at"])


def downgrade() -> None:
    op.drop_table("logout_notice")
    op.drop_column("client", "backchannel_logout_session_required")
    op.drop_column("client", "backchannel_logout_uri")
