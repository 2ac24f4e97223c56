"""Use cases of operators: have a projection rebuilt, look at it, put it into use or give it up."""

from datetime import datetime
from uuid import UUID

from onestop_runtime.events.permissions import PERMISSIONS
from onestop_runtime.ids import uuid7
from onestop_runtime.rebuilds import repository
from onestop_runtime.rebuilds.errors import (
    ProjectionNotFound,
    RebuildEnded,
    RebuildHeldUp,
    RebuildNotFound,
    RebuildNotReady,
    RebuildUnderWay,
)
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.rebuilds.repository import Difference, Rebuild
from onestop_runtime.transaction import Reader, Transaction

Known = dict[str, Projection]
NEWEST = UUID(int=2**128 - 1)


async def start(tx: Transaction, known: Known, projection: str, since: datetime | None) -> Rebuild:
    """Have a projection rebuilt beside the one in use.

    Args:
        tx: the transaction.
        known: the service's projections by name.
        projection: which one.
        since: events from then on are applied to a copy of the present tables; None: all of them to empty ones.

    Raises:
        ProjectionNotFound: when the service has no such projection.
        RebuildUnderWay: when it is being rebuilt already.
    """
    PERMISSIONS.require(tx.caller, "projection.rebuild")
    if projection not in known:
        raise ProjectionNotFound(f"可以重建的有：{'、'.join(known) or '无'}。")
    rebuild_id = uuid7()
    rebuild = await repository.ask(tx.connection, rebuild_id, projection, since, tx.now)
    if rebuild is None:
        raise RebuildUnderWay
    detail = {"projection": projection, "since": since.isoformat() if since else None}
    tx.audit("projection.rebuilt", key=rebuild_id, detail=detail)
    return rebuild


async def page(reader: Reader, before: UUID | None, limit: int) -> list[Rebuild]:
    """Return rebuilds, the newest first."""
    PERMISSIONS.require(reader.caller, "event.read")
    return await repository.rebuilds_before(reader.connection, before or NEWEST, limit)


async def read(reader: Reader, known: Known, rebuild_id: UUID) -> tuple[Rebuild, int, list[Difference]]:
    """Return a rebuild, how many aggregates it could not go on with, and once it is ready, what it would change.

    Raises:
        RebuildNotFound: when there is none.
    """
    PERMISSIONS.require(reader.caller, "event.read")
    rebuild = await _rebuild(reader, rebuild_id)
    if rebuild.ended_at is not None:
        return rebuild, 0, []
    held_up = await repository.held_up_in(reader.connection, rebuild)
    if rebuild.state != "ready":
        return rebuild, held_up, []
    return rebuild, held_up, await repository.differences(reader.connection, rebuild, known[rebuild.projection])


async def swap(tx: Transaction, known: Known, rebuild_id: UUID) -> Rebuild:
    """Put the rebuilt tables in the place of those in use.

    Raises:
        RebuildNotFound, RebuildEnded: when there is none any more.
        RebuildNotReady: when more was applied meanwhile than it has read.
        RebuildHeldUp: when it is not complete.
        RebuildDoesNotFit: when something refers to what would be gone.
    """
    PERMISSIONS.require(tx.caller, "projection.swap")
    rebuild = await _rebuild(tx, rebuild_id, lock=True)
    if rebuild.ended_at is not None:
        raise RebuildEnded
    if rebuild.state != "ready":
        raise RebuildNotReady(retry_after=2)
    projection = known[rebuild.projection]
    await repository.hold_still(tx.connection, rebuild)
    if held_up := await repository.held_up_in(tx.connection, rebuild):
        raise RebuildHeldUp(f"{held_up} 个对象的事件处理不了。")
    if await repository.behind(tx.connection, rebuild, projection.topics):
        raise RebuildNotReady(retry_after=2)
    changes = await repository.differences(tx.connection, rebuild, projection)
    await repository.swap(tx.connection, rebuild, projection)
    await repository.end(tx.connection, rebuild_id, "swapped", tx.now)
    told = {one.table: [one.missing, one.surplus, one.changed] for one in changes}
    tx.audit("projection.swapped", key=rebuild_id, detail={"projection": projection.name, "changes": told})
    return await _rebuild(tx, rebuild_id)


async def abandon(tx: Transaction, rebuild_id: UUID) -> Rebuild:
    """Give a rebuild up; the projection in use stays as it is.

    Raises:
        RebuildNotFound, RebuildEnded: when there is none any more.
    """
    PERMISSIONS.require(tx.caller, "projection.rebuild")
    rebuild = await _rebuild(tx, rebuild_id, lock=True)
    if rebuild.ended_at is not None:
        raise RebuildEnded
    await repository.end(tx.connection, rebuild_id, "abandoned", tx.now)
    tx.audit("projection.abandoned", key=rebuild_id, detail={"projection": rebuild.projection})
    return await _rebuild(tx, rebuild_id)


async def _rebuild(reader: Reader, rebuild_id: UUID, *, lock: bool = False) -> Rebuild:
    rebuild = await repository.rebuild_by_id(reader.connection, rebuild_id, lock=lock)
    if rebuild is None:
        raise RebuildNotFound
    return rebuild
