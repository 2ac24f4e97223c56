"""The books of all services as the conservation ledger reads them: our own from the database, the others' over HTTP."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import httpx
from joserfc.jwk import OKPKey

from onestop_runtime import ledger
from onestop_runtime.assertion import HEADER, load_signing_key, make_assertion
from onestop_runtime.caller import system
from onestop_runtime.ledger import Sum, Whereabouts
from onestop_runtime.ledger_routes import PREFIX
from onestop_runtime.logs import TRACEPARENT
from onestop_runtime.settings import ServiceSettings
from onestop_runtime.transaction import acquired
from svc_workflow.domain.conservation import Entry
from svc_workflow.ledger import BOOKS
from svc_workflow.settings import Settings

_ISSUER = "svc-workflow"
_SECONDS = 30.0


class BooksAway(Exception):
    """A service does not show its books at present."""

    def __init__(self, service: str, why: str) -> None:
        super().__init__(f"{service}: {why}")
        self.service = service


class Books(Protocol):
    """The books of one service."""

    async def days(self, book: str, since: date, until: date) -> tuple[date | None, Mapping[date, Sum]]:
        """Return the first day of a book, and what each day of a period comes to."""

    async def shards(self, book: str, day: date) -> Mapping[str, Sum]:
        """Return what each shard of a day comes to."""

    async def entries(self, book: str, day: date, shards: Sequence[str]) -> list[Entry]:
        """Return all entries of some shards of a day."""

    async def whereabouts(self, topic: str, keys: Sequence[UUID]) -> list[Whereabouts]:
        """Return where the events of some aggregates are."""


class OwnBooks:
    """Ours."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def days(self, book: str, since: date, until: date) -> tuple[date | None, Mapping[date, Sum]]:
        """See `Books`."""
        one = ledger.book(BOOKS, book)
        async with acquired(self._pool) as connection:
            return await one.first_day(connection), await one.days(connection, since, until)

    async def shards(self, book: str, day: date) -> Mapping[str, Sum]:
        """See `Books`."""
        async with acquired(self._pool) as connection:
            return await ledger.book(BOOKS, book).shards(connection, day)

    async def entries(self, book: str, day: date, shards: Sequence[str]) -> list[Entry]:
        """See `Books`."""
        async with acquired(self._pool) as connection:
            found = await ledger.book(BOOKS, book).entries(connection, day, shards, None, None)
        return [Entry(one.id, one.mark, one.state, one.key, one.belongs_to) for one in found]

    async def whereabouts(self, topic: str, keys: Sequence[UUID]) -> list[Whereabouts]:
        """See `Books`."""
        async with acquired(self._pool) as connection:
            return await ledger.whereabouts(connection, topic, keys)


class OtherBooks:
    """Those of another service, which lets us in as ourselves."""

    def __init__(self, service: str, client: httpx.AsyncClient, key: OKPKey) -> None:
        self._service = service
        self._client = client
        self._key = key

    async def days(self, book: str, since: date, until: date) -> tuple[date | None, Mapping[date, Sum]]:
        """See `Books`; raises `BooksAway`, as all of them do."""
        told = await self._ask(f"/books/{book}/days", since=since.isoformat(), until=until.isoformat())
        first = told["first_day"]
        return first and date.fromisoformat(first), {
            date.fromisoformat(day["day"]): Sum(day["counts"], int(day["digest"], 16)) for day in told["days"]
        }

    async def shards(self, book: str, day: date) -> Mapping[str, Sum]:
        """See `Books`."""
        told = await self._ask(f"/books/{book}/shards", day=day.isoformat())
        return {one["shard"]: Sum({"": one["count"]}, int(one["digest"], 16)) for one in told["shards"]}

    async def entries(self, book: str, day: date, shards: Sequence[str]) -> list[Entry]:
        """See `Books`."""
        found: list[Entry] = []
        cursor: str | None = None
        while True:
            following = {"cursor": cursor} if cursor else {}
            told = await self._ask(f"/books/{book}/entries", day=day.isoformat(), shard=list(shards), **following)
            found += [_entry(one) for one in told["items"]]
            cursor = told["next"]
            if cursor is None:
                return found

    async def whereabouts(self, topic: str, keys: Sequence[UUID]) -> list[Whereabouts]:
        """See `Books`."""
        told = await self._ask("/whereabouts", topic=topic, key=[str(key) for key in keys])
        return [Whereabouts(**one | {"key": UUID(one["key"])}) for one in told]

    async def _ask(self, path: str, **question: Any) -> Any:
        assertion = make_assertion(system(_ISSUER), self._key, issuer=_ISSUER, audience=f"svc-{self._service}")
        headers = {HEADER: assertion}
        if traceparent := TRACEPARENT.get():
            headers["traceparent"] = traceparent
        try:
            answer = await self._client.get(f"{PREFIX}{path}", params=question, headers=headers)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise BooksAway(self._service, type(error).__name__) from error


def _entry(told: Mapping[str, Any]) -> Entry:
    ids = {name: UUID(told[name]) if told[name] else None for name in ("key", "belongs_to")}
    return Entry(UUID(told["id"]), told["mark"], told["state"], ids["key"], ids["belongs_to"])


@asynccontextmanager
async def library(
    settings: ServiceSettings, pool: asyncpg.Pool, transports: Mapping[str, httpx.AsyncBaseTransport] | None = None
) -> AsyncIterator[Mapping[str, Books]]:
    """Open the books of all services whose address is known, by service.

    Args:
        settings: with the addresses, and the key by which we state ourselves.
        pool: our own database.
        transports: how to reach a service, where not over the network.
    """
    if not isinstance(settings, Settings):
        raise TypeError("svc-workflow runs with its own settings")
    key = load_signing_key(settings.system_key) if settings.system_key else None
    clients = {
        service: httpx.AsyncClient(
            base_url=url, timeout=_SECONDS, transport=(transports or {}).get(service), trust_env=False
        )
        for service, url in settings.ledger_urls.items()
    }
    try:
        others = {service: OtherBooks(service, client, key) for service, client in clients.items() if key}
        yield {"workflow": OwnBooks(pool), **others}
    finally:
        for client in clients.values():
            await client.aclose()
