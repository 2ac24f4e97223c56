"""An identity number belongs to one account from the moment it is verified; before, it is only what somebody says."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("person_identity_number_is_unique", "person")
    op.create_index(
        "person_identity_number_is_unique",
        "person",
        ["identity_number_index"],
        unique=True,
        postgresql_where=sa.text("assurance >= 2"),
    )
    op.create_index("person_by_identity_number", "person", ["identity_number_index"])


def downgrade() -> None:
    op.drop_index("person_by_identity_number", "person")
    op.drop_index("person_identity_number_is_unique", "person")
    op.execute("UPDATE person SET identity_number_index = NULL WHERE assurance < 2")
    op.create_unique_constraint("person_identity_number_is_unique", "person", ["identity_number_index"])
