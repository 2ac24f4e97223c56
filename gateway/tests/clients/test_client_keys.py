"""Keys that a client publishes at an address of its own: read, remembered, read again when it changes them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gateway.clients.domain import Client, ClientState
from gateway.clients.keys import ClientKeys, KeysNotThere, public_keys
from gateway.clients.metadata import InvalidClientMetadata
from gateway.outbound import Outbound

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(handle: Handler) -> AsyncIterator[str]:
    """Serve an address on loopback while the block runs."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    finally:
        server.close()


@dataclass
class Publisher:
    """A department's server that publishes its keys."""

    keys: list[Any] = field(default_factory=list)
    asked: int = 0
    status: int = 200

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def client_at(uri: str) -> Client:
    return Client(
        client_id="archive",
        id=UUID(int=1),
        name="档案管理系统",
        state=ClientState.ACTIVE,
        application_type="web",
        channel="system",
        authentication="private_key_jwt",
        secret_hash=None,
        jwks=None,
        jwks_uri=uri,
        redirect_uris=(),
        post_logout_redirect_uris=(),
        grant_types=("client_credentials",),
        scopes=(),
        first_party=False,
        require_par=False,
        resources=(),
        pkce_optional=False,
        agency=None,
    )


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    outbound = Outbound(local=True)
    yield outbound
    await outbound.aclose()


async def kids(keys: ClientKeys, client: Client, kid: str | None = None) -> set[str | None]:
    return {key.kid for key in await keys.of(client, lambda known: kid is None or kid in {key.kid for key in known})}


async def test_keys_are_read_once_and_again_when_a_new_one_is_named(outbound: Outbound, clock: Any):
    old, new = new_key(), new_key()
    publisher, keys = Publisher([old]), ClientKeys(outbound, clock)
    async with served(publisher) as uri:
        client = client_at(uri)
        for _ in range(3):
            assert await kids(keys, client, old.kid) == {old.kid}
        publisher.keys = [old, new]
        clock.pass_(seconds=11)
        assert await kids(keys, client, new.kid) == {old.kid, new.kid}
        assert publisher.asked == 2


async def test_made_up_keys_make_nobody_ask_more_than_every_ten_seconds(outbound: Outbound, clock: Any):
    publisher, keys = Publisher([new_key()]), ClientKeys(outbound, clock)
    async with served(publisher) as uri:
        client = client_at(uri)
        await asyncio.gather(*(kids(keys, client, f"made-up-{number}") for number in range(20)))
        assert publisher.asked == 1
        clock.pass_(seconds=11)
        await asyncio.gather(*(kids(keys, client, f"made-up-{number}") for number in range(20)))
        assert publisher.asked == 2


async def test_a_key_that_was_taken_out_is_believed_ten_minutes_at_most(outbound: Outbound, clock: Any):
    old, new = new_key(), new_key()
    publisher, keys = Publisher([old]), ClientKeys(outbound, clock)
    async with served(publisher) as uri:
        client = client_at(uri)
        await kids(keys, client)
        publisher.keys = [new]
        clock.pass_(minutes=9)
        assert await kids(keys, client, old.kid) == {old.kid}
        clock.pass_(minutes=2)
        assert await kids(keys, client, old.kid) == {new.kid}


@pytest.mark.parametrize("wrong", ["status", "keys", "gone"])
async def test_while_the_publisher_is_away_known_keys_are_good_for_a_day(wrong: str, outbound: Outbound, clock: Any):
    old = new_key()
    publisher, keys = Publisher([old]), ClientKeys(outbound, clock)
    async with served(publisher) as uri:
        client = client_at(uri)
        await kids(keys, client)
        if wrong == "status":
            publisher.status = 500
        elif wrong == "keys":
            publisher.keys = [OctKey.generate_key(256)]
        else:
            client = replace(client, jwks_uri=uri)
    if wrong == "gone":
        clock.pass_(minutes=11)
        assert await kids(keys, client) == {old.kid}
        return
    async with served(publisher) as other:
        moved = ClientKeys(outbound, clock)
        moved._published = {other: keys._published[uri]}
        client = client_at(other)
        clock.pass_(minutes=11)
        assert await kids(moved, client) == {old.kid}
        clock.pass_(hours=24)
        with pytest.raises(KeysNotThere):
            await kids(moved, client)


async def test_a_client_proves_itself_with_a_key_that_it_has_just_published(browser: Any, clock: Any, gateway: Any):
    old, new = new_key(), new_key()
    publisher = Publisher([old])
    async with served(publisher) as uri:
        registration = {
            "client_id": "archive",
            "name": "档案管理系统",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": uri,
            "grant_types": ["client_credentials"],
        }
        admin = await browser.bearer("admin")
        registered = await browser.post(
            "/api/gateway/v1/clients", json=registration, headers=admin | {"Idempotency-Key": "k"}
        )
        assert (registered.status_code, registered.json()["jwks_uri"]) == (201, uri)

        async def token(key: ECKey) -> int:
            now = int(clock().timestamp())
            claims = {"iss": "archive", "sub": "archive", "aud": gateway.context.state.issuer, "jti": str(uuid4())}
            assertion = jwt.encode({"alg": "ES256", "kid": key.kid}, claims | {"exp": now + 60}, key)
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion,
            }
            status: int = (await browser.post("/oauth/token", data=form)).status_code
            return status

        assert [await token(old), await token(new)] == [200, 401]
        publisher.keys = [new]
        clock.pass_(seconds=11)
        assert [await token(new), await token(old)] == [200, 401]


@pytest.mark.parametrize(
    "jwks",
    [
        None,
        [],
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [{"kty": "EC"}]},
        {"keys": [new_key().as_dict(private=True)]},
        {"keys": [new_key().as_dict(private=False), OctKey.generate_key(256).as_dict(private=True)]},
        {"keys": [new_key().as_dict(private=False)] * 51},
        {"keys": [{"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(bytes(128) + b"\xff" * 128).decode()}]},
    ],
)
def test_what_is_no_set_of_sound_public_keys_is_refused(jwks: Any):
    with pytest.raises(InvalidClientMetadata):
        public_keys(jwks)


def test_kinds_of_keys_that_we_do_not_know_are_passed_over():
    known = new_key()
    assert [key.kid for key in public_keys({"keys": [{"kty": "AKP"}, known.as_dict(private=False)]})] == [known.kid]
