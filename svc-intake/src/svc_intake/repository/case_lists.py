"""Lists of cases: pages by key, made of index scans, so that their cost does not grow with the table."""

import functools
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_intake.domain.state import State
from svc_intake.permissions import PERMISSIONS
from svc_intake.tables import case_file

_SUMMARY = (
    "id", "version", "state", "item_code", "item_name", "agency_code", "agency_name", "applicant_kind",
    "applicant_name", "applicant_code", "agent_name", "agent_agency", "channel", "created_at", "case_number",
    "submitted_at", "answer_due_on", "answer_due_provisional", "silence_accepts", "result",
)  # fmt: skip
_RECEIVED = tuple(state for state in State if state is not State.DRAFT)


@functools.cache
def _statement(conditions: tuple[Condition, ...], state: str | None, *, after: bool, numbered: bool) -> Statement:
    """Return the statement of a page, newest first: one index scan per condition and state, merged."""
    limit = sa.bindparam("limit", type_=sa.Integer)
    branches = []
    for condition in conditions:
        for one in (state,) if numbered else _states(condition, state):
            branch = sa.select(*(case_file.c[name] for name in _SUMMARY))
            branch = branch.where(PERMISSIONS.clause((condition,), case_file))
            if one:
                branch = branch.where(case_file.c.state == sa.literal_column(f"'{one}'"))
            if numbered:
                branch = branch.where(case_file.c.case_number == sa.bindparam("case_number", type_=sa.Text))
            if after:
                branch = branch.where(case_file.c.id < sa.bindparam("after", type_=sa.Uuid))
            branches.append(branch.order_by(case_file.c.id.desc()).limit(limit).subquery())
    merged = sa.union_all(*(sa.select(branch) for branch in branches)).subquery("page")
    return compiled(sa.select(merged).ext(pg.distinct_on(merged.c.id)).order_by(merged.c.id.desc()).limit(limit))


def _states(condition: Condition, state: str | None) -> tuple[str | None, ...]:
    """Return the states to scan one by one: an applicant's index knows none, an office's has it before the key."""
    if state:
        return (State(state).value,)
    of_applicant = any(attribute == "applicant_id" for attribute, _ in condition.equalities)
    return (None,) if of_applicant else tuple(one.value for one in _RECEIVED)


async def page(
    connection: Connection,
    conditions: tuple[Condition, ...],
    parameters: dict[str, Any],
    *,
    case_number: str | None,
    state: str | None,
    after: UUID | None,
    limit: int,
) -> list[Record]:
    """Return the newest cases for which one of `conditions` holds, below `after`; nothing when there is none."""
    if not conditions:
        return []
    statement = _statement(conditions, state, after=after is not None, numbered=case_number is not None)
    return await statement.fetch(connection, **parameters, case_number=case_number, after=after, limit=limit)
