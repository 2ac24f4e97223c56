"""Signing keys that are published before they sign, and lose their private part when they are over."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("signing_key_signs_alone", "signing_key")
    op.add_column("signing_key", sa.Column("signs_from", sa.DateTime(timezone=True)))
    op.execute("UPDATE signing_key SET signs_from = made_at")
    op.alter_column("signing_key", "signs_from", nullable=False)
    op.drop_column("signing_key", "retired_at")
    op.alter_column("signing_key", "private_jwk", nullable=True)
    op.execute("UPDATE signing_key SET private_jwk = NULL WHERE forgotten_at IS NOT NULL")
    op.create_check_constraint(
        "signing_key_is_destroyed_when_over", "signing_key", "(forgotten_at IS NULL) = (private_jwk IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_constraint("signing_key_is_destroyed_when_over", "signing_key")
    op.execute("DELETE FROM signing_key WHERE private_jwk IS NULL")
    op.alter_column("signing_key", "private_jwk", nullable=False)
    op.add_column("signing_key", sa.Column("retired_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE signing_key k SET retired_at = (SELECT min(o.signs_from) FROM signing_key o"
        " WHERE (o.signs_from, o.id) > (k.signs_from, k.id))"
    )
    op.drop_column("signing_key", "signs_from")
    op.create_index(
        "signing_key_signs_alone",
        "signing_key",
        [sa.literal_column("(true)")],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
