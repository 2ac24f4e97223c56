"""Pauses: somebody stands still for longer than his leases, and goes on as if nothing had happened."""

import asyncio
import os
import random
import signal
from dataclasses import dataclass

from breaking.stand import Stand


async def _hold(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Pause:
    """A process is stopped for longer than its bucket leases and its place in the consumer group last."""

    process: str
    seconds: float = 13.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"SIGSTOP {self.process} for {self.seconds:.0f} s"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Stop it and let it go on."""
        del chance
        await _hold(stand.pid_of(self.process), self.seconds)


@dataclass(frozen=True, slots=True)
class RelayPause:
    """A relay worker is stopped for longer than its leases; others take over, then the zombie wakes up."""

    seconds: float = 7.0
    name: str = "SIGSTOP of relay workers for longer than their leases"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Stop half of the workers."""
        running = [one for one in stand.workers if one.process and one.process.poll() is None]
        chosen = chance.sample(running, max(1, len(running) // 2))
        await asyncio.gather(*(_hold(one.process.pid, self.seconds) for one in chosen if one.process))


@dataclass(frozen=True, slots=True)
class BrokerAway:
    """Kafka is dead for minutes; people go on working."""

    seconds: float

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"Kafka away for {self.seconds:.0f} s"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Kill the broker and start it later."""
        del chance
        pid = stand.kafka.pid
        if pid is None:
            raise RuntimeError("the broker does not run")
        os.kill(pid, signal.SIGKILL)
        stand.count_kill("Kafka")
        await asyncio.sleep(self.seconds)
        await asyncio.to_thread(stand.kafka.restart)
