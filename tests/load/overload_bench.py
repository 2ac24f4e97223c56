"""Overload: three times as much is asked as can be done, by clients that do not wait for each other.

The reference is the peak: the same commands, by so many clients that nobody is refused. What is beyond capacity has to
be told so at once, with `Retry-After`; what is let in has to be done as fast as at the peak.
"""

import asyncio
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import orjson
import stack as stacks
from generator import Connection
from measure import SECONDS, port_of, report, say

from onestop_local.stack import Stack

AT_PEAK = 32
"""Clients at the peak, each waiting for its answer."""
FACTOR = 3
ROUNDS = 3
_PATIENCE_SECONDS = 20
_ENOUGH = 5
"""Answers in a row, as fast as before, that show that the load is over."""
_BACK_SECONDS = 60


@dataclass
class Seen:
    """What clients saw.

    Attributes:
        done: answers a second to commands that were carried out.
        statuses: of all answers; 0 is no answer in all the time a client waits.
        told: seconds until those who were refused knew it.
        unhelpful: refusals that do not say when to come back.
    """

    done: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    served: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    unhelpful: int = 0
    memory: float = 0.0


class Clients:
    """Opens cases, as an agent's client does."""

    def __init__(self, port: int, token: str, body: bytes) -> None:
        self._port = port
        self._token = token
        self._body = body
        self._free: list[Connection] = []
        self.seen = Seen()

    async def ask(self) -> tuple[int, float]:
        """Open a case; return the status and how long it took."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                line = self._free.pop() if self._free else await Connection(self._port).__aenter__()
                status, headers, _ = await line.exchange("POST", "/api/intake/v1/cases", self._headers(), self._body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status, headers = 0, []
        else:
            self._free.append(line)
        took = time.monotonic() - began
        self._note(status, dict(headers), took)
        return status, took

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._token, "Content-Type": "application/json", "Idempotency-Key": str(uuid4())}

    def _note(self, status: int, headers: dict[str, str], took: float) -> None:
        self.seen.statuses[status] += 1
        if status == HTTPStatus.CREATED:
            self.seen.served.append(took)
        else:
            self.seen.told.append(took)
            self.seen.unhelpful += "retry-after" not in headers

    async def waiting_for_answers(self, clients: int, seconds: float) -> Seen:
        """Have so many clients ask one thing after another."""
        self.seen, end = Seen(), time.monotonic() + seconds

        async def one() -> None:
            while time.monotonic() < end:
                await self.ask()

        await asyncio.gather(*(one() for _ in range(clients)))
        self.seen.done = len(self.seen.served) / seconds
        return self.seen

    async def at_rate(self, rate: float, seconds: float, stack: Stack) -> Seen:
        """Have clients come at a rate, whether or not those before were served."""
        self.seen, began = Seen(), time.monotonic()
        async with asyncio.TaskGroup() as group:
            asked = 0
            while (passed := time.monotonic() - began) < seconds:
                while asked < passed * rate:
                    group.create_task(self.ask())
                    asked += 1
                self.seen.memory = max(self.seen.memory, stacks.memory_mb(stack))
                await asyncio.sleep(0.01)
            self.seen.done = len(self.seen.served) / seconds
        return self.seen

    async def until_back(self, usual: float) -> float:
        """Return the seconds until commands are answered as fast as before, several in a row."""
        began, quick = time.monotonic(), 0
        while quick < _ENOUGH and time.monotonic() - began < _BACK_SECONDS:
            status, took = await self.ask()
            quick = quick + 1 if status == HTTPStatus.CREATED and took <= 3 * usual else 0
        return time.monotonic() - began


async def overload(stack: Stack, apis: dict[str, Any]) -> None:
    """Cases opened at three times the rate of the peak."""
    (journey,) = await stacks.drafts(stack, apis, 1)
    guide = (await apis[""].get(f"/catalog/v1/guides/{journey.case.code}")).json()
    questions = guide.get("guide", guide)["questions"]
    answers = {question["id"]: question["options"][0]["value"] for question in questions}
    body = orjson.dumps({"guide_code": journey.case.code, "answers": answers})
    token = apis["agent/web"]._http.headers["authorization"]
    clients = Clients(port_of(stack.document["gateway"]["url"]), token, body)
    await clients.waiting_for_answers(AT_PEAK, 1)  # connections are opened, plans made
    usual = statistics.median([(await clients.ask())[1] for _ in range(20)])
    ratios, backs, refusals, grown = [], [], [], []
    for _ in range(ROUNDS):
        peak = await clients.waiting_for_answers(AT_PEAK, SECONDS)
        before = stacks.memory_mb(stack)
        beyond = await clients.at_rate(FACTOR * peak.done, 3 * SECONDS, stack)
        backs.append(await clients.until_back(usual))
        ratios.append(beyond.done / peak.done)
        grown.append(beyond.memory - before)
        refusals += beyond.told
        say(f"peak {peak.done:.0f}/s; at {FACTOR} x: {beyond.done:.0f}/s, {dict(beyond.statuses)}, "
            f"{beyond.unhelpful} without Retry-After, served after {_p99(beyond.served):.2f} s (p99)")  # fmt: skip
    report("overload goodput at 3 x capacity", "of peak", statistics.median(ratios), 1.0, ">= 0.8")
    report("overload refusals known after, p99", "s", _p99(refusals), None, "early")
    report("overload back to usual after", "s", max(backs), None, "<= 5")
    report("overload memory grown by", "MB", max(grown), None, "bounded")


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)] if values else 0.0
