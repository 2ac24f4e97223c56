"""Obstacles are found, assigned, solved and verified."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.working_days import Calendar, legal_day
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotSignedIn, StaleVersion
from onestop_runtime.sql import Record
from onestop_runtime.transaction import Reader, Transaction
from svc_catalog.obstacles import repository
from svc_catalog.obstacles.domain import Evidence, Field, Obstacle, ObstacleNotFound, Step
from svc_catalog.permissions import PERMISSIONS
from svc_catalog.repository import guides, places


async def record(
    tx: Transaction, field: Field, title: str, description: str, source: str, item_code: str | None
) -> Obstacle:
    """Enter an obstacle in the ledger.

    Raises:
        NotSignedIn, NotPermitted: when the caller may not.
        FieldErrors: when no item has the code, or a text names a person.
    """
    PERMISSIONS.require(tx.caller, "obstacle.record")
    if item_code is not None and await guides.stamp(tx.connection, item_code) is None:
        raise FieldErrors([FieldError("/item_code", "unknown-item", "没有这个编码的事项")])
    found = Obstacle(uuid7(), field, title, description, source, legal_day(tx.now), item_code)
    step = found.found()
    await repository.add(tx.connection, found)
    await _note(tx, found, step)
    return found


async def assign(tx: Transaction, obstacle_id: UUID, seen: int, agency_code: str, due: date, note: str) -> Obstacle:
    """Give an obstacle to an agency until a day; raises as `Obstacle.assign`, and `FieldErrors` for an unknown one."""
    if await places.agency_name(tx.connection, agency_code) is None:
        raise FieldErrors([FieldError("/agency_code", "unknown-agency", "没有登记这个部门")])
    today = legal_day(tx.now)
    return await _done(
        tx, obstacle_id, seen, "obstacle.assign", lambda it, _: it.assign(agency_code, due, note, on=today)
    )


async def solve(
    tx: Transaction, obstacle_id: UUID, seen: int, measure: str, evidence: tuple[Evidence, ...]
) -> Obstacle:
    """Report by what an obstacle is gone; raises as `Obstacle.solve`."""
    today = legal_day(tx.now)
    return await _done(
        tx, obstacle_id, seen, "obstacle.solve", lambda it, by: it.solve(by, measure, evidence, on=today)
    )


async def verify(tx: Transaction, obstacle_id: UUID, seen: int, note: str) -> Obstacle:
    """Confirm that an obstacle is gone; raises as `Obstacle.verify`."""
    return await _done(tx, obstacle_id, seen, "obstacle.verify", lambda it, by: it.verify(by, note))


async def send_back(tx: Transaction, obstacle_id: UUID, seen: int, note: str, due: date) -> Obstacle:
    """Have the agency go on with an obstacle that is still there; raises as `Obstacle.send_back`."""
    today = legal_day(tx.now)
    return await _done(tx, obstacle_id, seen, "obstacle.verify", lambda it, by: it.send_back(by, note, due, on=today))


async def read(reader: Reader, obstacle_id: UUID) -> tuple[Obstacle, list[Record]]:
    """Return an obstacle and what was done to it; raises `ObstacleNotFound`."""
    found = await repository.get(reader.connection, obstacle_id)
    if found is None:
        raise ObstacleNotFound
    return found, await repository.steps(reader.connection, obstacle_id)


async def page(reader: Reader, filters: dict[str, str], after: UUID | None, limit: int) -> list[Obstacle]:
    """Return obstacles with these values, the latest found first, from behind `after` on."""
    return await repository.page(reader.connection, filters, after, limit)


async def totals(reader: Reader) -> dict[Field, Record]:
    """Return by field how many obstacles are in each state, and how many are or were late."""
    return await repository.totals(reader.connection, legal_day(reader.now))


async def calendar(reader: Reader) -> Calendar:
    """Return the working-day calendar, by which lights are set."""
    return await places.calendar(reader.connection)


async def _done(
    tx: Transaction, obstacle_id: UUID, seen: int, action: str, do: Callable[[Obstacle, UUID], Step]
) -> Obstacle:
    found = await repository.get(tx.connection, obstacle_id, lock=True)
    if found is None:
        raise ObstacleNotFound
    PERMISSIONS.require(tx.caller, action, found)
    if found.version != seen:
        raise StaleVersion
    step = do(found, _person(tx))
    await repository.change(tx.connection, found)
    await _note(tx, found, step)
    return found


async def _note(tx: Transaction, of: Obstacle, step: Step) -> None:
    await repository.add_step(tx.connection, of, step, _person(tx), tx.now)
    tx.audit(f"obstacle.{step.happening}", key=of.id)


def _person(tx: Transaction) -> UUID:
    if tx.caller.sub is None:
        raise NotSignedIn
    return tx.caller.sub
