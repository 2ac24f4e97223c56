"""`make faults`: break a whole stack for half an hour or more, and write down what came of it.

`ONESTOP_FAULTS_SEED` chooses the order of faults, `ONESTOP_FAULTS_KILLS` (200) how many kills there are at least,
`ONESTOP_FAULTS_MINUTES` after how many nothing more strikes, `ONESTOP_FAULTS_AWAY` (300) for how many seconds the
broker is away. `ONESTOP_FAULTS_KEEP=1` keeps what the stack has written. Needs Linux: processes are found in /proc.
"""

import asyncio
import os
import random
import signal
import sys
import time

from breaking import report
from breaking.plan import AWAY_SECONDS, long_plan
from breaking.runner import Run, run, say
from breaking.stand import Stand

KILLS = 200
WALKERS = 4
ENTERING = 2
PAUSE_SECONDS = 1.5


def _setting(name: str, usual: float) -> float:
    return float(os.environ.get(f"ONESTOP_FAULTS_{name}", usual))


async def _break(stand: Stand, seed: int, kills: int, away: float, minutes: float) -> Run:
    try:
        await stand.start()
        stand.add_workers()
        await stand.until_ready()
        if not stand.on_a_small_disk:
            say("NOTE: no small disk can be mounted here (root may): the full disk is left out")
        until = time.monotonic() + minutes * 60
        return await run(
            stand,
            long_plan(seed, kills, away),
            seed,
            walkers=WALKERS,
            entering=ENTERING,
            pause=PAUSE_SECONDS,
            until=until,
        )
    finally:
        await stand.stop()


def main() -> None:
    """Break, check, write the report; the exit code says whether everything is where it has to be."""
    seed = int(_setting("SEED", random.SystemRandom().randrange(1_000_000)))
    kills, away, minutes = int(_setting("KILLS", KILLS)), _setting("AWAY", AWAY_SECONDS), _setting("MINUTES", 1e6)
    stand = Stand(os.environ.get("ONESTOP_STACK", f"faults-{os.getpid()}"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    say(f"seed {seed}, at least {kills} kills")
    found = asyncio.run(_break(stand, seed, kills, away, minutes))
    shortened = [f"broker away for {away:.0f} s instead of {AWAY_SECONDS:.0f}"] if away < AWAY_SECONDS else []
    if sum(stand.kills.values()) < KILLS:
        shortened.append(f"{sum(stand.kills.values())} kills instead of {KILLS}")
    report.write(found, stand, f"This run was shortened: {', '.join(shortened)}." if shortened else "")
    for finding in found.findings:
        say(f"{finding.kind}: {finding.what}")
    for broken in found.broken:
        say(f"a walk did not come to its end: {broken}")
    say(f"{len(found.findings)} findings; {report.FILE.relative_to(report.ROOT)} is written")
    if found.findings or found.broken:
        sys.exit(1)
    if not os.environ.get("ONESTOP_FAULTS_KEEP"):
        stand.forget()


main()
