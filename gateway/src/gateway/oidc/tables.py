"""Tables of the protocol: requests, grants, codes, refresh tokens; secrets are kept as SHA-256 of 256 random bits."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.clients.tables import client
from gateway.metadata import INSTANT, TEXTS, metadata
from gateway.people.tables import person
from gateway.signin.tables import session

authorization_request = sa.Table(
    "authorization_request",
    metadata,
    sa.Column("handle_hash", sa.LargeBinary, primary_key=True),
    sa.Column("visit_hash", sa.LargeBinary, nullable=False),
    sa.Column("parameters", pg.JSONB, nullable=False),
    sa.Column("pushed_hash", sa.LargeBinary),
    sa.Column("started_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("finished_at", INSTANT),
    sa.Index("authorization_request_by_age", "expires_at"),
)

pushed_request = sa.Table(
    "pushed_request",
    metadata,
    sa.Column("handle_hash", sa.LargeBinary, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("parameters", pg.JSONB, nullable=False),
    sa.Column("pushed_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.Index("pushed_request_by_age", "expires_at"),
)

access_grant = sa.Table(
    "access_grant",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id), nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("scopes", TEXTS, nullable=False),
    sa.Column("nonce", sa.Text),
    sa.Column("resource", sa.Text),
    sa.Column("signed_in_at", INSTANT, nullable=False),
    sa.Column("given_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("revoked_at", INSTANT),
    sa.Index("access_grant_by_session", "session_id"),
    sa.Index("access_grant_by_person", "person_id", "client_id"),
    sa.Index("access_grant_by_age", "expires_at"),
)

authorization_code = sa.Table(
    "authorization_code",
    metadata,
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Uuid, sa.ForeignKey(access_grant.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("code_challenge", sa.Text),
    sa.Column("jkt", sa.Text),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.Index("authorization_code_by_grant", "grant_id"),
)

refresh_token = sa.Table(
    "refresh_token",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Uuid, sa.ForeignKey(access_grant.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("jkt", sa.Text),
    sa.Column("issued_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.Column("replaces", sa.LargeBinary),
    sa.Column("repeated_at", INSTANT),
    sa.Index("refresh_token_by_grant", "grant_id"),
    sa.Index("refresh_token_by_replaced", "replaces"),
)
