"""Software of others on Node.js, for tests."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from onestop_local.testing.on_node import Program

Run = Callable[[str, dict[str, Any]], Awaitable[Program]]


async def test_a_program_answers_while_its_test_runs(node: Run):
    provider = await node("provider", {"clients": []})
    async with httpx.AsyncClient() as client:
        metadata = (await client.get(f"{provider.said['issuer']}/.well-known/openid-configuration")).json()
    assert metadata["issuer"] == provider.said["issuer"]


async def test_a_program_that_cannot_start_says_why(node: Run):
    with pytest.raises(AssertionError, match="client_id is mandatory"):
        await node("provider", {"clients": [{"client_name": "nameless"}]})
