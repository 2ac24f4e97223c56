"""Proceedings with their tokens, stops, timers and history."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from onestop_legal.clock import Interval
from onestop_runtime.sql import Connection, compiled
from svc_workflow import tables
from svc_workflow.domain.engine import Step, Token
from svc_workflow.domain.limit import Limits, Stop
from svc_workflow.domain.proceeding import HistoryLine, Matter, Proceeding, ProceedingState, Warned

_p, _t, _c, _m, _h = tables.proceeding, tables.token, tables.clock_interval, tables.timer, tables.proceeding_history
_ID = sa.bindparam("proceeding_id", type_=sa.Uuid)

_ADD = compiled(sa.insert(_p).values({column: sa.bindparam(column.name) for column in _p.c}))
_CHANGE = compiled(
    sa.update(_p)
    .where(_p.c.id == _ID)
    .values({n: sa.bindparam(n) for n in ("state", "ended_at", "extended", "values", "version")})
)
_COUNTED = compiled(
    sa.update(_p).where(_p.c.id == _ID).values({n: sa.bindparam(n) for n in ("provisional", "calendar_stamp")})
)
_tokens = (
    sa.select(
        sa.func.coalesce(sa.func.jsonb_agg(sa.func.jsonb_build_array(_t.c.node, _t.c.via)), sa.text("'[]'::jsonb"))
    )
    .where(_t.c.proceeding_id == _p.c.id)
    .scalar_subquery()
)
_stops = (
    sa.select(
        sa.func.coalesce(
            sa.func.jsonb_agg(
                sa.func.jsonb_build_array(
                    _c.c.id, _c.c.start, _c.c.end, _c.c.cause, _c.c.basis, _c.c.notice_number, _c.c.expected_days
                )
            ),
            sa.text("'[]'::jsonb"),
        )
    )
    .where(_c.c.proceeding_id == _p.c.id)
    .scalar_subquery()
)  # fmt: skip
_whole = sa.select(_p, _tokens.label("tokens"), _stops.label("stops"))
_GET = compiled(_whole.where(_p.c.id == _ID))
_LOCK = compiled(_whole.where(_p.c.id == _ID).with_for_update(of=_p))
_OF_CASE = compiled(sa.select(_p.c.id).where(_p.c.case_id == sa.bindparam("case_id")))
_OF_STOP = compiled(sa.select(_c.c.proceeding_id).where(_c.c.id == sa.bindparam("stop_id")))
_stamp = sa.select(sa.cast(sa.func.sum(tables.calendar_year.c.revision), sa.BigInteger)).scalar_subquery()
_OUTDATED = compiled(
    sa.select(_p.c.id)
    .where(_p.c.state == sa.literal_column("'running'"), _p.c.calendar_stamp < _stamp)
    .order_by(_p.c.calendar_stamp, _p.c.id)
    .limit(sa.bindparam("count"))
)
_ADD_TOKEN = compiled(sa.insert(_t).values({column: sa.bindparam(column.name) for column in _t.c}))
_DROP_TOKEN = compiled(
    sa.delete(_t).where(_t.c.proceeding_id == _ID, _t.c.node == sa.bindparam("node"), _t.c.via == sa.bindparam("via"))
)
_DROP_TOKENS = compiled(sa.delete(_t).where(_t.c.proceeding_id == _ID))
_ADD_STOP = compiled(sa.insert(_c).values({column: sa.bindparam(column.name) for column in _c.c}))
_END_STOP = compiled(sa.update(_c).where(_c.c.id == sa.bindparam("stop_id")).values(end=sa.bindparam("end_on")))
_timer = insert(_m).values(
    proceeding_id=_ID, limit=sa.bindparam("limit"), light=sa.bindparam("light"), due_on=sa.bindparam("due_on")
)
_SET_TIMER = compiled(
    _timer.on_conflict_do_update(
        index_elements=["proceeding_id", "limit", "light"],
        set_={"due_on": _timer.excluded.due_on},
        where=_m.c.fired_at.is_(None),
    )
)
_STOP_TIMERS = compiled(sa.delete(_m).where(_m.c.proceeding_id == _ID, _m.c.fired_at.is_(None)))
_DUE_TIMER = compiled(
    sa.select(_m.c.proceeding_id)
    .where(_m.c.fired_at.is_(None), _m.c.due_on <= sa.bindparam("today"))
    .order_by(_m.c.due_on)
    .limit(sa.bindparam("count"))
)
_FIRE = compiled(
    sa.update(_m)
    .where(_m.c.proceeding_id == _ID, _m.c.fired_at.is_(None), _m.c.due_on <= sa.bindparam("today"))
    .values(fired_at=sa.bindparam("at"))
    .returning(_m.c.limit, _m.c.light, _m.c.due_on)
)
_TOLD = compiled(
    sa.select(_p.c.provisional, _m.c.limit, _m.c.due_on)
    .join_from(_p, _m, sa.and_(_m.c.proceeding_id == _p.c.id, _m.c.light == "red"))
    .where(_p.c.id == _ID)
)
_LATE_TIMERS = compiled(
    sa.select(sa.func.count()).select_from(_m).where(_m.c.fired_at.is_(None), _m.c.due_on < sa.bindparam("today"))
)
_NOTE = compiled(sa.insert(_h).values({n: sa.bindparam(n) for n in ("proceeding_id", "verb", "at", "actor", "detail")}))
_HISTORY = compiled(sa.select(_h).where(_h.c.proceeding_id == _ID).order_by(_h.c.id))


async def add(connection: Connection, proceeding: Proceeding, *, provisional: bool, calendar_stamp: int) -> None:
    """Store a new proceeding with its tokens; what its limits were counted by: see `counted`."""
    limits = proceeding.limits
    await _ADD.execute(
        connection,
        id=proceeding.id,
        case_id=proceeding.matter.case_id,
        agency_code=proceeding.matter.agency_code,
        matter=asdict(proceeding.matter),
        definition_id=proceeding.definition_id,
        accepted_on=limits.accepted_on,
        statutory_days=limits.statutory_days,
        promised_days=limits.promised_days,
        extension_days=limits.extension_days,
        natural_days=limits.natural,
        started_at=proceeding.started_at,
        provisional=provisional,
        calendar_stamp=calendar_stamp,
        **_changing(proceeding),
    )
    await _add_tokens(connection, proceeding.id, proceeding.tokens)


async def change(connection: Connection, proceeding: Proceeding, step: Step | None = None) -> None:
    """Store what changed; `step` moves the tokens, an ended proceeding has none."""
    await _CHANGE.execute(connection, proceeding_id=proceeding.id, **_changing(proceeding))
    if step:
        for token in step.consumed:
            await _DROP_TOKEN.execute(connection, proceeding_id=proceeding.id, node=token.node, via=token.via)
        await _add_tokens(connection, proceeding.id, step.created)
    if proceeding.state is ProceedingState.WITHDRAWN:
        await _DROP_TOKENS.execute(connection, proceeding_id=proceeding.id)


async def get(connection: Connection, proceeding_id: UUID) -> Proceeding | None:
    """Return a proceeding, or None."""
    row = await _GET.fetchrow(connection, proceeding_id=proceeding_id)
    return _proceeding_of(row) if row else None


async def lock(connection: Connection, proceeding_id: UUID) -> Proceeding | None:
    """Return a proceeding locked for change, or None."""
    row = await _LOCK.fetchrow(connection, proceeding_id=proceeding_id)
    return _proceeding_of(row) if row else None


async def id_of_case(connection: Connection, case_id: UUID) -> UUID | None:
    """Return the proceeding of a case, or None."""
    found: UUID | None = await _OF_CASE.fetchval(connection, case_id=case_id)
    return found


async def id_of_stop(connection: Connection, stop_id: UUID) -> UUID | None:
    """Return the proceeding that a stop belongs to, or None."""
    found: UUID | None = await _OF_STOP.fetchval(connection, stop_id=stop_id)
    return found


async def counted(connection: Connection, proceeding_id: UUID, *, provisional: bool, calendar_stamp: int) -> None:
    """Store by which calendar the limits were counted, and whether they rest on a year that is not published."""
    await _COUNTED.execute(
        connection, proceeding_id=proceeding_id, provisional=provisional, calendar_stamp=calendar_stamp
    )


async def outdated(connection: Connection, count: int = 100) -> list[UUID]:
    """Return running proceedings whose limits were counted by a calendar that has changed since."""
    return [row["id"] for row in await _OUTDATED.fetch(connection, count=count)]


async def told(connection: Connection, proceeding_id: UUID) -> tuple[bool, dict[str, date | None]]:
    """Return how the limits were counted last: whether provisionally, and on which day each is over."""
    rows = await _TOLD.fetch(connection, proceeding_id=proceeding_id)
    return any(row["provisional"] for row in rows), {row["limit"]: row["due_on"] for row in rows}


async def add_stop(connection: Connection, proceeding_id: UUID, stop: Stop) -> None:
    """Store a stop that has begun."""
    await _ADD_STOP.execute(
        connection,
        id=stop.id,
        proceeding_id=proceeding_id,
        start=stop.interval.start,
        end=stop.interval.end,
        cause=stop.interval.cause,
        basis=stop.interval.basis,
        notice_number=stop.notice_number,
        expected_days=stop.expected_days,
    )


async def end_stop(connection: Connection, stop_id: UUID, end_on: date) -> None:
    """Store the end of a stop."""
    await _END_STOP.execute(connection, stop_id=stop_id, end_on=end_on)


async def set_timers(connection: Connection, proceeding_id: UUID, warnings: dict[tuple[str, str], date | None]) -> None:
    """Set when each warning is due; one that was raised stays raised."""
    await _SET_TIMER.executemany(
        connection,
        [
            {"proceeding_id": proceeding_id, "limit": limit, "light": light, "due_on": due_on}
            for (limit, light), due_on in warnings.items()
        ],
    )


async def stop_timers(connection: Connection, proceeding_id: UUID) -> None:
    """Take away the warnings that were not raised: the proceeding ended."""
    await _STOP_TIMERS.execute(connection, proceeding_id=proceeding_id)


async def due_timers(connection: Connection, today: date, count: int = 100) -> list[UUID]:
    """Return proceedings with a warning that is due, the most urgent first."""
    rows = await _DUE_TIMER.fetch(connection, today=today, count=count)
    return list(dict.fromkeys(row["proceeding_id"] for row in rows))


async def fire_timers(connection: Connection, proceeding_id: UUID, today: date, at: datetime) -> list[Warned]:
    """Mark the due warnings of a proceeding as raised and return them."""
    rows = await _FIRE.fetch(connection, proceeding_id=proceeding_id, today=today, at=at)
    return [Warned(row["limit"], row["light"], row["due_on"]) for row in rows]


async def late_timers(connection: Connection, today: date) -> int:
    """Return how many warnings were due before today and are not raised."""
    count: int = await _LATE_TIMERS.fetchval(connection, today=today)
    return count


async def note(connection: Connection, proceeding_id: UUID, line: HistoryLine) -> None:
    """Add a line to a proceeding's history."""
    await _NOTE.execute(
        connection,
        proceeding_id=proceeding_id,
        verb=line.verb,
        at=line.at,
        actor=line.actor,
        detail=dict(line.detail),
    )


async def history(connection: Connection, proceeding_id: UUID) -> list[HistoryLine]:
    """Return a proceeding's history, oldest first."""
    rows = await _HISTORY.fetch(connection, proceeding_id=proceeding_id)
    return [HistoryLine(row["verb"], row["at"], row["actor"], row["detail"]) for row in rows]


async def _add_tokens(connection: Connection, proceeding_id: UUID, tokens: Sequence[Token]) -> None:
    for token in tokens:
        await _ADD_TOKEN.execute(connection, proceeding_id=proceeding_id, node=token.node, via=token.via)


def _changing(proceeding: Proceeding) -> dict[str, Any]:
    return {
        "state": proceeding.state.value,
        "ended_at": proceeding.ended_at,
        "extended": proceeding.limits.extended,
        "values": proceeding.values,
        "version": proceeding.version,
    }


def _proceeding_of(row: Any) -> Proceeding:
    kept = row["matter"]
    matter = Matter(**{**kept, "case_id": UUID(kept["case_id"]), "obligations": tuple(kept["obligations"])})
    limits = Limits(
        accepted_on=row["accepted_on"],
        statutory_days=row["statutory_days"],
        promised_days=row["promised_days"],
        extension_days=row["extension_days"],
        natural=row["natural_days"],
        extended=row["extended"],
        stops=tuple(_stop_of(*stop) for stop in sorted(row["stops"], key=_began)),
    )
    return Proceeding(
        id=row["id"],
        matter=matter,
        definition_id=row["definition_id"],
        limits=limits,
        started_at=row["started_at"],
        state=ProceedingState(row["state"]),
        ended_at=row["ended_at"],
        values=row["values"],
        tokens=[Token(node, via) for node, via in row["tokens"]],
        version=row["version"],
    )


def _began(stop: list[Any]) -> tuple[str, str]:
    return stop[1], stop[0]


def _stop_of(
    stop_id: str, start: str, end: str | None, cause: str, basis: str, notice_number: str, expected_days: int
) -> Stop:
    interval = Interval(date.fromisoformat(start), date.fromisoformat(end) if end else None, cause, basis)
    return Stop(UUID(stop_id), interval, notice_number, expected_days)
