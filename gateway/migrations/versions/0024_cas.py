"""Hand-over to older sites by CAS."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("client", sa.Column("cas_services", pg.ARRAY(sa.Text), nullable=False, server_default="{}"))
    op.alter_column("client", "cas_services", server_default=None)
    op.create_table(
        "service_ticket",
        sa.Column("ticket_hash", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.Text, sa.ForeignKey("client.client_id"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("fresh", sa.Boolean, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("shown", sa.Text),
    )
    op.create_index("service_ticket_by_session", "service_ticket", ["session_id"])
    unused = sa.text("used_at IS NULL")
    op.create_index("service_ticket_by_age", "service_ticket", ["expires_at"], postgresql_where=unused)
    op.add_column("logout_notice", sa.Column("service", sa.Text))
    op.add_column("logout_notice", sa.Column("ticket", sa.Text))
    op.drop_constraint("logout_notice_is_given_once", "logout_notice")
    op.create_unique_constraint(
        "logout_notice_is_given_once",
        "logout_notice",
        ["session_id", "client_id", "ticket"],
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    op.drop_constraint("logout_notice_is_given_once", "logout_notice")
    op.execute("DELETE FROM logout_notice WHERE ticket IS NOT NULL")
    op.create_unique_constraint("logout_notice_is_given_once", "logout_notice", ["session_id", "client_id"])
    op.drop_column("logout_notice", "ticket")
    op.drop_column("logout_notice", "service")
    op.drop_table("service_ticket")
    op.drop_column("client", "cas_services")
