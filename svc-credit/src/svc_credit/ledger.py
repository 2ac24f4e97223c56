"""What the credit files hold, for the conservation ledger: the record of each decision that owes one."""

import sqlalchemy as sa

from onestop_runtime.ledger import NOBODY, NOTHING, Book
from onestop_runtime.ledger_routes import ledger_router
from svc_credit.tables import record, undisclosed_decision

_r, _u = record.c, undisclosed_decision.c

DISCLOSURES = Book(
    "disclosures",
    sa.union_all(
        sa.select(
            _r.decided_on.label("day"),
            _r.decision_id.label("id"),
            NOTHING.label("mark"),
            _r.state.label("state"),
            NOBODY.label("key"),
            _r.case_id.label("belongs_to"),
        ),
        sa.select(_u.decided_on, _u.decision_id, NOTHING, sa.literal_column("'no_rule'"), NOBODY, _u.case_id),
    ),
)
"""Records by the legal day of their decision, withdrawn ones too, and decisions that no rule discloses."""

queries = ledger_router("svc-workflow", (DISCLOSURES,))
