"""What the credit files hold, for the conservation ledger: the record of each decision that owes one."""

import sqlalchemy as sa

from onestop_runtime.ledger import Book
from onestop_runtime.ledger_routes import ledger_router
from svc_credit.tables import record, undisclosed_decision

_r, _u = record.c, undisclosed_decision.c
_NOTHING: sa.ColumnClause[str] = sa.literal_column("''", sa.Text)
_NOBODY = sa.null().cast(sa.Uuid)

DISCLOSURES = Book(
    "disclosures",
    sa.union_all(
        sa.select(
            _r.decided_on.label("day"),
            _r.decision_id.label("id"),
            _NOTHING.label("mark"),
            _r.state.label("state"),
            _NOBODY.label("key"),
            _r.case_id.label("belongs_to"),
        ),
        sa.select(_u.decided_on, _u.decision_id, _NOTHING, sa.literal_column("'no_rule'"), _NOBODY, _u.case_id),
    ),
)
"""Records by the legal day of their decision, withdrawn ones too, and decisions that no rule discloses."""

queries = ledger_router("svc-workflow", (DISCLOSURES,))
