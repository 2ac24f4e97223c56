"""Appointments that end by dismissal; one at a time for a person at an agency."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_member", sa.Column("dismissed_at", sa.DateTime(timezone=True)))
    op.create_index(
        "staff_member_serves_an_agency_once",
        "staff_member",
        ["person_id", "agency"],
        unique=True,
        postgresql_where=sa.text("dismissed_at IS NULL"),
    )
    op.drop_index("staff_member_by_agency", "staff_member")
    op.create_index("staff_member_by_agency", "staff_member", ["agency", "id"])


def downgrade() -> None:
    op.drop_index("staff_member_by_agency", "staff_member")
    op.create_index("staff_member_by_agency", "staff_member", ["agency"])
    op.drop_index("staff_member_serves_an_agency_once", "staff_member")
    op.execute("DELETE FROM staff_member WHERE dismissed_at IS NOT NULL")
    op.drop_column("staff_member", "dismissed_at")
