"""A department's system in Python, with requests-oauth2client as it is: keys, pushed requests, DPoP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import requests
from jwskate import Jwk
from requests_oauth2client import DPoPToken, OAuth2Client, PrivateKeyJwt

from onestop_local.browser import Browser
from onestop_local.stack import Stack

CALLBACK = "https://market.example.cn/callback"
AGENCY = "11130371037106669W"


@pytest.fixture
async def system(
    stack: Stack, register: Callable[[dict[str, Any]], Awaitable[None]], request: pytest.FixtureRequest
) -> OAuth2Client:
    """Return a registered system that knows the gateway by its discovery document alone."""
    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    client_id = f"market-{abs(hash(request.node.name)) % 10_000}"
    await register(
        {
            "client_id": client_id,
            "name": "市场监督管理局业务系统",
            "channel": "system",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [dict(key.public_jwk())]},
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scopes": ["openid", "profile", "offline_access"],
            "first_party": True,
            "agency": AGENCY,
        }
    )
    return OAuth2Client.from_discovery_endpoint(
        f"{stack.url}/.well-known/openid-configuration",
        issuer=stack.issuer,
        auth=PrivateKeyJwt(client_id, key),
        redirect_uri=CALLBACK,
        id_token_signed_response_alg="ES256",
        testing=True,
    )


def me(stack: Stack, token: Any) -> dict[str, Any]:
    answer = requests.get(f"{stack.url}/api/gateway/v1/me", auth=token, timeout=20)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_it_acts_in_its_own_name_by_its_key(stack: Stack, system: OAuth2Client):
    who = me(stack, system.client_credentials())
    assert (who["kind"], who["agency"]) == ("system", AGENCY)


def test_its_token_is_bound_to_a_key_of_its_own_when_it_asks_so(stack: Stack, system: OAuth2Client):
    token = system.client_credentials(dpop=True)
    assert isinstance(token, DPoPToken)
    assert me(stack, token)["kind"] == "system"
    stolen = requests.get(
        f"{stack.url}/api/gateway/v1/me", headers={"Authorization": f"DPoP {token.access_token}"}, timeout=20
    )
    assert stolen.status_code == 401


async def test_it_pushes_its_request_and_serves_a_person(stack: Stack, system: OAuth2Client):
    asked = system.authorization_request(scope="openid profile offline_access")
    pushed = system.pushed_authorization_request(asked)
    async with Browser(stack, "reviewer") as browser:
        back = asked.validate_callback(await browser.go(str(pushed), CALLBACK))
    token = system.authorization_code(back)
    assert token.id_token.sub == me(stack, token)["sub"]
    again = system.refresh_token(token)
    assert again.refresh_token != token.refresh_token
    assert me(stack, again)["agency"]
    system.revoke_refresh_token(again)
    assert not system.introspect_token(again.access_token)["active"]
