"""The runner: load, fault after fault, the time until the whole platform works again, and the checks at the end."""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from breaking import checks, conservation
from breaking.checks import Finding, Records
from breaking.faults import Fault, NotPossible
from breaking.history import History
from breaking.ledger import ledger_closes
from breaking.people import GaveUp, NotRefused, People, Refused
from breaking.stand import Stand
from breaking.walk import Guide, Load, Walk

_RECOVERY_SECONDS = 300.0
_QUIET_SECONDS = 180.0
_DISCLOSED = "SELECT 1 FROM record WHERE case_id = $1::uuid AND state = 'disclosed'"
_REGISTERED = "SELECT 1 FROM licence WHERE case_id = $1::uuid"


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that has struck.

    Attributes:
        lasted: seconds until what was broken was mended.
        recovery: seconds from then until a case that was opened then is disclosed and in the register.
        impossible: why the fault could not strike here; empty when it did.
    """

    fault: str
    lasted: float = 0.0
    recovery: float = 0.0
    impossible: str = ""


@dataclass(slots=True)
class Run:
    """What a run has shown.

    Attributes:
        undisturbed: seconds of a case before anything was broken, as `recovery` measures it.
    """

    seed: int
    history: History
    strikes: list[Strike] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    cases: int = 0
    entered: int = 0
    undisturbed: float = 0.0
    seconds: float = 0.0
    checked: list[str] = field(default_factory=list)


class NeverWell(Exception):
    """The platform did not work again in all the time that is given to it; nothing further is broken then."""


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


async def run(
    stand: Stand,
    plan: Sequence[Fault],
    seed: int,
    *,
    walkers: int,
    entering: int,
    pause: float,
    until: float = float("inf"),
) -> Run:
    """Strike by `plan` while people work, and check.

    Args:
        stand: started.
        plan: what strikes, in this order.
        seed: makes what is random in faults and load the same again.
        walkers: how many cases are walked to their end at once.
        entering: how many people hand in cases and do not wait for what becomes of them.
        pause: seconds between two cases of a walker, on average.
        until: moment of the monotonic clock from which nothing more strikes.
    """
    began = time.monotonic()
    history = History(stand.directory / "history.jsonl")
    found, people, chance = Run(seed, history), People(stand.stack, history), random.Random(seed)  # noqa: S311
    guide = await Guide.read(people)
    await _until_open(people, guide)
    found.undisturbed = await whole_case(stand, people, guide, chance, began=None)
    load = Load(people, guide, seed, walkers=walkers, entering=entering, pause=pause)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            for number, fault in enumerate(plan, 1):
                if time.monotonic() > until:
                    say(f"out of time: {len(plan) - number + 1} of {len(plan)} faults do not strike")
                    break
                try:
                    strike = await _strike(stand, people, guide, fault, random.Random(f"{seed}/{number}"))  # noqa: S311
                except NeverWell as error:
                    say(str(error))
                    found.broken.append(str(error))
                    break
                found.strikes.append(strike)
                told = (
                    f"not possible: {strike.impossible}" if strike.impossible else f"well after {strike.recovery:.1f} s"
                )
                say(f"{number}/{len(plan)} {strike.fault}: {told}; {sum(stand.kills.values())} kills, "
                    f"{len(load.finished)} cases")  # fmt: skip
            load.stop()
        found.cases, found.entered = len(load.finished), len(load.entered)
        found.broken += load.broken
        found.findings = await check(people, stand.records(), found.checked)
    finally:
        await people.close()
    found.seconds = time.monotonic() - began
    return found


async def _strike(stand: Stand, people: People, guide: Guide, fault: Fault, chance: random.Random) -> Strike:
    began = time.monotonic()
    try:
        await fault.strike(stand, chance)
    except NotPossible as error:
        return Strike(fault.name, impossible=str(error))
    except Exception as error:  # noqa: BLE001 - what breaks a fault is no finding, and no reason to end the run
        say(f"{fault.name} could not strike to its end: {type(error).__name__} {error}")
    mended = time.monotonic()
    try:
        recovery = await whole_case(stand, people, guide, chance, began=mended)
        await stand.until_ready()
    except (GaveUp, Refused, NotRefused, TimeoutError) as error:
        raise NeverWell(f"{fault.name}: {type(error).__name__} {error}") from error
    for worker in stand.workers:
        if worker.process is None or worker.process.poll() is not None:
            with contextlib.suppress(OSError):
                stand.start_worker(worker)
    return Strike(fault.name, mended - began, recovery)


async def whole_case(
    stand: Stand, people: People, guide: Guide, chance: random.Random, *, began: float | None
) -> float:
    """Walk a case from its opening to its disclosure; return the seconds since `began`, or since now."""
    started = time.monotonic() if began is None else began
    walk, records = Walk(people, guide, chance), stand.records()
    async with asyncio.timeout(_RECOVERY_SECONDS):
        await walk.run()
        for service, statement in (("credit", _DISCLOSED), ("datashare", _REGISTERED)):
            while not await _there(records, service, statement, walk.id):  # noqa: ASYNC110 - others make it true
                await asyncio.sleep(0.1)
    return time.monotonic() - started


async def _until_open(people: People, guide: Guide) -> None:
    """Wait until intake has heard of the guide: a platform that has just been started has many events to carry."""
    body = {"guide_code": guide.code, "answers": guide.answers}
    async with asyncio.timeout(_RECOVERY_SECONDS):
        while True:
            try:
                command = people.history.begin("intake", "case.opened", "the first")
                await people.do("agent", command, "POST", "/intake/v1/cases", json=body)
            except Refused:
                await asyncio.sleep(0.5)
            else:
                return


async def _there(records: Records, service: str, statement: str, case: str) -> bool:
    with contextlib.suppress(OSError, checks.asyncpg.PostgresError, TimeoutError):
        return bool(await records.fetch(service, statement, case))
    return False


async def check(people: People, records: Records, told: list[str] | None = None) -> list[Finding]:
    """Wait until nothing is under way any more, then return all that is not as it should be."""
    history = people.history
    end = time.monotonic() + _QUIET_SECONDS
    while time.monotonic() < end and (  # noqa: ASYNC110 - other processes make it true
        await checks.nothing_is_left(records) or await checks.events_arrived(records)
    ):
        await asyncio.sleep(0.5)
    findings = []
    for name, found in (
        ("each acknowledged command is in the audit trail once, no refused one is",
         await checks.commands_once(history, records)),
        ("the order of each case holds", await checks.order_holds(history, records)),
        ("every event was published, and applied by every subscriber", await checks.events_arrived(records)),
        ("no outbox, gap, quarantine or dead letter holds anything but what was poisoned on purpose",
         await checks.nothing_is_left(records)),
        ("the topics have every event, each number once", await checks.topics_are_whole(records)),
        ("each step in the audit trail is an event, each event a step",
         await conservation.audit_and_events_agree(history, records)),
        ("receipt, acceptance, proceeding, decision, licence, register entry, disclosure: one each, of each case",
         await conservation.cases_conserved(history, records)),
        ("the platform's own conservation ledger closes", await ledger_closes(people)),
    ):  # fmt: skip
        findings += found
        if told is not None:
            told.append(f"{name}: {'yes' if not found else f'{len(found)} findings'}")
    return findings
