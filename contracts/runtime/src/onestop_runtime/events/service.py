"""Use cases of operators: see what is held up, have it tried again, discard it for a reason."""

from typing import Any, NoReturn
from uuid import UUID

from onestop_runtime.events import repository
from onestop_runtime.events.errors import HeldUpChanged, NotHeldUp, NothingToReplay, UnderReplay
from onestop_runtime.events.permissions import PERMISSIONS
from onestop_runtime.events.repository import HeldUp, Place
from onestop_runtime.sql import Record
from onestop_runtime.transaction import Reader, Transaction

NEWEST = 2**63 - 1


async def flow(reader: Reader) -> tuple[list[Record], list[Record], Record]:
    """Return depth and age of the outbox by topic, the relay workers, and how much is held up."""
    PERMISSIONS.require(reader.caller, "event.read")
    connection = reader.connection
    return await repository.depths(connection), await repository.relays(connection), await repository.counts(connection)


async def page(reader: Reader, after: tuple[str, str, UUID] | None, limit: int, **filters: Any) -> list[HeldUp]:
    """Return what is held up behind the place `after`."""
    PERMISSIONS.require(reader.caller, "event.read")
    return await repository.held_up_after(reader.connection, after, limit, **filters)


async def read(reader: Reader, place: Place) -> tuple[HeldUp, dict[str, Any], Any]:
    """Return what is held up at a place, with headers and payload of the event; raises `NotHeldUp`."""
    PERMISSIONS.require(reader.caller, "event.read")
    held = await _held(reader, place)
    return held, *await repository.event_of(reader.connection, held)


async def replay(tx: Transaction, place: Place) -> HeldUp:
    """Have the event that failed tried again; what waits behind it follows in order.

    Raises:
        NotHeldUp: when nothing is held up there.
        NothingToReplay: when the event never arrived.
    """
    PERMISSIONS.require(tx.caller, "event.replay")
    held = await _held(tx, place)
    if held.state == "gap":
        raise NothingToReplay
    await replay_all(tx, side=place.side, topic=place.topic, key=place.key)
    return await _held(tx, place)


async def replay_all(tx: Transaction, *, side: str | None, topic: str | None, key: UUID | None) -> int:
    """Have everything that failed tried again; return of how many aggregates."""
    PERMISSIONS.require(tx.caller, "event.replay")
    asked = await repository.replay(tx.connection, tx.now, side, topic, key)
    for one in asked:
        detail = {name: one[name] for name in ("side", "topic", "sequence")}
        tx.audit("event.replayed", key=one["key"], detail=detail)
    return len(asked)


async def discard(tx: Transaction, place: Place, sequence: int, reason: str) -> tuple[int, int]:
    """Go on without an event: one that fails, or those that never arrived. What was passed over is recorded.

    Args:
        tx: the transaction.
        place: where it is held up.
        sequence: the event that the operator has seen there.
        reason: why nothing else helps.

    Returns:
        First and last sequence that were passed over.

    Raises:
        NotHeldUp: when nothing is held up there (any more).
        HeldUpChanged: when it is another event by now.
        UnderReplay: when it is being published again.
    """
    PERMISSIONS.require(tx.caller, "event.discard")
    if place.side == "in":
        await repository.lock(tx.connection, place)
    held = await _held(tx, place)
    if held.sequence != sequence:
        _changed(held)
    if held.side == "out" and held.state == "replaying":
        raise UnderReplay
    ways = {"out": repository.discard_leaving, "in": repository.discard_letter}
    way = repository.discard_missing if held.state == "gap" else ways[held.side]
    last = await way(tx.connection, held, reason, tx.caller.sub, tx.now)
    if last is None:
        _changed(held)
    detail = {"side": held.side, "topic": held.topic, "sequence": held.sequence, "last": last, "reason": reason}
    tx.audit("event.discarded", key=held.key, detail=detail)
    return held.sequence, last


async def discarded(
    reader: Reader, before: int | None, limit: int, topic: str | None, key: UUID | None
) -> list[Record]:
    """Return what was discarded, the newest first, older than `before`."""
    PERMISSIONS.require(reader.caller, "event.read")
    return await repository.discarded_before(reader.connection, before or NEWEST, limit, topic, key)


async def _held(reader: Reader, place: Place) -> HeldUp:
    held = await repository.held_up_at(reader.connection, place)
    if held is None:
        raise NotHeldUp("这一对象没有搁置的事件，可能已经处理完毕。")
    return held


def _changed(held: HeldUp) -> NoReturn:
    raise HeldUpChanged(f"现在搁置的是第 {held.sequence} 个事件。")
