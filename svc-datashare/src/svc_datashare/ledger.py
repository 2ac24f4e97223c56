"""What the register holds, for the conservation ledger: the licence of each decision that gave one."""

import sqlalchemy as sa

from onestop_runtime.ledger import Book
from onestop_runtime.ledger_routes import ledger_router
from svc_datashare.tables import licence

_l = licence.c

LICENCES = Book(
    "licences",
    sa.select(
        _l.issued_on.label("day"),
        _l.decision_id.label("id"),
        sa.cast(_l.id, sa.Text).label("mark"),
        sa.case((_l.ending.is_(None), "registered"), else_="ended").label("state"),
        _l.id.label("key"),
        _l.case_id.label("belongs_to"),
    ),
)
"""Registered licences by the legal day of their decision; one that has ended stays."""

queries = ledger_router("svc-workflow", (LICENCES,))
