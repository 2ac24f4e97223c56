"""Authenticators, recovery codes, passkeys, and who has yet to show a second factor."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "authenticator",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_code",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("backed_up", sa.Boolean, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.UniqueConstraint("credential_id", name="passkey_credential_is_unique"),
        sa.Index("passkey_by_person", "person_id"),
    )
    op.create_table(
        "passkey_challenge",
        sa.Column("visit_hash", sa.LargeBinary, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Index("passkey_challenge_by_age", "expires_at"),
    )
    op.create_table(
        "pending_sign_in",
        sa.Column("visit_hash", sa.LargeBinary, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("methods", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Index("pending_sign_in_by_age", "expires_at"),
    )


def downgrade() -> None:
    for table in ("pending_sign_in", "passkey_challenge", "passkey", "recovery_code", "authenticator"):
        op.drop_table(table)
