"""Which decisions are disclosed, and within how many working days."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RULE = sa.table(
    "disclosure_rule",
    sa.column("item_type", sa.Text),
    sa.column("kind", sa.Text),
    sa.column("days", sa.SmallInteger),
    sa.column("withdrawal_days", sa.SmallInteger),
    sa.column("category", sa.Text),
    sa.column("source", sa.Text),
    sa.column("valid_from", sa.Date),
    sa.column("valid_to", sa.Date),
)
_PERMIT = {
    "item_type": "01",
    "kind": "licence",
    "days": 7,
    "withdrawal_days": 3,
    "category": "普通",
    "source": "《国务院办公厅关于运用大数据加强对市场主体服务和监管的若干意见》（国办发〔2015〕51号）、"
    "《国家发展改革委办公厅关于进一步完善行政许可和行政处罚等信用信息公示工作的指导意见》（发改办财金〔2018〕424号）",
    "valid_from": date(2015, 7, 1),
    "valid_to": None,
}


def upgrade() -> None:
    op.bulk_insert(_RULE, [_PERMIT])


def downgrade() -> None:
    op.execute(_RULE.delete().where(_RULE.c.item_type == "01", _RULE.c.valid_from == _PERMIT["valid_from"]))
