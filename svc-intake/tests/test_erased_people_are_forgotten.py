"""Who was erased leaves what the law makes the office keep, and nothing else."""

from typing import Any
from uuid import uuid4

import pytest
from intake_world import AGENT, CITIZEN, Intake, food_guide, read

from onestop_messages.base import TOMBSTONE
from onestop_messages.gateway import MandateGiven
from onestop_runtime.inbox import Message


@pytest.fixture(autouse=True)
async def _open_to_persons(intake: Intake) -> None:
    await intake.publish(food_guide() | {"served": ["1", "2"]}, number=2)


async def erase(intake: Intake) -> None:
    assert CITIZEN.sub
    event = {"person_id": str(CITIZEN.sub), "erased_at": intake.clock().isoformat()}
    await intake.apply("person.erased.v1", event, CITIZEN.sub)


async def keys_of(intake: Intake) -> int:
    return len(await intake.rows("SELECT FROM data_key WHERE subject = $1", CITIZEN.sub))


async def drafted(intake: Intake) -> dict[str, Any]:
    """Return a draft of the citizen's, with a form and a material."""
    case = await intake.fill(await intake.open(CITIZEN), caller=CITIZEN)
    return read(await intake.upload(case, caller=CITIZEN))


async def cases(intake: Intake) -> list[str]:
    return [str(row["id"]) for row in await intake.rows("SELECT id FROM case_file ORDER BY id")]


async def test_a_draft_goes_with_its_materials_and_the_key(intake: Intake):
    draft, of_the_company = await drafted(intake), await intake.open(AGENT)
    assert await keys_of(intake) == 1
    await erase(intake)
    assert await cases(intake) == [of_the_company["id"]]
    assert not await intake.rows("SELECT FROM material WHERE case_id = $1", draft["id"])
    assert await keys_of(intake) == 0
    (audited,) = await intake.rows("SELECT verb, detail FROM audit WHERE key = $1", CITIZEN.sub)
    assert (audited["verb"], audited["detail"]) == ("person.forgotten", {"cases_kept": False})


async def test_a_case_that_was_submitted_stays_as_it_is_and_its_key_too(intake: Intake):
    case, _draft = await drafted(intake), await intake.open(CITIZEN)
    await intake.client.context.pool.execute("UPDATE case_file SET state = 'submitted' WHERE id = $1", case["id"])
    await erase(intake)
    assert await cases(intake) == [case["id"]]
    assert len(await intake.rows("SELECT FROM material WHERE case_id = $1", case["id"])) == 1
    assert await keys_of(intake) == 1


async def test_a_tombstone_takes_the_mandate_away(intake: Intake):
    assert AGENT.mandate
    event = intake.example("mandate.given.v1/all-items.json") | {"mandate_id": str(AGENT.mandate)}
    await intake.apply("mandate.given.v1", event, AGENT.mandate)
    assert read(await intake.call(AGENT, "GET", "/cases"))["items"] == []
    topic = MandateGiven.TOPIC
    await intake._applier.take(Message(topic, AGENT.mandate, 3, TOMBSTONE, str(uuid4()), intake.clock(), None))
    assert await intake.rows("SELECT FROM mandate") == []
