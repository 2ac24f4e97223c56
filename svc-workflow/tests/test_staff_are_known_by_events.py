"""Appointments come and go by events: the first version of an end beside the second, and the tombstone."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from office import example

from onestop_messages.base import TOMBSTONE
from onestop_messages.gateway import StaffAppointed, StaffDismissed, StaffDismissedV2
from onestop_runtime.inbox import Applier, Message

APPOINTED = example("staff.appointed.v1", "reviewer")
DISMISSED, WHOLE = example("staff.dismissed.v1", "transfer"), example("staff.dismissed.v2", "transfer")


async def take(client: Any, key: UUID, sequence: int, kind: str, data: dict[str, Any] | None) -> None:
    told = None if data is None else data | {"staff_id": str(key)}
    message = Message(StaffAppointed.TOPIC, key, sequence, kind, str(uuid4()), client.context.clock(), told)
    await Applier(client.context).take(message)
    assert await client.context.pool.fetchval("SELECT count(*) FROM dead_letter WHERE key = $1", key) == 0


async def known(client: Any, key: UUID) -> tuple[str, str] | None:
    row = await client.context.pool.fetchrow("SELECT display_name, valid_to FROM staff WHERE staff_id = $1", key)
    return (row["display_name"], str(row["valid_to"])) if row else None


ENDED = (WHOLE["display_name"], WHOLE["valid_to"])


@pytest.mark.parametrize("told", [[StaffDismissed], [StaffDismissed, StaffDismissedV2]], ids=["v1", "v1 and v2"])
async def test_an_end_is_understood_in_the_version_that_comes(client: Any, told: list[Any]):
    key = uuid4()
    await take(client, key, 1, StaffAppointed.TYPE, APPOINTED)
    for sequence, event in enumerate(told, 2):
        await take(client, key, sequence, event.TYPE, WHOLE if event is StaffDismissedV2 else DISMISSED)
    assert await known(client, key) == ENDED


async def test_of_a_compacted_topic_the_second_version_alone_tells_all(client: Any):
    """The first one, alone, told a reader who came late nothing that he could keep."""
    late, too_late = uuid4(), uuid4()
    await take(client, too_late, 2, StaffDismissed.TYPE, DISMISSED)
    await take(client, late, 3, StaffDismissedV2.TYPE, WHOLE)
    assert (await known(client, too_late), await known(client, late)) == (None, ENDED)


async def test_an_appointment_of_who_was_erased_is_kept_no_more(client: Any):
    key = uuid4()
    await take(client, key, 1, StaffAppointed.TYPE, APPOINTED)
    await take(client, key, 4, TOMBSTONE, None)
    assert await known(client, key) is None
    assert await client.context.pool.fetchval("SELECT last FROM inbox WHERE key = $1", key) == 4
