"""Who was signed in to a client is signed out there, too: the client is told, until it has heard."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway import outbound as outbound_module
from gateway.logout import repository
from gateway.logout.service import tell_due

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Listener:
    """A client's own server; notes what it is told."""

    status: int = 200
    told: list[str] = field(default_factory=list)
    silent: bool = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        form = parse_qs((await reader.readexactly(int(lengths[0]))).decode())
        assert list(form) == ["logout_token"]
        assert b"application/x-www-form-urlencoded" in head
        self.told += form["logout_token"]
        if self.silent:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(gateway: Any, client_id: str, listener: Listener) -> AsyncIterator[None]:
    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    uri = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/logout"
    statement = "UPDATE client SET backchannel_logout_uri = $1 WHERE client_id = $2"
    await gateway.context.pool.execute(statement, uri, client_id)
    try:
        yield
    finally:
        server.close()


async def tell(gateway: Any) -> int:
    state = gateway.context.state
    return await tell_due(gateway.context, state.id_tokens, state.outbound)


async def waiting(gateway: Any) -> int:
    count: int = await gateway.context.pool.fetchval("SELECT count(*) FROM logout_notice")
    return count


async def sign_out(browser: Any, tokens: dict[str, Any]) -> None:
    await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})


async def read(browser: Any, token: str) -> Any:
    keys = KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
    return jwt.decode(token, keys, algorithms=["ES256"])


async def test_every_client_of_the_session_is_told_and_no_other(browser: Any, open_browser: Any, gateway: Any):
    web, mobile, other = Listener(), Listener(status=204), Listener()
    async with (
        listening(gateway, "web", web),
        listening(gateway, "web-2", mobile),
        listening(gateway, "department", other),
    ):
        tokens = await browser.tokens(browser.asked())
        assert "code" in browser.answer(await browser.ask(browser.asked("web-2")))
        elsewhere = open_browser()
        await elsewhere.tokens(elsewhere.asked())
        await sign_out(browser, tokens)
        assert (web.told, mobile.told) == ([], [])
        assert await tell(gateway) == 2
        assert [len(it.told) for it in (web, mobile, other)] == [1, 1, 0]
        assert await tell(gateway) == 0
    about = (await read(browser, tokens["id_token"])).claims
    told = await read(browser, web.told[0])
    assert told.header["typ"] == "logout+jwt"
    assert {name: told.claims[name] for name in ("iss", "aud", "sub", "sid")} == {
        "iss": about["iss"],
        "aud": "web",
        "sub": about["sub"],
        "sid": about["sid"],
    }
    assert told.claims["events"] == {EVENT: {}}
    assert told.claims["exp"] - told.claims["iat"] == 120
    assert "nonce" not in told.claims
    assert (await read(browser, mobile.told[0])).claims["aud"] == "web-2"


async def test_a_session_that_is_ended_from_elsewhere_or_replaced_is_told_of(
    browser: Any, open_browser: Any, gateway: Any
):
    web = Listener()
    async with listening(gateway, "web", web):
        first = await browser.tokens(browser.asked())
        session = (await read(browser, first["id_token"])).claims["sid"]
        elsewhere = open_browser()
        bearer = await elsewhere.bearer("citizen")
        assert (await elsewhere.delete(f"/api/gateway/v1/sessions/{session}", headers=bearer)).status_code == 204
        await elsewhere.tokens(elsewhere.asked(prompt="login"), "agent")
        assert await tell(gateway) == 2
    assert session in [(await read(browser, token)).claims["sid"] for token in web.told]
    assert await waiting(gateway) == 0


async def test_who_does_not_hear_is_told_again_less_and_less_often(browser: Any, gateway: Any, clock: Any):
    web = Listener(status=500)
    async with listening(gateway, "web", web):
        await sign_out(browser, await browser.tokens(browser.asked()))
        for pause in (2, 4, 8):
            assert await tell(gateway) == 1
            clock.pass_(seconds=pause - 0.5)
            assert await tell(gateway) == 0
            clock.pass_(seconds=1)
        web.status = 200
        assert await tell(gateway) == 1
    assert len({(await read(browser, token)).claims["jti"] for token in web.told}) == 4
    assert await waiting(gateway) == 0


@pytest.mark.parametrize("failure", ["refused", "redirect", "away"])
async def test_after_a_day_it_is_given_up_and_an_operator_is_told(
    failure: str, browser: Any, gateway: Any, clock: Any, caplog: pytest.LogCaptureFixture
):
    web = Listener(status={"refused": 400, "redirect": 302, "away": 200}[failure])
    async with listening(gateway, "web", web):
        await sign_out(browser, await browser.tokens(browser.asked()))
        if failure != "away":
            assert await tell(gateway) == 1
    clock.at += timedelta(hours=23, minutes=59)
    assert await tell(gateway) == 1
    assert await waiting(gateway) == 1
    clock.at += timedelta(minutes=2)
    await tell(gateway)
    assert await waiting(gateway) == 0
    lines = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in lines] == ["a client was not told that a session has ended"]


async def test_a_notice_that_died_with_its_process_is_given_by_another(browser: Any, gateway: Any, clock: Any):
    web = Listener()
    async with listening(gateway, "web", web):
        await sign_out(browser, await browser.tokens(browser.asked()))
        now = clock()
        taken = await repository.take_due(gateway.context.pool, now, now + timedelta(seconds=30), 20)
        assert len(taken) == 1
        assert await tell(gateway) == 0
        clock.pass_(seconds=31)
        assert await tell(gateway) == 1
    assert len(web.told) == 1


async def test_one_that_keeps_us_waiting_holds_up_nobody_else(
    browser: Any, gateway: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outbound_module, "_SECONDS", 0.3)
    slow, web = Listener(silent=True), Listener()
    async with listening(gateway, "web", web), listening(gateway, "web-2", slow):
        tokens = await browser.tokens(browser.asked())
        assert "code" in browser.answer(await browser.ask(browser.asked("web-2")))
        await sign_out(browser, tokens)
        assert await tell(gateway) == 2
        assert len(web.told) == 1
        assert await waiting(gateway) == 1


async def test_a_client_that_is_not_let_in_any_more_is_not_told(browser: Any, gateway: Any):
    web = Listener()
    async with listening(gateway, "web", web):
        await sign_out(browser, await browser.tokens(browser.asked()))
        await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'web'")
        assert await tell(gateway) == 1
    assert (web.told, await waiting(gateway)) == ([], 0)


async def test_a_logout_token_is_no_hint(browser: Any, gateway: Any):
    web = Listener()
    async with listening(gateway, "web", web):
        await sign_out(browser, await browser.tokens(browser.asked()))
        await tell(gateway)
    refused = await browser.get("/oauth/end-session", params={"id_token_hint": web.told[0]})
    assert refused.status_code == 400
