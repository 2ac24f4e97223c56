"""One look at the books: where two of them differ, ever closer, down to the single thing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from onestop_runtime.ledger import Sum
from onestop_runtime.logs import logger
from svc_workflow import metrics
from svc_workflow.books import Books, BooksAway
from svc_workflow.domain.conservation import LEGS, Difference, Leg, Side, compare

MOST_DIFFERENCES = 1000
"""As many are named of one leg and day; whoever mends them sees the rest then."""
_SHARDS_AT_ONCE = 16
_NOTHING = Sum()

log = logger(__name__)
Period = tuple[date, date]
"""First and last legal day."""


@dataclass(slots=True)
class Look:
    """What was seen.

    Attributes:
        legs: those of which both sides were seen.
        days: of each side and period, what each day comes to.
        first_day: the first day with anything in any book.
        away: services that did not show their books.
        capped: legs of which more differs than was named: what is not seen of them is not known to be well.
        seconds: how long it took.
    """

    periods: Sequence[Period]
    legs: list[Leg] = field(default_factory=list)
    days: dict[tuple[Side, Period], Mapping[date, Sum]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    first_day: date | None = None
    away: set[str] = field(default_factory=set)
    capped: set[Leg] = field(default_factory=set)
    seconds: float = 0.0


async def look(books: Mapping[str, Books], periods: Sequence[Period]) -> Look:
    """Compare all legs over some periods; a leg of which a service does not show its side is left out."""
    seen = Look(periods)
    for leg in LEGS:
        found: list[Difference] = []
        try:
            for period in periods:
                found += await _compare(books, seen, leg, period)
        except BooksAway as error:
            seen.away.add(error.service)
            log.warning("books cannot be compared", leg=leg.name, why=str(error))
            continue
        seen.legs.append(leg)
        seen.differences += found
    for service in seen.away:
        metrics.AWAY.labels(service).inc()
    return seen


async def _compare(books: Mapping[str, Books], seen: Look, leg: Leg, period: Period) -> list[Difference]:
    source, target = [await _days(books, seen, side, period) for side in (leg.source, leg.target)]
    found: list[Difference] = []
    for day in sorted(source.keys() | target.keys()):
        if not source.get(day, _NOTHING).agrees(target.get(day, _NOTHING)):
            differing = await _descend(books, leg, day)
            if len(differing) >= MOST_DIFFERENCES:
                seen.capped.add(leg)
                log.warning("more differs than is named", leg=leg.name, day=day.isoformat(), named=MOST_DIFFERENCES)
            found += differing[:MOST_DIFFERENCES]
    return found


async def _days(books: Mapping[str, Books], seen: Look, side: Side, period: Period) -> Mapping[date, Sum]:
    known = seen.days.get((side, period))
    if known is not None:
        return known
    first, days = await _shown(books, side.service).days(side.book, *period)
    seen.first_day = min((day for day in (seen.first_day, first) if day), default=None)
    seen.days[side, period] = days
    return days


async def _descend(books: Mapping[str, Books], leg: Leg, day: date) -> list[Difference]:
    ours, theirs = _shown(books, leg.source.service), _shown(books, leg.target.service)
    source, target = await ours.shards(leg.source.book, day), await theirs.shards(leg.target.book, day)
    differing = sorted(
        shard
        for shard in source.keys() | target.keys()
        if not source.get(shard, _NOTHING).agrees(target.get(shard, _NOTHING))
    )
    found: list[Difference] = []
    for begin in range(0, len(differing), _SHARDS_AT_ONCE):
        shards = differing[begin : begin + _SHARDS_AT_ONCE]
        found += compare(
            leg,
            day,
            await ours.entries(leg.source.book, day, shards),
            await theirs.entries(leg.target.book, day, shards),
        )
        if len(found) >= MOST_DIFFERENCES:
            break
    return found


def _shown(books: Mapping[str, Books], service: str) -> Books:
    if service not in books:
        raise BooksAway(service, "no address")
    return books[service]
