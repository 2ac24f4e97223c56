"""Counts requests against rates in PostgreSQL, for gateways on several machines: one round trip a request."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.dialects import postgresql as pg

from gateway.edge.limiter import Charge, LocalLimiter
from gateway.edge.rates import TooManyRequests
from gateway.edge.tables import rate_use
from onestop_runtime.context import Context
from onestop_runtime.sql import Record, Statement, compiled

ALONE = Counter("onestop_edge_limiter_alone_total", "Requests counted by one process because the database was away")
_MOST_CHARGES: Final = 3
_ANSWER_SECONDS: Final = 1.0
_SIGNED: Final = 1 << 63


def _interval(name: str) -> sa.BindParameter[timedelta]:
    return sa.bindparam(name, type_=sa.Interval)


def _charged(number: int, moment: sa.CTE, before: sa.CTE | None) -> sa.CTE:
    """Return the part that counts the request for one subject, if it was counted for the one before."""
    period, most = _interval(f"period_{number}"), _interval(f"most_{number}")
    new = sa.select(sa.bindparam(f"subject_{number}", type_=sa.BigInteger), moment.c.at + period)
    if before is not None:
        new = new.where(sa.exists(sa.select(before.c.refilled_at)))
    insert = pg.insert(rate_use).from_select(["subject", "refilled_at"], new)
    now = insert.excluded.refilled_at - period
    after = sa.func.greatest(rate_use.c.refilled_at, now) + period
    counted = insert.on_conflict_do_update(
        index_elements=[rate_use.c.subject], set_={"refilled_at": after}, where=after - now <= most
    )
    return counted.returning(rate_use.c.refilled_at).cte(f"charged_{number}")


def _take(charges: int) -> Statement:
    """Return the statement that counts a request for so many subjects, one after the other."""
    moment = sa.select(sa.func.clock_timestamp().label("at")).cte("moment")
    charged: list[sa.CTE] = []
    for number in range(charges):
        charged.append(_charged(number, moment, charged[-1] if charged else None))
    found: Any = moment
    for part in charged:
        found = found.outerjoin(part, sa.true())
    owed = [(part.c.refilled_at - moment.c.at).label(f"owed_{number}") for number, part in enumerate(charged)]
    return compiled(sa.select(*owed).select_from(found))


_TAKE: Final = {charges: _take(charges) for charges in range(1, _MOST_CHARGES + 1)}
_OWED: Final = compiled(
    sa.select(rate_use.c.refilled_at - sa.func.clock_timestamp()).where(rate_use.c.subject == sa.bindparam("subject"))
)


class SharedLimiter:
    """Counts in the database, and in this process alone while the database is away."""

    shared: Final = True

    def __init__(self, context: Context, alone: LocalLimiter) -> None:
        self._context = context
        self._alone = alone

    async def take(self, charges: Sequence[Charge]) -> list[float]:
        """Count one request; see `Limiter`."""
        values: dict[str, Any] = {}
        for number, (who, rate) in enumerate(charges):
            values[f"subject_{number}"] = who - _SIGNED
            values[f"period_{number}"] = timedelta(seconds=rate.period)
            values[f"most_{number}"] = timedelta(seconds=rate.most)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), self._context.pool.acquire() as connection:
                row: Record = await _TAKE[len(charges)].fetchrow(connection, **values)
                for (who, rate), owed in zip(charges, row, strict=True):
                    if owed is None:
                        left = await _OWED.fetchval(connection, subject=who - _SIGNED)
                        raise TooManyRequests(rate, min(max(_seconds(left), 0.0), rate.seconds))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            ALONE.inc()
            return self.take_here(charges)
        return [_seconds(owed) for owed in row]

    def take_here(self, charges: Sequence[Charge]) -> list[float]:
        """Count one request without asking the database."""
        return self._alone.take_here(charges)


def _seconds(owed: timedelta | None) -> float:
    return owed.total_seconds() if owed else 0.0
