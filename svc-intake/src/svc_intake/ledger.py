"""What intake holds, for the conservation ledger: who entered, and what became of him as intake knows."""

import sqlalchemy as sa

from onestop_runtime.ledger import NOBODY, NOTHING, Book
from onestop_runtime.ledger_routes import ledger_router
from svc_intake.tables import case_file, receipt_register

_c, _r = case_file.c, receipt_register.c

ENTERED = Book(
    "entered",
    sa.select(
        _r.received_on.label("day"),
        _r.case_id.label("id"),
        NOTHING.label("mark"),
        sa.literal_column("'entered'").label("state"),
        _r.case_id.label("key"),
        NOBODY.label("belongs_to"),
    ),
)
"""The register of receipts: every case that ever entered."""

CASES = Book(
    "cases",
    sa.select(
        _r.received_on.label("day"),
        _c.id.label("id"),
        NOTHING.label("mark"),
        sa.case(
            (_c.state.in_([sa.literal_column("'submitted'"), sa.literal_column("'correction'")]), "waiting"),
            (_c.state == sa.literal_column("'accepted'"), "in_procedure"),
            else_=_c.state,
        ).label("state"),
        _c.id.label("key"),
        NOBODY.label("belongs_to"),
    ).join_from(receipt_register, case_file, _c.id == _r.case_id),
)
"""The same cases as they stand now."""

ACCEPTED = Book(
    "accepted",
    sa.select(
        _c.accepted_on.label("day"),
        _c.id.label("id"),
        sa.case((_c.state == sa.literal_column("'withdrawn'"), "withdrawn"), else_="kept").label("mark"),
        _c.state.label("state"),
        _c.id.label("key"),
        NOBODY.label("belongs_to"),
    ).where(_c.accepted_on.is_not(None)),
)
"""Cases that the office has to work on, by the legal day of acceptance."""

RESULTS = Book(
    "results",
    sa.select(
        _c.decided_on.label("day"),
        _c.id.label("id"),
        (
            _c.result["outcome"].astext
            + "|"
            + _c.result["document_number"].astext
            + "|"
            + sa.func.coalesce(sa.cast(_c.licence_id, sa.Text), "")
        ).label("mark"),
        sa.case((_c.delivery.is_not(None), "delivered"), else_="told").label("state"),
        _c.id.label("key"),
        NOBODY.label("belongs_to"),
    ).where(_c.decided_on.is_not(None)),
)
"""Results that applicants were told, by the legal day of the decision."""

queries = ledger_router("svc-workflow", (ENTERED, CASES, ACCEPTED, RESULTS))
