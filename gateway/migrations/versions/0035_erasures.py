"""Erasure of people."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("person", sa.Column("erased_at", _INSTANT))
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Uuid, nullable=False),
        sa.Column("proposed_at", _INSTANT, nullable=False),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", _INSTANT),
        sa.Column("refusal", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'done', 'refused')", name="erasure_state_is_known"),
        sa.CheckConstraint(
            "state = 'proposed' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="erasure_is_decided_by_somebody",
        ),
        sa.CheckConstraint(
            "decided_by IS DISTINCT FROM proposed_by OR proposed_by = person_id OR state = 'refused'",
            name="erasure_of_another_has_four_eyes",
        ),
        sa.Index("erasure_is_open_once", "person_id", unique=True, postgresql_where=sa.text("state = 'proposed'")),
        sa.Index("erasure_by_state", "state", "id"),
    )


def downgrade() -> None:
    op.drop_table("erasure")
    op.drop_column("person", "erased_at")
