"""A disk that is full."""

import asyncio
import contextlib
import os
import random
import shutil
from dataclasses import dataclass

from breaking.faults.fault import NotPossible
from breaking.stand import Stand
from onestop_local.errors import LocalError


@dataclass(frozen=True, slots=True)
class FullDisk:
    """The database's disk is full: it can write neither rows nor its log, and may stop altogether."""

    seconds: float = 6.0
    name: str = "full disk under PostgreSQL"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Fill the disk to the last byte, make room again, start the server if it has stopped."""
        del chance
        if not stand.on_a_small_disk:
            raise NotPossible("this machine does not let us mount a small disk (root may)")
        filler = stand.disk / "filler"
        end = asyncio.get_running_loop().time() + self.seconds
        try:
            with filler.open("wb") as file:
                while asyncio.get_running_loop().time() < end:  # also what the server gives back meanwhile
                    with contextlib.suppress(OSError):
                        while free := shutil.disk_usage(stand.disk).free:
                            os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), min(free, 1 << 20))
                    await asyncio.sleep(0.1)
        finally:
            filler.unlink()
        if stand.postgres.pid is None:
            stand.count_kill("PostgreSQL (by its full disk)")
            with contextlib.suppress(LocalError):
                await asyncio.to_thread(stand.postgres.restart)
