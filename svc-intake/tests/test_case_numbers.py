"""A case number is the implementation code, the legal day and a serial of at least four digits; never given twice."""

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest
from intake_world import GUIDE_CODE, Intake, read

DAY = date(2026, 3, 9)


async def test_serials_count_per_item_and_legal_day(intake: Intake):
    first, second = await intake.complete_draft(), await intake.complete_draft()
    numbers = [read(await intake.submit(case), 201)["case_number"] for case in (first, second)]
    third = await intake.complete_draft()
    intake.clock.instant = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)  # half past midnight in Qinhuangdao
    numbers.append(read(await intake.submit(third), 201)["case_number"])
    assert [number.removeprefix(GUIDE_CODE) for number in numbers] == ["202603090001", "202603090002", "202603100001"]


async def test_drawn_in_company_no_number_is_given_twice(intake: Intake):
    numbers = intake.client.context.state.numbers
    drawn = await asyncio.gather(*(numbers.draw(code, DAY) for code in ("a", "b") for _ in range(200)))
    assert sorted(drawn[:200]) == sorted(drawn[200:]) == list(range(1, 201))


async def test_who_gives_up_waiting_keeps_nobody_else_waiting(intake: Intake):
    numbers = intake.client.context.state.numbers
    draws = [asyncio.get_running_loop().create_task(numbers.draw("a", DAY)) for _ in range(20)]
    await asyncio.sleep(0)
    for draw in draws[::2]:
        draw.cancel()
    serials = await asyncio.gather(*draws[1::2])
    assert len(set(serials)) == 10
    assert all(draw.cancelled() for draw in draws[::2])


async def test_a_counter_that_is_away_gives_no_number_and_comes_back(intake: Intake):
    numbers = intake.client.context.state.numbers
    await numbers.draw("a", DAY)
    await intake.rows("ALTER TABLE case_counter RENAME TO away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await numbers.draw("a", DAY)
    await intake.rows("ALTER TABLE away RENAME TO case_counter")
    assert await numbers.draw("a", DAY) == 2
