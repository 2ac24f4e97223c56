"""A file is written before its row; what no row names is removed later, what a row names never."""

from datetime import UTC, datetime, timedelta

from intake_world import AGENT, Intake, read

from onestop_runtime import clock as wall
from svc_intake.service import sweeping


async def files(intake: Intake) -> int:
    found = intake.client.context.state.files.older_than(datetime(2099, 1, 1, tzinfo=UTC))
    return sum([len(batch) async for batch in found])


async def test_only_orphans_are_removed(intake: Intake):
    kept = read(await intake.upload(await intake.open()))
    replaced = read(await intake.upload(await intake.open()))
    read(await intake.upload(replaced))
    thrown_away = read(await intake.upload(await intake.open()))
    await intake.call(AGENT, "DELETE", f"/cases/{thrown_away['id']}", version=thrown_away["version"])
    assert await files(intake) == 4
    intake.clock.instant = wall.now() + timedelta(hours=2)
    assert await sweeping.sweep(intake.client.context) == 2
    assert await files(intake) == 2
    assert (await intake.call(AGENT, "GET", f"/cases/{kept['id']}/materials/M01/content")).status_code == 200


async def test_a_young_orphan_may_be_an_upload_under_way(intake: Intake):
    case = read(await intake.upload(await intake.open()))
    await intake.call(AGENT, "DELETE", f"/cases/{case['id']}", version=case["version"])
    intake.clock.instant = wall.now() + timedelta(minutes=10)
    assert await sweeping.sweep(intake.client.context) == 0
