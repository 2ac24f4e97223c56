"""Tables of second factors; secrets are encrypted per subject, recovery codes kept as keyed hashes."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, TEXTS, metadata
from gateway.people.tables import person

authenticator = sa.Table(
    "authenticator",
    metadata,
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("begun_at", INSTANT, nullable=False),
    sa.Column("confirmed_at", INSTANT),
    sa.Column("last_step", sa.BigInteger, nullable=False),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), primary_key=True),
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
)

passkey = sa.Table(
    "passkey",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("credential_id", sa.LargeBinary, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("backed_up", sa.Boolean, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("made_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.UniqueConstraint("credential_id", name="passkey_credential_is_unique"),
    sa.Index("passkey_by_person", "person_id"),
)

passkey_challenge = sa.Table(
    "passkey_challenge",
    metadata,
    sa.Column("visit_hash", sa.LargeBinary, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("challenge", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Index("passkey_challenge_by_age", "expires_at"),
)

pending_sign_in = sa.Table(
    "pending_sign_in",
    metadata,
    sa.Column("visit_hash", sa.LargeBinary, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("methods", TEXTS, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Index("pending_sign_in_by_age", "expires_at"),
)
"""Somebody whose first factor was right and who has yet to show the second, one in each browser."""
