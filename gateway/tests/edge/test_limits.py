"""Nobody sends more requests than his rate lets through, however many processes and machines count them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from gateway.edge.limiter import Charge, LocalLimiter, subject
from gateway.edge.rates import KINDS, Rate, Rates, TooManyRequests, rates
from gateway.edge.routes import ServiceRoutes
from gateway.edge.shared_limiter import ALONE, SharedLimiter
from onestop_runtime.caller import Caller
from onestop_runtime.ids import uuid7

if TYPE_CHECKING:
    from conftest import Seen, Stage

THREE = Rate("three", 3, 30)
ME, YOU, WE = (subject("test", name) for name in ("me", "you", "we"))


class HandClock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def limiter(hand_clock: HandClock) -> LocalLimiter:
    return LocalLimiter(subjects=64, clock=hand_clock)


def passed(limiter: LocalLimiter, *charges: Charge, tries: int = 100) -> int:
    count = 0
    for _ in range(tries):
        try:
            limiter.take_here(charges)
        except TooManyRequests:
            return count
        count += 1
    return count


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("factor", [0.001, 1, 7.3, 40])
def test_exactly_as_many_pass_at_once_as_the_rate_says(hand_clock: HandClock, kind: str, factor: float):
    for rate in (rates(factor)[kind].person, rates(factor)[kind].address):
        limiter = LocalLimiter(subjects=64, clock=hand_clock)
        assert passed(limiter, (ME, rate), tries=rate.requests + 5) == rate.requests


def test_what_was_sent_is_refilled_evenly(limiter: LocalLimiter, hand_clock: HandClock):
    assert passed(limiter, (ME, THREE)) == 3
    hand_clock.at += 9.9
    assert passed(limiter, (ME, THREE)) == 0
    hand_clock.at += 0.2
    assert passed(limiter, (ME, THREE)) == 1
    hand_clock.at += 30
    assert passed(limiter, (ME, THREE)) == 3


@given(st.lists(st.floats(0, 20), max_size=60))
def test_no_stretch_of_time_lets_through_more_than_a_burst_and_what_is_refilled(pauses: list[float]):
    hand_clock = HandClock()
    limiter = LocalLimiter(subjects=64, clock=hand_clock)
    moments = []
    for pause in pauses:
        hand_clock.at += pause
        try:
            limiter.take_here([(ME, THREE)])
        except TooManyRequests:
            continue
        moments.append(hand_clock.at)
    for first, begun in enumerate(moments):
        for last, ended in enumerate(moments[first:], start=1):
            assert last <= 3 + (ended - begun) / 10 + 0.02


def test_a_refusal_says_when_the_next_one_passes(limiter: LocalLimiter, hand_clock: HandClock):
    passed(limiter, (ME, THREE))
    hand_clock.at += 3.5
    with pytest.raises(TooManyRequests) as refused:
        limiter.take_here([(ME, THREE)])
    assert refused.value.retry_after == 7
    assert (refused.value.policy, refused.value.left) == (b'"three";q=3;w=30', b'"three";r=0;t=27')
    hand_clock.at += 7
    assert passed(limiter, (ME, THREE)) == 1


def test_who_is_refused_for_himself_uses_up_nothing_that_he_shares(limiter: LocalLimiter):
    ours = Rate("ours", 10, 30)
    assert passed(limiter, (ME, THREE), (WE, ours)) == 3
    assert passed(limiter, (YOU, Rate("more", 50, 30)), (WE, ours)) == 7


def test_a_full_table_forgets_who_owes_least(hand_clock: HandClock):
    limiter = LocalLimiter(subjects=8, clock=hand_clock)
    assert passed(limiter, (ME, THREE)) == 3
    for other in range(1, 100):
        limiter.take_here([(other << 20, Rate("one", 1, 1))])
        hand_clock.at += 0.01
    assert passed(limiter, (ME, THREE)) == 0


def test_what_is_left_from_before_a_restart_of_the_machine_holds_nobody_up(tmp_path: Path, hand_clock: HandClock):
    assert passed(LocalLimiter(tmp_path / "rates", subjects=64, clock=hand_clock), (ME, THREE)) == 3
    hand_clock.at = 1.0
    assert passed(LocalLimiter(tmp_path / "rates", subjects=64, clock=hand_clock), (ME, THREE)) == 3


def test_a_file_of_another_size_is_refused(tmp_path: Path):
    LocalLimiter(tmp_path / "rates", subjects=64)
    with pytest.raises(ValueError, match="another number of subjects"):
        LocalLimiter(tmp_path / "rates", subjects=128)


_WORKER = """
import sys
from pathlib import Path
from gateway.edge.limiter import LocalLimiter, subject
from gateway.edge.rates import Rate, TooManyRequests

limiter = LocalLimiter(Path(sys.argv[1]), subjects=64)
charges = [(subject("test", name), Rate("many", 4000, 1_000_000)) for name in ("address", "person")]
sys.stdin.readline()
passed = 0
for _ in range(3000):
    try:
        limiter.take_here(charges)
        passed += 1
    except TooManyRequests:
        pass
print(passed)
"""


def test_processes_of_one_machine_count_together_to_the_last_request(tmp_path: Path):
    command = [sys.executable, "-c", _WORKER, str(tmp_path / "rates")]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    each = [int(worker.communicate(timeout=60)[0]) for worker in workers]
    assert sum(each) == 4000
    assert sum(one > 0 for one in each) > 1


@pytest.fixture
async def shared(gateway: Any) -> SharedLimiter:
    return SharedLimiter(gateway.context, LocalLimiter(subjects=64))


async def shared_passed(limiter: SharedLimiter, *charges: Charge, tries: int) -> int:
    async def one() -> bool:
        try:
            await limiter.take(charges)
        except TooManyRequests:
            return False
        return True

    return sum(await asyncio.gather(*(one() for _ in range(tries))))


async def test_machines_count_together_to_the_last_request(gateway: Any, shared: SharedLimiter):
    other = SharedLimiter(gateway.context, LocalLimiter(subjects=64))
    charges = [(ME, Rate("mine", 40, 100_000)), (WE, Rate("ours", 100, 100_000))]
    each = await asyncio.gather(*(shared_passed(it, *charges, tries=50) for it in (shared, other)))
    assert sum(each) == 40
    assert await shared_passed(shared, (WE, Rate("ours", 100, 100_000)), tries=100) == 60


async def test_the_database_says_what_is_left_and_when_the_next_one_passes(shared: SharedLimiter):
    rate = Rate("two", 2, 100_000)
    assert await shared.take([(ME, rate)]) == [pytest.approx(50_000, abs=1)]
    assert await shared.take([(YOU, rate), (ME, rate)]) == [pytest.approx(50_000, abs=1), pytest.approx(100_000, abs=1)]
    with pytest.raises(TooManyRequests) as refused:
        await shared.take([(ME, rate), (YOU, rate)])
    assert refused.value.retry_after == pytest.approx(50_000, abs=2)
    assert await shared.take([(YOU, rate)]) == [pytest.approx(100_000, abs=1)]


async def test_while_the_database_is_away_each_process_counts_alone(gateway: Any, shared: SharedLimiter):
    counted = ALONE._value.get()
    await gateway.context.pool.execute("ALTER TABLE rate_use RENAME TO gone")
    assert await shared_passed(shared, (ME, THREE), tries=5) == 3
    assert ALONE._value.get() == counted + 5


intake = ServiceRoutes("intake")
CASES = "/api/intake/v1/cases"
LISTED = [intake.get("/cases"), intake.get("/items", public=True), intake.post("/cases")]


def few(person: int = 50, client: int = 50, address: int = 50) -> dict[str, Rates]:
    """Return rates that are soon exhausted."""
    counts = {"person": person, "client": client, "address": address}
    return {
        kind: Rates(**{who: Rate(f"{kind}-{who}", count, 3600) for who, count in counts.items()})
        for kind in ("read", "write")
    }


def bearer(stage: Stage, **caller: Any) -> dict[str, str]:
    known = {"sub": uuid7(), "kind": "natural", "acr": "2", "client": "web", **caller}
    return {"Authorization": f"Bearer {stage.token(Caller(**known))}"}


async def statuses(client: httpx.AsyncClient, url: str, headers: dict[str, str], tries: int) -> list[int]:
    return [(await client.get(url, headers=headers)).status_code for _ in range(tries)]


async def test_every_answer_says_what_is_left(stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp):
    stage.rates = few(person=10)
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    me = bearer(stage)
    for left in (9, 8):
        answer = await client.get(edge + CASES, headers=me)
        assert answer.headers["ratelimit-policy"] == '"read-person";q=10;w=3600'
        assert answer.headers["ratelimit"] == f'"read-person";r={left};t={(10 - left) * 360}'
    nobody = await client.get(f"{edge}/api/intake/v1/items")
    assert nobody.headers["ratelimit"] == '"read-address";r=47;t=216'
    system = await client.get(edge + CASES, headers=bearer(stage, kind="system"))
    assert system.headers["ratelimit-policy"] == '"read-client";q=50;w=3600'


async def test_who_comes_too_often_is_told_when_to_come_back(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    stage.rates = few(person=2)
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    me = bearer(stage)
    assert await statuses(client, edge + CASES, me, 2) == [200, 200]
    seen.scope = {}
    refused = await client.get(edge + CASES, headers=me)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-requests")
    assert 1790 < int(refused.headers["retry-after"]) <= 1800
    assert refused.headers["ratelimit"] == '"read-person";r=0;t=3600'
    assert not seen.scope
    assert (await client.post(edge + CASES, headers=me)).status_code == 200  # what changes something counts apart
    assert await statuses(client, edge + CASES, bearer(stage), 1) == [200]


async def test_a_client_is_held_to_its_rate_whoever_uses_it(stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp):
    stage.rates = few(person=2, client=3)
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    assert await statuses(client, edge + CASES, bearer(stage), 3) == [200, 200, 429]
    assert await statuses(client, edge + CASES, bearer(stage), 2) == [200, 429]
    assert await statuses(client, edge + CASES, bearer(stage, client="other"), 1) == [200]


async def test_an_address_is_held_to_its_rate_also_by_what_is_refused(
    stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp
):
    stage.rates = few(address=4)
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    bad = {"Authorization": "Bearer x.y.z"}
    assert await statuses(client, edge + CASES, bad, 2) == [401, 401]
    assert await statuses(client, f"{edge}/api/intake/v1/nothing", {}, 2) == [404, 404]
    assert await statuses(client, f"{edge}/api/intake/v1/nothing", {}, 1) == [429]
    assert await statuses(client, f"{edge}/api/intake/v1/items", {}, 1) == [429]
    assert await statuses(client, edge + CASES, bearer(stage), 1) == [429]
