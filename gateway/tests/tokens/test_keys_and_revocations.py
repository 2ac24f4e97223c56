"""Keys outlive a process; what one process revokes, the others refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.parts import open_parts
from gateway.tokens.access import AccessTokens, InvalidToken
from gateway.tokens.keys import KeyRing, generate_key
from onestop_runtime.caller import Caller


async def test_the_keys_are_made_once_and_found_by_every_process(gateway: Any):
    async with open_parts(gateway.context) as second:
        assert second.ring.jwks() == gateway.context.state.ring.jwks()
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM signing_key") == 2


async def test_the_private_key_does_not_lie_open_in_the_database(gateway: Any):
    rows = await gateway.context.pool.fetch("SELECT public_jwk, private_jwk FROM signing_key")
    for row in rows:
        private = gateway.context.state.ring.signers[row["public_jwk"]["alg"]].as_dict(private=True)["d"]
        assert {"d", "p", "q"}.isdisjoint(row["public_jwk"])
        assert private.encode() not in row["private_jwk"]


async def test_what_one_process_revokes_another_refuses(gateway: Any, browser: Any):
    tokens = await browser.tokens(browser.asked())
    async with open_parts(gateway.context) as second:
        header = f"Bearer {tokens['access_token']}".encode()
        principal = await second.identities.presented(header, (), "GET", b"/")
        await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
        await second.revoked.look(gateway.context.pool, gateway.context.clock)
        assert second.revoked.refuses(principal.names, principal.issued_at)


def test_a_token_of_another_gateway_with_the_same_name_is_refused(clock: Callable[[], Any]):
    ours, theirs = (AccessTokens(KeyRing(generate_key()), "http://gateway.test", clock) for _ in range(2))
    token = theirs.issue(Caller(client="web"), scopes=frozenset(), grant_id=None).value
    with pytest.raises(InvalidToken):
        ours.verify(token)
