"""P1, memory: a million requests of many people, clients and addresses, with tokens good and spoilt, leave no trace."""

import asyncio
import json
import os
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote
from uuid import uuid4

import generator
import stack as stacks
from measure import port_of, report, say
from signin_bench import CLIENT, FORM, PEOPLE, Person
from wires import visits

from onestop_local.stack import Stack

REQUESTS = int(os.environ.get("ONESTOP_BENCH_REQUESTS", "1000000"))
FAMILIES = 16
A_VISIT = 10
WARM_UP = 0.4
"""Requests that fill whatever is remembered, as a share of those that follow."""
TOKENS_A_REQUEST = 0.06
"""So many that what is remembered of tokens (20,000) is given up and begun anew while warming up, and again later."""
AT_ONCE = 32
STEPS = 5


async def memory(stack: Stack, gateway: int, pid: int) -> None:
    """Send the requests to the gateway on a port, and watch how large its process is."""
    await _crowd(stack, gateway, int(REQUESTS * WARM_UP))
    before = stacks.resident_mb(pid)
    sizes = []
    for _ in range(STEPS):
        await _crowd(stack, gateway, REQUESTS // STEPS)
        sizes.append(stacks.resident_mb(pid))
    say(f"P1 memory: {before:.1f} MB after warming up, then " + ", ".join(f"{size:.1f}" for size in sizes))
    report(f"P1 memory, growth over {REQUESTS:,} requests", "MB", sizes[-1] - before, None, "<= 5")


async def _crowd(stack: Stack, port: int, requests: int) -> None:
    """Let visitors come with new tokens, each from another address, to other cases."""
    tokens = await _tokens(stack, int(requests * TOKENS_A_REQUEST))

    def asked(visitor: int) -> list[bytes]:
        return list(islice(_asked(tokens[visitor % len(tokens)]), A_VISIT))

    statuses = await asyncio.to_thread(visits, port, asked, requests // A_VISIT, AT_ONCE)
    if statuses.keys() != {200, 401, 404} or statuses[200] < requests * 0.7:
        raise SystemExit(f"P1: the crowd was answered {statuses}")


def _asked(token: str) -> Iterator[bytes]:
    authorization = {"Authorization": f"Bearer {token}", "User-Agent": f"browser/{uuid4()}"}
    yield generator.get("/api/intake/v1/cases", authorization | {"X-Request-Id": str(uuid4())})
    yield generator.get(f"/api/intake/v1/nothing/{uuid4()}", authorization)
    yield generator.get("/api/intake/v1/cases", {"Authorization": f"Bearer {token[:-16]}{uuid4().hex[:16]}"})
    while True:
        yield generator.get(f"/api/intake/v1/cases/{uuid4()}", authorization)


async def _tokens(stack: Stack, count: int) -> list[str]:
    """Return so many access tokens; each refresh gives one."""
    client, people = stack.document["clients"][CLIENT], stack.document["people"]
    client_id, port = client["client_id"], port_of(stack.document["gateway"]["url"])
    made: list[str] = []

    async def family(name: str) -> None:
        person = Person(port, people[name]["username"], people[name]["password"], client_id, client["redirect_uris"][0])
        tokens = await person.sign_in()
        async with generator.Connection(port) as connection:
            while len(made) < count:
                made.append(tokens["access_token"])
                body = f"grant_type=refresh_token&client_id={client_id}&refresh_token={quote(tokens['refresh_token'])}"
                _, answer = await connection.ask("POST", "/oauth/token", FORM, body.encode())
                tokens = json.loads(answer)

    await asyncio.gather(*(family(PEOPLE[number % len(PEOPLE)]) for number in range(FAMILIES)))
    return made
