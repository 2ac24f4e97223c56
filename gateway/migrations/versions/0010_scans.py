"""Codes on a screen that wait to be scanned by a phone."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "scan",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("visit_hash", sa.LargeBinary, nullable=False),
        sa.Column("application", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("network_index", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=True),
        sa.Column("approved_at", _INSTANT, nullable=True),
        sa.Column("refused_at", _INSTANT, nullable=True),
        sa.Column("used_at", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "(approved_at IS NULL OR (person_id IS NOT NULL AND refused_at IS NULL))"
            " AND (used_at IS NULL OR approved_at IS NOT NULL)",
            name="scan_goes_step_by_step",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_hash", name="scan_code_is_unique"),
    )
    op.create_index("scan_by_age", "scan", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("scan")
