"""Time limits of requests: the local rule, and the national one that followed it."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LOCAL = "地方政务数据共享管理规定（适用至 2025-07-31）"
_NATIONAL = "《政务数据共享条例》（国务院令第809号，2025-08-01 起施行）"
_UNCONDITIONAL, _CONDITIONAL = "1", "2"

_ROWS = (
    # rule, share type, step, working days, counted from the day of receipt
    ("local", _UNCONDITIONAL, "platform", 2, True),
    ("local", _CONDITIONAL, "platform", 2, True),
    ("local", _CONDITIONAL, "provider", 5, False),
    ("national-2025", _UNCONDITIONAL, "platform", 1, True),
    ("national-2025", _CONDITIONAL, "provider", 10, True),
    ("national-2025", _CONDITIONAL, "supply", 20, False),
)
_TIMES = {
    "local": {"source": _LOCAL, "valid_from": date(2019, 1, 1), "valid_to": date(2025, 7, 31)},
    "national-2025": {"source": _NATIONAL, "valid_from": date(2025, 8, 1), "valid_to": None},
}

_RULE = sa.table(
    "limit_rule",
    sa.column("rule", sa.Text),
    sa.column("share_type", sa.Text),
    sa.column("step", sa.Text),
    sa.column("days", sa.SmallInteger),
    sa.column("from_receipt", sa.Boolean),
    sa.column("source", sa.Text),
    sa.column("valid_from", sa.Date),
    sa.column("valid_to", sa.Date),
)


def upgrade() -> None:
    names = ("rule", "share_type", "step", "days", "from_receipt")
    op.bulk_insert(_RULE, [dict(zip(names, row, strict=True)) | _TIMES[row[0]] for row in _ROWS])


def downgrade() -> None:
    op.execute(_RULE.delete().where(_RULE.c.rule.in_(_TIMES)))
