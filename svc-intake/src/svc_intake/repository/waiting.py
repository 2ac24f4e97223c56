"""Cases that wait for an answer: whose time is over, and what a change of the calendar does to them."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.sql import Connection, compiled
from svc_intake.tables import case_file, guide_version

_SILENT = compiled(
    sa.select(case_file.c.id, case_file.c.answer_due_on)
    .where(
        case_file.c.state == sa.literal_column("'submitted'"),
        case_file.c.silence_accepts,
        case_file.c.answer_due_on < sa.bindparam("today", type_=sa.Date),
        sa.tuple_(case_file.c.answer_due_on, case_file.c.id)
        > sa.tuple_(sa.bindparam("after_day", type_=sa.Date), sa.bindparam("after_id", type_=sa.Uuid)),
    )
    .order_by(case_file.c.answer_due_on, case_file.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_DAYS = sa.cast(guide_version.c.guide["limits"]["acceptance_days"].astext, sa.Integer)
_COUNTING = compiled(
    sa.select(case_file.c.counted_from, _DAYS.label("days"))
    .distinct()
    .select_from(case_file.join(guide_version, guide_version.c.id == case_file.c.guide_version_id))
    .where(case_file.c.state == sa.literal_column("'submitted'"))
)
_DUE = (
    sa.func.unnest(
        sa.bindparam("starts", type_=pg.ARRAY(sa.Date)),
        sa.bindparam("lengths", type_=pg.ARRAY(sa.Integer)),
        sa.bindparam("dues", type_=pg.ARRAY(sa.Date)),
        sa.bindparam("provisionals", type_=pg.ARRAY(sa.Boolean)),
    )
    .table_valued("start", "length", "due", "provisional", name="counted")
    .render_derived()
)
_RECOUNT = compiled(
    sa.update(case_file)
    .values(
        answer_due_on=_DUE.c.due,
        answer_due_provisional=_DUE.c.provisional,
        version=case_file.c.version + 1,
    )
    .where(
        case_file.c.guide_version_id == guide_version.c.id,
        case_file.c.state == sa.literal_column("'submitted'"),
        case_file.c.counted_from == _DUE.c.start,
        _DUE.c.length == _DAYS,
        sa.tuple_(case_file.c.answer_due_on, case_file.c.answer_due_provisional).is_distinct_from(
            sa.tuple_(_DUE.c.due, _DUE.c.provisional)
        ),
    )
)


async def silent(connection: Connection, today: date, after: tuple[date, UUID], limit: int) -> list[tuple[date, UUID]]:
    """Return the received cases whose time to answer was over before `today`, beyond `after`, oldest first."""
    rows = await _SILENT.fetch(connection, today=today, after_day=after[0], after_id=after[1], limit=limit)
    return [(row["answer_due_on"], row["id"]) for row in rows]


async def counting(connection: Connection) -> list[tuple[date, int]]:
    """Return from which days, with which limits, the received cases wait for an answer."""
    return [(row["counted_from"], row["days"]) for row in await _COUNTING.fetch(connection)]


async def recount(connection: Connection, dues: list[tuple[date, int, date, bool]]) -> int:
    """Write new last days to answer (start, days, due, provisional); return how many cases changed."""
    starts, lengths, days, provisionals = (list(column) for column in zip(*dues, strict=True))
    return await _RECOUNT.execute(connection, starts=starts, lengths=lengths, dues=days, provisionals=provisionals)
