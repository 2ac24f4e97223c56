"""Sign-in at other providers, and people who have no password of ours."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("person", "password_hash", nullable=True)
    op.create_table(
        "federated_request",
        sa.Column("state_hash", sa.LargeBinary, primary_key=True),
        sa.Column("visit_hash", sa.LargeBinary, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("handle", sa.Text),
        sa.Column("afterwards", sa.Text),
        sa.Column("linking", sa.Uuid, sa.ForeignKey("person.id")),
        sa.Column("signed_in_after", INSTANT),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
    )
    op.create_index("federated_request_by_age", "federated_request", ["expires_at"])
    op.create_table(
        "federated_identity",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("subject_index", sa.LargeBinary, nullable=False),
        sa.Column("linked_by_person", sa.Boolean, nullable=False),
        sa.Column("linked_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.Column("unlinked_at", INSTANT),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
    )
    op.create_index("federated_identity_by_person", "federated_identity", ["person_id"])
    living = sa.text("unlinked_at IS NULL")
    op.create_index(
        "federated_identity_is_linked_once",
        "federated_identity",
        ["subject_index"],
        unique=True,
        postgresql_where=living,
    )
    op.create_index(
        "federated_identity_is_one_for_each_provider",
        "federated_identity",
        ["person_id", "provider"],
        unique=True,
        postgresql_where=living,
    )
    op.create_table(
        "federated_session",
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("identity_id", sa.Uuid, sa.ForeignKey("federated_identity.id"), nullable=False),
        sa.Column("upstream_session_hash", sa.LargeBinary),
        sa.Column("id_token", sa.LargeBinary, nullable=False),
    )
    op.create_index("federated_session_by_identity", "federated_session", ["identity_id"])
    op.create_index("federated_session_by_upstream_session", "federated_session", ["upstream_session_hash"])
    op.create_table(
        "upstream_logout",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    op.create_index("upstream_logout_by_age", "upstream_logout", ["expires_at"])


def downgrade() -> None:
    for table in ("upstream_logout", "federated_session", "federated_identity", "federated_request"):
        op.drop_table(table)
    op.execute("UPDATE person SET password_hash = '' WHERE password_hash IS NULL")
    op.alter_column("person", "password_hash", nullable=False)
