"""Tables of signing keys, of what was revoked and of proofs that were used."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.metadata import INSTANT, metadata

revocation = sa.Table(
    "revocation",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("issued_before", INSTANT),
    sa.Index("revocation_by_age", "expires_at"),
)

dpop_proof = sa.Table(
    "dpop_proof",
    metadata,
    sa.Column("proof_hash", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Index("dpop_proof_by_age", "expires_at"),
)

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kid", sa.Text, nullable=False),
    sa.Column("public_jwk", pg.JSONB, nullable=False),
    sa.Column("private_jwk", sa.LargeBinary),
    sa.Column("made_at", INSTANT, nullable=False),
    sa.Column("signs_from", INSTANT, nullable=False),
    sa.Column("forgotten_at", INSTANT),
    sa.UniqueConstraint("kid", name="signing_key_kid_is_unique"),
    sa.CheckConstraint("(forgotten_at IS NULL) = (private_jwk IS NOT NULL)", name="signing_key_is_destroyed_when_over"),
)
