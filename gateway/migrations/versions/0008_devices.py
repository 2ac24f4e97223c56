"""What devices ask for that cannot show a sign-in page (RFC 8628)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "device_request",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("device_code_hash", sa.LargeBinary, nullable=False),
        sa.Column("user_code_index", sa.LargeBinary, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("resource", sa.Text, nullable=True),
        sa.Column("jkt", sa.Text, nullable=True),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("network_index", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("interval_seconds", sa.Integer, nullable=False),
        sa.Column("polled_at", _INSTANT, nullable=True),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("person_id", sa.Uuid, nullable=True),
        sa.Column("session_id", sa.Uuid, nullable=True),
        sa.Column("act", sa.Text, nullable=True),
        sa.Column("grant_id", sa.Uuid, nullable=True),
        sa.CheckConstraint(
            "(person_id IS NULL) = (act IS NULL) AND (person_id IS NULL) = (session_id IS NULL)"
            " AND (decided_at IS NOT NULL OR person_id IS NULL)",
            name="device_request_is_approved_whole",
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device_code_hash", name="device_request_code_is_unique"),
        sa.UniqueConstraint("user_code_index", name="device_request_user_code_is_unique"),
    )
    op.create_index("device_request_by_age", "device_request", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("device_request")
