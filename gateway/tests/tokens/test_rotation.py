"""Keys follow one another while people sign in, and nobody notices."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from gateway.housekeeping import delete_what_is_over
from gateway.main import SERVICE
from gateway.seed import fill
from gateway.tokens.domain import LAST_TOKEN, REMEMBERED, RotationUnderWay
from gateway.tokens.keystore import Rotation, publish_next, stored_keys
from onestop_local.testing.client import signing_key
from onestop_runtime.assertion import GATEWAY

PATH = "/api/gateway/v1/signing-keys"
LEAD = timedelta(minutes=10)


async def look(gateway: Any) -> None:
    """Let a process look which keys there are, as it does each second."""
    context = gateway.context
    async with context.pool.acquire() as connection:
        await context.state.keystore.look(connection, context.clock())


async def tend(gateway: Any, every: timedelta | None = None) -> None:
    context = gateway.context
    keys = await stored_keys(context.pool)
    await context.state.keystore._tend(context, keys, Rotation(LEAD, every))
    await look(gateway)


async def kids(browser: Any, algorithm: str = "ES256") -> list[str]:
    """Return which keys are published; those of the other algorithm go with them."""
    keys: dict[str, list[str]] = {"ES256": [], "RS256": []}
    for key in (await browser.get("/oauth/jwks")).json()["keys"]:
        keys[key["alg"]].append(key["kid"])
    assert len(keys["ES256"]) == len(keys["RS256"])
    return keys[algorithm]


async def rotate(browser: Any, *, at_once: bool = False, who: str = "operator") -> Any:
    headers = await browser.bearer(who) | {"Idempotency-Key": str(uuid4())}
    return await browser.post(PATH, json={"at_once": at_once}, headers=headers)


async def test_a_key_is_published_before_it_signs_and_believed_until_its_last_token_has_expired(
    gateway: Any, browser: Any, open_browser: Any, clock: Any
):
    (first,) = await kids(browser)
    published = await rotate(open_browser())
    assert published.status_code == 201, published.text
    second, by_rsa = (key["kid"] for key in published.json())
    await look(gateway)
    assert await kids(browser) == [first, second]
    clock.pass_(minutes=9)
    held = await browser.tokens(browser.asked())
    clock.pass_(minutes=1)
    await look(gateway)
    assert await kids(browser) == [second, first]
    assert gateway.context.state.ring.signing.kid == second
    assert gateway.context.state.ring.signers["RS256"].kid == by_rsa
    assert (await browser.userinfo(held["access_token"])).status_code == 200
    clock.at += LAST_TOKEN
    await tend(gateway)
    assert await kids(browser) == [second]
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM signing_key WHERE private_jwk IS NULL") == 2
    hinted = {"id_token_hint": held["id_token"], "post_logout_redirect_uri": "https://web.test/"}
    assert (await browser.get("/oauth/end-session", params=hinted)).status_code == 303
    clock.at += REMEMBERED + timedelta(seconds=1)
    await delete_what_is_over(gateway.context.pool, clock())
    await look(gateway)
    assert (await browser.get("/oauth/end-session", params=hinted)).status_code == 400


async def test_only_one_key_waits_for_its_time(browser: Any, open_browser: Any):
    answers = await asyncio.gather(*(rotate(open_browser()) for _ in range(5)))
    assert sorted(it.status_code for it in answers) == [201, 409, 409, 409, 409]
    assert {it.json()["type"] for it in answers if it.status_code == 409} == {"/problems/rotation-under-way"}
    refused = await rotate(open_browser(), who="reviewer")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")
    shown = await browser.get(PATH, headers=await open_browser().bearer("admin"))
    assert [key["retired_at"] is None for key in shown.json()] == [True, True, False, False]
    assert [key["algorithm"] for key in shown.json()] == ["RS256", "ES256"] * 2


async def test_what_a_stolen_key_has_signed_counts_no_more_at_once(gateway: Any, browser: Any, open_browser: Any):
    held = await browser.tokens(browser.asked())
    assert (await browser.userinfo(held["access_token"])).status_code == 200
    (stolen,) = await kids(browser)
    assert (await rotate(open_browser(), at_once=True)).status_code == 201
    await look(gateway)
    assert stolen not in await kids(browser)
    assert (await browser.userinfo(held["access_token"])).status_code == 401
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert (await browser.get("/api/gateway/v1/me", headers=bearer)).status_code == 401
    hint = {"id_token_hint": held["id_token"]}
    assert (await browser.get("/oauth/end-session", params=hint)).status_code == 400
    again = await browser.refresh(held["refresh_token"])
    assert (await browser.userinfo(again.json()["access_token"])).status_code == 200


async def test_keys_follow_one_another_by_themselves(gateway: Any, browser: Any, clock: Any):
    (first,) = await kids(browser)
    every = timedelta(days=90)
    await tend(gateway, every)
    assert await kids(browser) == [first]
    clock.at += every
    await tend(gateway, every)
    await tend(gateway, every)
    _, second = await kids(browser)
    clock.at += LEAD
    await tend(gateway, every)
    assert await kids(browser) == [second, first]
    clock.at += LAST_TOKEN
    await tend(gateway, every)
    assert await kids(browser) == [second]


async def test_a_nonce_is_good_while_processes_move_from_one_key_to_the_next(
    gateway: Any, key_holder: Any, browser: Any, clock: Any
):
    asked = browser.asked()
    before = gateway.context.state.proofs.nonces.current
    async with gateway.transaction() as tx:
        await publish_next(tx, gateway.context.state.cipher, Rotation(timedelta(seconds=30), None))
    await look(gateway)
    clock.pass_(seconds=31)
    code = await browser.code(asked)
    behind = await browser.redeem(asked, code, key_holder.headers())
    assert behind.status_code == 200
    await look(gateway)
    after = gateway.context.state.proofs.nonces.current
    assert before.partition(".")[2] != after.partition(".")[2]
    refreshed = await browser.refresh(behind.json()["refresh_token"], headers=key_holder.headers(nonce=before))
    assert refreshed.status_code == 200


async def test_keys_that_were_withdrawn_before_their_time_take_nobodys_place(
    gateway: Any, browser: Any, open_browser: Any, clock: Any
):
    assert (await rotate(open_browser())).status_code == 201
    assert (await rotate(open_browser(), at_once=True)).status_code == 201
    await look(gateway)
    (signing,) = await kids(browser)
    clock.at += LEAD + LAST_TOKEN + timedelta(minutes=1)
    await tend(gateway)
    assert await kids(browser) == [signing]
    living = "SELECT count(*) FROM signing_key WHERE forgotten_at IS NULL AND private_jwk IS NOT NULL"
    assert await gateway.context.pool.fetchval(living) == 2
    assert (await rotate(open_browser())).status_code == 201


async def test_the_next_rotation_does_not_wait_for_keys_that_were_withdrawn(browser: Any, open_browser: Any):
    assert (await rotate(open_browser())).status_code == 201
    assert (await rotate(open_browser(), at_once=True)).status_code == 201
    assert (await rotate(open_browser())).status_code == 201
    shown = (await browser.get(PATH, headers=await open_browser().bearer("admin"))).json()
    living = [key for key in shown if key["forgotten_at"] is None]
    assert [key["retired_at"] for key in living] == [None, None, *[key["signs_from"] for key in living[:2]]]


class Relying:
    """A client that keeps our JWKS and reads it anew only when a token names a key that is not in it."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._keys: KeySet | None = None

    async def believes(self, token: str) -> bool:
        for _ in range(2):
            if self._keys is None:
                self._keys = KeySet.import_key_set((await self._browser.get("/oauth/jwks")).json())
            with suppress(Exception):
                jwt.decode(token, self._keys, algorithms=["ES256"])
                return True
            self._keys = None
        return False


@pytest.fixture
async def processes(service_client: Callable[..., Any], tmp_path: Path, seed: Any) -> AsyncIterator[list[Any]]:
    """Two gateways on one database and on the wall clock, each with the worker that looks after its keys."""
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    shared = {"issuer": "http://gateway.test", "assertion_key": key, "signing_key_lead_seconds": 3}
    first = await service_client(SERVICE, **shared)
    await fill(first.transaction, first.context.state.cipher, seed)
    same = {name: getattr(first.context.settings, name) for name in ("dsn", "field_keys")}
    (tmp_path / "second").mkdir()
    second = await service_client(SERVICE, folder=tmp_path / "second", **shared, **same)
    async with asyncio.TaskGroup() as tasks:
        for one in (first, second):
            tasks.create_task(one.context.state.keystore.keep(one.context, one.context.state.rotation))
        yield [first, second]
        for one in (first, second):
            one.context.stopping.set()


async def test_nobody_notices_under_load(processes: list[Any], open_browser_on: Callable[[Any], Any]):
    names, finished = itertools.cycle(("citizen", "agent", "steward", "reviewer")), asyncio.Event()
    signed: set[str] = set()
    rounds = 0

    async def go_on_signing_in(place: int) -> None:
        nonlocal rounds
        here, there = (open_browser_on(processes[(place + offset) % 2]) for offset in range(2))
        relying = Relying(here)
        while not finished.is_set():
            asked = here.asked(prompt="login")
            tokens = (await there.redeem(asked, await here.code(asked, next(names)))).json()
            for _ in range(5):
                assert await relying.believes(tokens["id_token"])
                assert await relying.believes(tokens["access_token"])
                for process in (here, there):
                    assert (await process.userinfo(tokens["access_token"])).status_code == 200
                signed.add(jws.extract_compact(tokens["access_token"].encode()).headers()["kid"])
                tokens = (await here.refresh(tokens["refresh_token"])).json()
            rounds += 1

    async def rotate_again_and_again() -> None:
        for _ in range(3):
            while not await published(processes[0]):  # noqa: ASYNC110 - the key before has its time to wait for
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
        finished.set()

    async with asyncio.TaskGroup() as tasks:
        for place in range(4):
            tasks.create_task(go_on_signing_in(place))
        tasks.create_task(rotate_again_and_again())
    assert len(signed) >= 2
    assert rounds >= 4


async def published(gateway: Any) -> bool:
    """Publish the next key, unless one waits already; tell whether that was done."""
    state = gateway.context.state
    try:
        async with gateway.transaction() as tx:
            await publish_next(tx, state.cipher, state.rotation)
    except RotationUnderWay:
        return False
    return True
