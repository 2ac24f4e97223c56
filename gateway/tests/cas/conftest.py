"""Older sites that people are handed over to by CAS, beside the gateway of the other tests."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.clients.schemas import NewClient
from gateway.clients.service import register
from onestop_local.testing.client import ServiceClient
from onestop_runtime.ids import uuid7

OLD = "https://old.test/app/*"
ARCHIVE = "https://archive.test/login"
FOREIGN = "https://foreign.test/*"
PASSWORD = "碧海-金沙-2026"


def site(client_id: str, name: str, *services: str, **more: Any) -> NewClient:
    return NewClient.model_validate(
        {
            "client_id": client_id,
            "name": name,
            "token_endpoint_auth_method": "none",
            "grant_types": [],
            "first_party": True,
            "cas_services": services,
            **more,
        }
    )


@dataclass
class Sites:
    """What a person's browser does between the gateway and the sites."""

    browser: Any

    async def login(self, service: str, **more: str) -> httpx.Response:
        """Go where a site sends people to sign in."""
        answer: httpx.Response = await self.browser.get("/cas/login", params={"service": service, **more})
        return answer

    async def sign_in(self, service: str, username: str = "citizen", **more: str) -> httpx.Response:
        """Go there, and sign in with a password; return the last answer of the gateway."""
        shown = await self.browser.follow(await self.login(service, **more))
        signed_in = await self.browser.fill_in(shown, username=username, password=PASSWORD)
        answer: httpx.Response = await self.browser.follow(signed_in)
        return answer

    async def ticket(self, service: str, username: str = "citizen", **more: str) -> str:
        """Return the ticket that a sign-in ends with."""
        return self.ticket_in(await self.sign_in(service, username, **more))

    @staticmethod
    def ticket_in(answer: httpx.Response) -> str:
        assert answer.status_code == 303, answer.text
        return httpx.URL(answer.headers["location"]).params["ticket"]

    async def validate(self, ticket: str, service: str, path: str = "p3/serviceValidate", **more: str) -> str:
        """Show a ticket as its site; return the answer."""
        params = {"ticket": ticket, "service": service, **more}
        answer = await self.browser.get(f"/cas/{path}", params=params)
        assert answer.status_code == 200
        return str(answer.text)

    @staticmethod
    def failure_in(answer: str) -> str:
        found = re.search(r'authenticationFailure code="([A-Z_]+)"', answer)
        assert found, answer
        return found[1]


@pytest.fixture
async def registered(gateway: ServiceClient) -> ServiceClient:
    """Return the gateway, with older sites in its registry."""
    async with gateway.transaction() as tx:
        for new in (
            site("cas-social", "社保业务系统", OLD, scopes=["openid", "profile", "phone"]),
            site("cas-archive", "档案查询", ARCHIVE, scopes=["openid"]),
            site("cas-foreign", "外单位系统", FOREIGN, first_party=False, scopes=["openid", "profile"]),
        ):
            await register(tx, new.as_client(uuid7()))
    return gateway


@pytest.fixture
def sites(registered: ServiceClient, open_browser: Callable[[], Any]) -> Sites:
    assert registered
    return Sites(open_browser())
