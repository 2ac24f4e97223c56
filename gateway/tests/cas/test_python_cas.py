"""python-cas, unchanged, as the site; over HTTP, with the sign-outs that it is told of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import cas
import pytest

from gateway.clients.schemas import NewClient
from gateway.clients.service import register
from gateway.logout.service import tell_due
from onestop_local.ports import free_port
from onestop_runtime.ids import uuid7


class Site:
    """A site that takes over sign-ins and hears of their ends.

    Attributes:
        answers: what it answers the next notices with; 200 when there is nothing more.
    """

    def __init__(self, port: int) -> None:
        self.service = f"http://127.0.0.1:{port}/app/?x=1"
        self.heard: list[str] = []
        self.answers: list[int] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = site.answers.pop(0) if site.answers else 200
                if status < 400:
                    site.heard.append(parse_qs(body)["logoutRequest"][0])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[None]:
    thread = Thread(target=site.server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(site.server.shutdown)
        thread.join()
        site.server.server_close()


@pytest.fixture
async def site(registered: Any) -> AsyncIterator[Site]:
    port = free_port()
    new = NewClient(
        client_id="python-cas",
        name="公积金查询",
        token_endpoint_auth_method="none",
        grant_types=[],
        first_party=True,
        scopes=["openid", "profile"],
        cas_services=[f"http://127.0.0.1:{port}/app/*"],
    )
    async with registered.transaction() as tx:
        await register(tx, new.as_client(uuid7()), local=True)
    found = Site(port)
    async with listening(found):
        yield found


@pytest.fixture
async def server(registered: Any, door_of: Callable[..., Awaitable[Any]]) -> str:
    return f"{(await door_of(registered)).base_url}/cas/"


async def tell(gateway: Any) -> int:
    """Tell whom it is time to tell; return how many were tried."""
    provider = gateway.context.state
    return await tell_due(gateway.context, provider.id_tokens, provider.outbound)


async def handed_over(sites: Any, site: Site, client: Any) -> str:
    """Follow the client's own address to the gateway; return the ticket that comes back."""
    url = client.get_login_url()
    query = url.partition("?")[2]
    answer = await sites.browser.get(f"/cas/login?{query}")
    if answer.headers["location"].startswith("/sign-in"):
        shown = await sites.browser.follow(answer)
        signed_in = await sites.browser.fill_in(shown, username="agent", password="碧海-金沙-2026")
        answer = await sites.browser.follow(signed_in)
    assert answer.headers["location"].startswith(site.service)
    ticket: str = sites.ticket_in(answer)
    return ticket


async def test_every_version_of_its_client_signs_people_in(sites: Any, site: Site, server: str):
    users = set()
    for version in (1, 2, 3):
        client = cas.CASClient(version=version, service_url=site.service, server_url=server)
        ticket = await handed_over(sites, site, client)
        user, attributes, _ = await asyncio.to_thread(client.verify_ticket, ticket)
        users.add(user)
        if version == 3:
            assert attributes["name"] == "周海燕"
            assert attributes["act_name"] == "秦皇岛开发区山海食品有限公司"
            assert attributes["amr"] == "pwd"
        again, _, _ = await asyncio.to_thread(client.verify_ticket, ticket)
        assert again is None
    assert len(users) == 1
    assert None not in users


async def test_it_asks_for_a_fresh_sign_in(sites: Any, site: Site, server: str):
    await sites.browser.tokens(sites.browser.asked(), "agent")
    client = cas.CASClient(version=3, service_url=site.service, server_url=server, renew=True)
    ticket = await handed_over(sites, site, client)
    _, attributes, _ = await asyncio.to_thread(client.verify_ticket, ticket)
    assert attributes["isFromNewLogin"] == "true"


async def test_it_hears_of_the_end_of_its_sign_in_and_of_no_other(sites: Any, site: Site, server: str, registered: Any):
    client = cas.CASClient(version=3, service_url=site.service, server_url=server)
    ticket = await handed_over(sites, site, client)
    await asyncio.to_thread(client.verify_ticket, ticket)
    await handed_over(sites, site, client)  # never shown: nothing to tell
    assert await tell(registered) == 0
    out = await sites.browser.get(f"/cas/logout?{client.get_logout_url(site.service).partition('?')[2]}")
    assert out.headers["location"] == site.service
    assert await tell(registered) == 1
    assert await tell(registered) == 0
    (request,) = site.heard
    assert cas.CASClientV3.verify_logout_request(request, ticket)
    assert not cas.CASClientV3.verify_logout_request(request, "ST-other")


async def test_a_site_that_is_down_is_told_later(sites: Any, site: Site, server: str, registered: Any, clock: Any):
    client = cas.CASClient(version=3, service_url=site.service, server_url=server)
    await asyncio.to_thread(client.verify_ticket, await handed_over(sites, site, client))
    await sites.browser.get("/cas/logout")
    site.answers = [503, 429]
    waits = []
    for _ in range(3):
        assert await tell(registered) == 1
        waits.append(await registered.context.pool.fetchval("SELECT next_attempt_at FROM logout_notice"))
        assert await tell(registered) == 0
        clock.pass_(seconds=10)
    assert len(site.heard) == 1
    assert waits[2] is None
    assert await registered.context.pool.fetchval("SELECT count(*) FROM logout_notice") == 0


async def test_a_site_that_wants_to_hear_nothing_is_left_alone(sites: Any, site: Site, server: str, registered: Any):
    client = cas.CASClient(version=3, service_url=site.service, server_url=server)
    await asyncio.to_thread(client.verify_ticket, await handed_over(sites, site, client))
    await sites.browser.get("/cas/logout")
    site.answers = [404]
    assert await tell(registered) == 1
    assert await registered.context.pool.fetchval("SELECT count(*) FROM logout_notice") == 0


async def test_two_workers_tell_a_site_once(sites: Any, site: Site, server: str, registered: Any):
    client = cas.CASClient(version=3, service_url=site.service, server_url=server)
    await asyncio.to_thread(client.verify_ticket, await handed_over(sites, site, client))
    await sites.browser.get("/cas/logout")
    tried = await asyncio.gather(*(tell(registered) for _ in range(4)))
    assert sum(tried) == 1
    assert len(site.heard) == 1
