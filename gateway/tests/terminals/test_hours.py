"""A terminal that is closed gets nothing, and what it has ends when it closes."""

from datetime import datetime
from typing import Any

ME = "/api/gateway/v1/me"
TERMINALS = "/api/gateway/v1/terminals"
MORNINGS = [{"days": [1, 2, 3, 4, 5], "opens": "08:30", "closes": "12:00"}]


async def test_its_tokens_end_when_it_closes(monday_morning: datetime, new_kiosk: Any, clock: Any):
    kiosk = await new_kiosk(hours=MORNINGS)
    clock.at = monday_morning
    clock.pass_(hours=2, minutes=59)
    answered = (await kiosk.exchange(grant_type="client_credentials")).json()
    assert answered["expires_in"] in {59, 60}
    tokens = await kiosk.tokens()
    clock.pass_(seconds=66)
    assert (await kiosk.call(answered["access_token"], ME)).status_code == 401
    for refused in (await kiosk.exchange(grant_type="client_credentials"), await kiosk.refresh(tokens)):
        assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")


async def test_it_opens_again_the_next_day(monday_morning: datetime, new_kiosk: Any, clock: Any):
    kiosk = await new_kiosk(hours=MORNINGS)
    clock.at = monday_morning
    clock.pass_(hours=4)
    assert (await kiosk.exchange(grant_type="client_credentials")).status_code == 400
    clock.pass_(hours=20)
    assert (await kiosk.exchange(grant_type="client_credentials")).status_code == 200
    clock.pass_(days=4)
    assert (await kiosk.exchange(grant_type="client_credentials")).status_code == 400


async def test_other_hours_count_at_once(admin: Any, kiosk: Any, clock: Any):
    token = await kiosk.own_token()
    shown = await admin.ask("GET", f"{TERMINALS}/{kiosk.id}")
    day = clock.at.isoweekday() % 7 + 2
    fields = {it: shown.json()[it] for it in ("name", "place", "region", "hall", "agency")}
    hours = [{"days": [(day - 1) % 7 + 1], "opens": "08:00", "closes": "08:01"}]
    clock.pass_(seconds=1)
    changed = await admin.ask(
        "PUT", f"{TERMINALS}/{kiosk.id}", json=fields | {"hours": hours}, headers={"If-Match": shown.headers["etag"]}
    )
    assert changed.status_code == 200, changed.text
    await admin.look()
    assert (await kiosk.call(token, ME)).status_code == 401
    assert (await kiosk.exchange(grant_type="client_credentials")).json()["error"] == "unauthorized_client"
