"""What the office holds, for the conservation ledger: proceedings, decisions, and what the decisions owe."""

import sqlalchemy as sa

from onestop_runtime.ledger import NOBODY, NOTHING, Book
from svc_workflow.tables import decision, licence, proceeding

_p, _d, _l = proceeding.c, decision.c, licence.c
_GRANTED = _d.outcome == sa.literal_column("'granted'")

PROCEEDINGS = Book(
    "proceedings",
    sa.select(
        _p.accepted_on.label("day"),
        _p.case_id.label("id"),
        sa.case((_p.state == sa.literal_column("'withdrawn'"), "withdrawn"), else_="kept").label("mark"),
        _p.state.label("state"),
        _p.id.label("key"),
        NOBODY.label("belongs_to"),
    ),
)
"""Proceedings by the legal day their case was accepted."""

DECISIONS = Book(
    "decisions",
    sa.select(
        _d.decided_on.label("day"),
        _p.case_id.label("id"),
        (_d.outcome + "|" + _d.document_number + "|" + sa.func.coalesce(sa.cast(_l.id, sa.Text), NOTHING)).label(
            "mark"
        ),
        _d.outcome.label("state"),
        _p.id.label("key"),
        NOBODY.label("belongs_to"),
    )
    .join_from(decision, proceeding, _p.id == _d.proceeding_id)
    .outerjoin(licence, _l.decision_id == _d.id),
)
"""Decisions: each owes its applicant the notice, with the licence if it gave one."""

CERTIFICATES = Book(
    "certificates",
    sa.select(
        _d.decided_on.label("day"),
        _d.id.label("id"),
        sa.func.coalesce(sa.cast(_l.id, sa.Text), NOTHING).label("mark"),
        sa.case((_l.id.is_(None), "not_issued"), else_="issued").label("state"),
        _l.id.label("key"),
        _p.case_id.label("belongs_to"),
    )
    .join_from(decision, proceeding, _p.id == _d.proceeding_id)
    .outerjoin(licence, _l.decision_id == _d.id)
    .where(
        sa.or_(_l.id.is_not(None), sa.and_(_GRANTED, sa.literal_column("'certificate'") == sa.any_(_d.obligations)))
    ),
)
"""Decisions that gave a licence, or whose item names the certificate."""

DISCLOSURES = Book(
    "disclosures",
    sa.select(
        _d.decided_on.label("day"),
        _d.id.label("id"),
        NOTHING.label("mark"),
        sa.literal_column("'owed'").label("state"),
        _p.id.label("key"),
        _p.case_id.label("belongs_to"),
    )
    .join_from(decision, proceeding, _p.id == _d.proceeding_id)
    .where(_GRANTED, sa.literal_column("'disclosure'") == sa.any_(_d.obligations)),
)
"""Granted decisions whose item names disclosure; a denial is none (双公示)."""

BOOKS = (PROCEEDINGS, DECISIONS, CERTIFICATES, DISCLOSURES)
