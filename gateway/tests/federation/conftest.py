"""The province's provider (`oidc-provider`, unchanged) beside a gateway that is registered there."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_legal.identity_number import IdentityNumber
from onestop_local.ports import free_port
from onestop_local.testing.client import ServiceClient, signing_key
from onestop_local.testing.on_node import running
from onestop_runtime.assertion import GATEWAY

ISSUER = "http://gateway.test"
REAL_NAME = "urn:hebei:real-name"
BY_PHONE = "urn:hebei:phone"
IN_PERSON = "urn:hebei:in-person"
SECRET = "the+secret/of a%test: 0123456789abcdef"
OUR_KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
PROVINCE_KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


def number_of(body: str) -> str:
    return body + IdentityNumber.check_character(body)


def known(name: str, number: str, **more: Any) -> dict[str, Any]:
    return {"acr": REAL_NAME, "real_name": name, "id_card": number, "mobile": "+86 138 0335 0001", **more}


PEOPLE = {
    "zhao": known("赵晓梅", "130371198803171020"),
    "zhao-again": known("赵晓梅", "130371198803171020"),
    "zhou-misspelt": known("周海艳", "130371198506121246"),
    "guo": known("郭志强", "130371197504082218"),
    "by-phone": known("钱多", number_of("13037119990101001"), acr=BY_PHONE),
    "nameless": {"acr": REAL_NAME, "id_card": number_of("13037119990101002")},
    "li": known("李春生", number_of("13037119900214003"), acr=IN_PERSON, amr=["pwd", "otp"]),
    "sun": known("孙晓东", number_of("13037119920505004"), mobile=None),
}


@dataclass
class Province:
    """The province's provider, and a person's browser before it.

    Attributes:
        port: where a gateway that listens gets notices of sign-outs.
    """

    issuer: str
    port: int
    browser: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    @staticmethod
    def link_in(shown: httpx.Response) -> str:
        """Return where the button on a page of the gateway leads."""
        link = re.search(r'href="(/federation/hebei[^"]*)"', shown.text)
        assert link, shown.text
        return unescape(link[1])

    async def sign_in(self, address: str, login: str) -> str:
        """Go to the province, sign in there where it asks; return the address at the gateway that it leads to."""
        answer = await self.browser.get(address)
        while True:
            if answer.is_redirect:
                location = urljoin(str(answer.url), answer.headers["location"])
                if not location.startswith(self.issuer):
                    return location
                answer = await self.browser.get(location)
            else:
                assert 'name="login"' in answer.text, answer.text
                action = re.search(r'action="([^"]+)"', answer.text)
                assert action, answer.text
                answer = await self.browser.post(urljoin(self.issuer, action[1]), data={"login": login})

    async def sign_out(self, address: str) -> httpx.Response:
        """Go where the province signs people out, and confirm."""
        shown = await self.browser.get(address)
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown.text))
        return await self.browser.post(f"{self.issuer}/session/end/confirm", data=fields | {"logout": "yes"})


@asynccontextmanager
async def province_of(folder: Path, **settings: Any) -> AsyncIterator[Province]:
    """Run a provider that knows the people above and the gateway as its client."""
    port = free_port()
    common = {
        "redirect_uris": [f"{ISSUER}/federation/hebei/callback"],
        "post_logout_redirect_uris": [f"{ISSUER}/federation/hebei/signed-out"],
        "backchannel_logout_uri": f"http://127.0.0.1:{port}/federation/hebei/logout",
        "backchannel_logout_session_required": True,
    }
    told = {
        "clients": [
            {
                "client_id": "qhd",
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_signing_alg": "ES256",
                "jwks": {"keys": [OUR_KEY.as_dict(private=False)]},
                **common,
            },
            {"client_id": "qhd:old", "client_secret": SECRET, **common},
        ],
        "people": PEOPLE,
        "jwks": {"keys": [PROVINCE_KEY.as_dict(private=True)]},
        "acr": [REAL_NAME, BY_PHONE, IN_PERSON],
        "claims": {"profile": ["real_name", "id_card", "mobile"]},
        **settings,
    }
    async with running(folder, "provider", told) as program:
        found = Province(program.said["issuer"], port)
        async with found.browser:
            yield found


@pytest.fixture(scope="module")
async def running_province(node_programs: Path) -> AsyncIterator[Province]:
    async with province_of(node_programs) as found:
        yield found


@pytest.fixture
async def province(running_province: Province) -> AsyncIterator[Province]:
    """Return the province's provider with a fresh browser before it."""
    async with httpx.AsyncClient() as browser:
        yield Province(running_province.issuer, running_province.port, browser)


@pytest.fixture
async def open_province(node_programs: Path) -> AsyncIterator[Callable[..., Awaitable[Province]]]:
    """Return a function that runs another provider, told otherwise."""
    async with AsyncExitStack() as opened:

        async def open_one(**settings: Any) -> Province:
            return await opened.enter_async_context(province_of(node_programs, **settings))

        yield open_one


def configured(folder: Path, province: Province, **changes: Any) -> Path:
    """Write how the gateway is registered at the province; return the file."""
    (folder / "hebei.json").write_text(json.dumps(OUR_KEY.as_dict(private=True)))
    (folder / "secret").write_text(SECRET + "\n")
    provider = {
        "id": "hebei",
        "name": "河北省统一身份认证平台",
        "issuer": province.issuer,
        "client_id": "qhd",
        "key_file": "hebei.json",
        "scopes": ["openid", "profile"],
        "claims": {"identity_number": "id_card", "name": "real_name", "phone": "mobile"},
        "assurance": {"levels": {REAL_NAME: 2, BY_PHONE: 1, IN_PERSON: 3}},
        "acr_values": [REAL_NAME],
        "second_factor": ["otp"],
        **changes,
    }
    file = folder / "providers.json"
    file.write_text(json.dumps({"providers": [{name: it for name, it in provider.items() if it is not None}]}))
    return file


@pytest.fixture
def gateway_at(
    service_client: Callable[..., Awaitable[ServiceClient]], clock: Any, tmp_path: Path, seed: dict[str, Any]
) -> Callable[..., Awaitable[ServiceClient]]:
    """Return a function that opens a gateway at which people may sign in by a province."""

    async def open_one(province: Province, **changes: Any) -> ServiceClient:
        key = tmp_path / "assertion-key.json"
        key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
        opened = await service_client(
            SERVICE,
            clock=clock,
            issuer=ISSUER,
            assertion_key=key,
            identity_providers=configured(tmp_path, province, **changes),
        )
        await fill(opened.transaction, opened.context.state.cipher, seed)
        return opened

    return open_one


@pytest.fixture
async def gateway(gateway_at: Callable[..., Awaitable[ServiceClient]], province: Province) -> ServiceClient:
    return await gateway_at(province)


@pytest.fixture
async def listening(gateway: ServiceClient, province: Province, door_of: Callable[..., Awaitable[Any]]) -> None:
    """Have the gateway listen where the province posts its notices."""
    await door_of(gateway, province.port)


@pytest.fixture
def by_province(province: Province, clock: Any) -> Callable[..., Awaitable[httpx.Response]]:
    """Return a function that signs in by the province from a page of the gateway, and shows where that ends."""

    async def sign_in(browser: Any, shown: httpx.Response, login: str, at: Province = province) -> httpx.Response:
        left = await browser.get(at.link_in(shown))
        assert left.status_code == 303, left.text
        back = httpx.URL(await at.sign_in(left.headers["location"], login))
        clock.catch_up()
        assert f"{back.scheme}://{back.host}" == ISSUER
        ended: httpx.Response = await browser.get(back.raw_path.decode())
        return ended

    return sign_in
