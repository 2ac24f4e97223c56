"""What a client sends in a day is added up over all processes, and ends at its quota."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.edge.client_use import ClientUse, QuotaExhausted

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""Noon in Asia/Shanghai, twelve hours before the next legal day."""


class HandClock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def pool(gateway: Any) -> Any:
    await gateway.context.pool.execute("UPDATE client SET requests_per_day = 3 WHERE client_id = 'department'")
    return gateway.context.pool


@pytest.fixture
async def use(pool: Any, hand_clock: HandClock) -> ClientUse:
    opened = ClientUse(hand_clock)
    await opened.tell(pool)
    return opened


def count(use: ClientUse, times: int, client: str = "department") -> None:
    for _ in range(times):
        use.count(client)


async def test_a_client_is_refused_from_its_quota_on_until_the_day_is_over(
    use: ClientUse, pool: Any, hand_clock: HandClock
):
    count(use, 3)
    for _ in range(2):
        with pytest.raises(QuotaExhausted) as refused:
            use.count("department")
        assert refused.value.retry_after == 12 * 3600 + 1
        assert (refused.value.policy, refused.value.left) == (b'"day";q=3;w=86400', b'"day";r=0;t=43201')
        await use.tell(pool)
    hand_clock.at += timedelta(hours=12)
    await use.tell(pool)
    count(use, 3)


async def test_what_other_processes_let_through_counts_when_they_have_told(
    use: ClientUse, pool: Any, hand_clock: HandClock
):
    other = ClientUse(hand_clock)
    await other.tell(pool)
    count(use, 2)
    count(other, 1)
    await use.tell(pool)
    await other.tell(pool)
    for process in (use, other):
        await process.tell(pool)
        with pytest.raises(QuotaExhausted):
            process.count("department")


async def test_who_has_no_quota_is_counted_and_never_refused(use: ClientUse, pool: Any):
    count(use, 50, "web")
    await use.tell(pool)
    count(use, 7, "web")
    await use.tell(pool)
    row = await pool.fetchrow("SELECT * FROM client_requests")
    assert dict(row) == {"client_id": "web", "day": date(2026, 3, 2), "requests": 57}


async def test_nothing_that_was_counted_is_lost_while_the_database_is_away(use: ClientUse, pool: Any):
    count(use, 5, "web")
    await pool.execute("ALTER TABLE client_requests RENAME TO gone")
    with pytest.raises(Exception, match="client_requests"):
        await use.tell(pool)
    count(use, 1, "web")
    await pool.execute("ALTER TABLE gone RENAME TO client_requests")
    await use.tell(pool)
    assert await pool.fetchval("SELECT requests FROM client_requests") == 6


async def test_administrators_see_how_much_a_client_is_used(gateway: Any, browser: Any):
    tokens = await browser.tokens(browser.asked(), "admin")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    for _ in range(2):
        assert (await browser.get("/api/gateway/v1/me", headers=bearer)).status_code == 200
    await gateway.context.state.admission.use.tell(gateway.context.pool)
    shown = await browser.get("/api/gateway/v1/clients/web/requests", headers=bearer)
    assert [day["requests"] for day in shown.json()] == [2]


async def test_a_client_that_has_used_up_its_quota_is_refused_by_our_own_api_too(gateway: Any, browser: Any):
    tokens = await browser.tokens(browser.asked())
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    await gateway.context.pool.execute("UPDATE client SET requests_per_day = 1 WHERE client_id = 'web'")
    await gateway.context.state.admission.use.tell(gateway.context.pool)
    seen = await browser.get("/api/gateway/v1/me", headers=bearer)
    assert seen.headers["ratelimit-policy"] == '"read-person";q=600;w=60'
    refused = await browser.get("/api/gateway/v1/me", headers=bearer)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/quota-exhausted")
    assert refused.headers["ratelimit-policy"] == '"day";q=1;w=86400'
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
