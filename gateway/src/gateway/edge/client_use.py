"""How many requests each client sends in a day, and how many it may."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.clients.tables import client
from gateway.edge.tables import client_requests
from gateway.metadata import TEXTS
from onestop_legal.errors import NamedError
from onestop_legal.working_days import SHANGHAI, legal_day
from onestop_runtime.clock import Clock
from onestop_runtime.sql import Connection, Record, compiled

_DAY_SECONDS: Final = 86_400
_DAY: Final = sa.bindparam("day", type_=sa.Date)
_counted = sa.select(
    sa.func.unnest(sa.bindparam("clients", type_=TEXTS)),
    _DAY,
    sa.func.unnest(sa.bindparam("requests", type_=pg.ARRAY(sa.BigInteger))),
)
_insert = pg.insert(client_requests).from_select(["client_id", "day", "requests"], _counted)
_ADD: Final = compiled(
    _insert.on_conflict_do_update(
        index_elements=[client_requests.c.client_id, client_requests.c.day],
        set_={"requests": client_requests.c.requests + _insert.excluded.requests},
    )
)
_QUOTAS: Final = compiled(
    sa.select(
        client.c.client_id, client.c.requests_per_day, sa.func.coalesce(client_requests.c.requests, 0).label("requests")
    )
    .outerjoin(
        client_requests, sa.and_(client_requests.c.client_id == client.c.client_id, client_requests.c.day == _DAY)
    )
    .where(client.c.requests_per_day.is_not(None))
)
_DAYS: Final = compiled(
    sa.select(client_requests.c.day, client_requests.c.requests)
    .where(client_requests.c.client_id == sa.bindparam("client_id"))
    .order_by(client_requests.c.day.desc())
    .limit(sa.bindparam("days", type_=sa.Integer))
)


class QuotaExhausted(NamedError):
    """The client has sent as many requests today as it may; nothing was done.

    Attributes:
        limit: what is exhausted.
        policy: the quota, as an item of `RateLimit-Policy`.
        left: what is left of it, as an item of `RateLimit`.
    """

    slug = "quota-exhausted"
    title = "该应用今日的请求次数已用完"
    status = 429
    limit = "day"

    def __init__(self, quota: int = 0, seconds: int = 0) -> None:
        super().__init__("请明日再试，或联系运行单位调整该应用的每日请求次数。", retry_after=seconds)
        self.policy = b'"day";q=%d;w=%d' % (quota, _DAY_SECONDS)
        self.left = b'"day";r=0;t=%d' % seconds


class ClientUse:
    """Counts the requests of each client in this process, and tells the others once a second.

    So a client may exceed its quota by what it sends to other processes within a second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quotas: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._untold: Counter[str] = Counter()

    def count(self, client_id: str) -> None:
        """Count a request of a client.

        Raises:
            QuotaExhausted: when it has sent as many today as it may.
        """
        quota = self._quotas.get(client_id)
        if quota is not None and self._told[client_id] + self._untold[client_id] >= quota:
            raise QuotaExhausted(quota, _seconds_left(self._clock()))
        self._untold[client_id] += 1

    async def tell(self, connection: Connection) -> None:
        """Add what was counted to what all processes counted today, and take over the quotas."""
        day = legal_day(self._clock())
        untold, self._untold = self._untold, Counter()
        try:
            if untold:
                await _ADD.execute(connection, clients=list(untold), requests=list(untold.values()), day=day)
        except BaseException:
            self._untold.update(untold)
            raise
        rows = await _QUOTAS.fetch(connection, day=day)
        self._quotas = {row["client_id"]: row["requests_per_day"] for row in rows}
        self._told = {row["client_id"]: row["requests"] for row in rows}


async def daily_requests(connection: Connection, client_id: str, days: int) -> list[Record]:
    """Return `day` and `requests` of a client for the last days on which it sent any, newest first."""
    return await _DAYS.fetch(connection, client_id=client_id, days=days)


def _seconds_left(now: datetime) -> int:
    """Return the seconds until the next legal day."""
    tomorrow: date = legal_day(now) + timedelta(days=1)
    return int((datetime.combine(tomorrow, time(), SHANGHAI) - now).total_seconds()) + 1
