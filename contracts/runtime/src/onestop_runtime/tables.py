"""The runtime's own tables; every service's database has them.

`outbox` holds what must still be published, `inbox` what was applied, `idempotency` the answers of unsafe
calls, `audit` who did what. Their statements are plain SQL beside the code that runs them, since each does several
things at once.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

BUCKETS = 64
"""Outbox rows are spread over this many buckets by aggregate; a bucket is published by one relay at a time."""

_STORAGE: dict[str, dict[str, str]] = {
    "outbox": {
        "autovacuum_vacuum_threshold": "2000",
        "autovacuum_vacuum_scale_factor": "0",
        "autovacuum_vacuum_insert_threshold": "-1",
        "autovacuum_vacuum_cost_delay": "0",
        "vacuum_truncate": "false",
    },
    "outbox_sequence": {"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"},
    "inbox": {"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"},
    "idempotency": {"fillfactor": "50", "autovacuum_vacuum_scale_factor": "0.02"},
    "bucket_lease": {"fillfactor": "25"},
    "relay_worker": {"fillfactor": "25"},
}
"""How tables that change all the time are stored.

Every row of `outbox` dies soon after it is born: its dead are cleared away by their number, however large the table is,
at full speed; pages are kept for the rows to come, since giving them back would lock out all writers. The others are
updated in place (HOT), for which pages keep room.
"""

metadata = sa.MetaData()
_NOW = sa.text("clock_timestamp()")

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("bucket", sa.SmallInteger, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("key", sa.Uuid, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("event_id", sa.Uuid, nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("traceparent", sa.Text),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Index("outbox_by_bucket", "bucket", "id"),
    postgresql_with=_STORAGE["outbox"],
)

outbox_sequence = sa.Table(
    "outbox_sequence",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Uuid, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
    postgresql_with=_STORAGE["outbox_sequence"],
)

outbox_quarantine = sa.Table(
    "outbox_quarantine",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Uuid, primary_key=True),
    sa.Column("outbox_id", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    sa.Column("replay_at", sa.DateTime(timezone=True)),  # when somebody asked for another attempt
)

bucket_lease = sa.Table(
    "bucket_lease",
    metadata,
    sa.Column("bucket", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.Uuid),
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    postgresql_with=_STORAGE["bucket_lease"],
)

relay_worker = sa.Table(
    "relay_worker",
    metadata,
    sa.Column("owner", sa.Uuid, primary_key=True),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    postgresql_with=_STORAGE["relay_worker"],
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Uuid, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    postgresql_with=_STORAGE["inbox"],
)

parked = sa.Table(
    "parked",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("headers", pg.JSONB, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
)

dead_letter = sa.Table(
    "dead_letter",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, server_default=""),  # in the code that failed
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    sa.Column("replay_at", sa.DateTime(timezone=True)),  # when somebody asked for another attempt
)

discarded_event = sa.Table(
    "discarded_event",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("side", sa.Text, nullable=False, comment="out: not published; in: not applied"),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("key", sa.Uuid, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, comment="null: it never arrived"),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("headers", pg.JSONB),
    sa.Column("payload", sa.LargeBinary),
    sa.UniqueConstraint("side", "topic", "key", "sequence", name="discarded_event_once"),
)

rebuild = sa.Table(
    "rebuild",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("projection", sa.Text, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), comment="null: from the beginning of its topics"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("read", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("runner", sa.Uuid, comment="the process that reads"),
    sa.Column("seen_at", sa.DateTime(timezone=True), comment="when the runner was last at it"),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Index(
        "rebuild_one_of_a_projection",
        "projection",
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger),
    sa.Column("headers", pg.JSONB),
    sa.Column("body", sa.LargeBinary),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    sa.Index("idempotency_by_age", "created_at"),
    postgresql_with=_STORAGE["idempotency"],
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("key", sa.Uuid, nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("acting_for", sa.Uuid),
    sa.Column("agency", sa.Text),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("detail", pg.JSONB),
    sa.Index("audit_by_key", "key", "id"),
    sa.Index("audit_by_actor", "actor", "id"),
)

data_key = sa.Table(
    "data_key",
    metadata,
    sa.Column("subject", sa.Uuid, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("key_version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
)


_HOLDING = (discarded_event, rebuild)
_LATER_COLUMNS = (
    ("dead_letter", "place", "text NOT NULL DEFAULT ''"),
    ("dead_letter", "replay_at", "timestamptz"),
    ("outbox_quarantine", "attempts", "integer NOT NULL DEFAULT 1"),
    ("outbox_quarantine", "replay_at", "timestamptz"),
)
"""A database that is new has them from its first migration."""


def upgrade_holding() -> None:
    """Make what operators need for events that are held up; called by a later migration of every service."""
    from alembic import op  # noqa: PLC0415 - as below

    for table, column, kind in _LATER_COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {kind}")
    metadata.create_all(op.get_bind(), tables=list(_HOLDING))


def downgrade_holding() -> None:
    """Take it away again."""
    from alembic import op  # noqa: PLC0415 - as below

    metadata.drop_all(op.get_bind(), tables=list(_HOLDING))
    for table, column, _ in _LATER_COLUMNS:
        op.drop_column(table, column)


def upgrade_storage() -> None:
    """Store the runtime's tables as `_STORAGE` says; called by a later migration of every service."""
    from alembic import op  # noqa: PLC0415 - as below

    for table, options in _STORAGE.items():
        op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {value}' for name, value in options.items())})")


def downgrade_storage() -> None:
    """Store them as before."""
    from alembic import op  # noqa: PLC0415 - as below

    for table, options in _STORAGE.items():
        later = [name for name in options if name != "fillfactor" or table in ("bucket_lease", "relay_worker")]
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(later)})")


def upgrade_runtime() -> None:
    """Create the runtime's tables; called by a service's first migration."""
    from alembic import op  # noqa: PLC0415 - a serving process has no use for it: 0.4 s and 8 MB

    metadata.create_all(op.get_bind())
    op.bulk_insert(bucket_lease, [{"bucket": bucket} for bucket in range(BUCKETS)])


def downgrade_runtime() -> None:
    """Drop the runtime's tables."""
    from alembic import op  # noqa: PLC0415 - as above

    metadata.drop_all(op.get_bind())
