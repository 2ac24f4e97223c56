"""Tables of federation: sign-ins under way, links, sessions begun by them; subjects of others as blind index only."""

import sqlalchemy as sa

from gateway.metadata import INSTANT, metadata, version
from gateway.people.tables import person
from gateway.signin.tables import session

federated_request = sa.Table(
    "federated_request",
    metadata,
    sa.Column("state_hash", sa.LargeBinary, primary_key=True),
    sa.Column("visit_hash", sa.LargeBinary, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("handle", sa.Text),
    sa.Column("afterwards", sa.Text),
    sa.Column("linking", sa.Uuid, sa.ForeignKey(person.c.id)),
    sa.Column("signed_in_after", INSTANT),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.Index("federated_request_by_age", "expires_at"),
)

federated_identity = sa.Table(
    "federated_identity",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("subject_index", sa.LargeBinary, nullable=False),
    sa.Column("linked_by_person", sa.Boolean, nullable=False),
    sa.Column("linked_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT, nullable=False),
    sa.Column("unlinked_at", INSTANT),
    version(),
    sa.Index("federated_identity_by_person", "person_id"),
    sa.Index(
        "federated_identity_is_linked_once",
        "subject_index",
        unique=True,
        postgresql_where=sa.text("unlinked_at IS NULL"),
    ),
    sa.Index(
        "federated_identity_is_one_for_each_provider",
        "person_id",
        "provider",
        unique=True,
        postgresql_where=sa.text("unlinked_at IS NULL"),
    ),
)

federated_arrival = sa.Table(
    "federated_arrival",
    metadata,
    sa.Column("visit_hash", sa.LargeBinary, primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("identity_id", sa.Uuid, sa.ForeignKey(federated_identity.c.id), nullable=False),
    sa.Column("upstream_session_hash", sa.LargeBinary),
    sa.Column("id_token", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Index("federated_arrival_by_age", "expires_at"),
)
"""Somebody who has come back from another's provider and has no session yet, one in each browser."""

federated_session = sa.Table(
    "federated_session",
    metadata,
    sa.Column("session_id", sa.Uuid, sa.ForeignKey(session.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("identity_id", sa.Uuid, sa.ForeignKey(federated_identity.c.id), nullable=False),
    sa.Column("upstream_session_hash", sa.LargeBinary),
    sa.Column("id_token", sa.LargeBinary, nullable=False),
    sa.Index("federated_session_by_identity", "identity_id"),
    sa.Index("federated_session_by_upstream_session", "upstream_session_hash"),
)

upstream_logout = sa.Table(
    "upstream_logout",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Index("upstream_logout_by_age", "expires_at"),
)
