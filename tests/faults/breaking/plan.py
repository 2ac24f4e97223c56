"""Plans: which faults strike in which order. A seed makes a plan, and the same seed the same plan."""

import random

from breaking.faults import (
    BackendKilled,
    BrokerAway,
    BrokerKilled,
    ClockStep,
    ConnectionsTakenAway,
    CutLine,
    DatabaseKilled,
    DatabaseStopped,
    Duplicates,
    Fault,
    FullDisk,
    HalfOpenLine,
    Pause,
    PoisonApplied,
    PoisonPublished,
    PoolHeldUp,
    ProcessKilled,
    RaisingConsumer,
    RelayPause,
    Reordered,
    SlowLine,
    Storm,
)
from breaking.stand import PROCESSES

AWAY_SECONDS = 300.0


def each_once(away_seconds: float) -> list[Fault]:
    """Return every fault once, those of a process for some processes."""
    return [
        *(ProcessKilled(process) for process in PROCESSES),
        Pause("gateway", 7),
        Pause("svc-intake"),
        Pause("svc-workflow"),
        Pause("svc-credit"),
        RelayPause(),
        BackendKilled(),
        DatabaseKilled(),
        DatabaseStopped(),
        BrokerKilled(),
        BrokerAway(away_seconds),
        CutLine("PostgreSQL"),
        CutLine("Kafka"),
        HalfOpenLine("PostgreSQL", ("to",)),
        HalfOpenLine("PostgreSQL", ("from",)),
        HalfOpenLine("Kafka", ("to",)),
        HalfOpenLine("Kafka", ("from",)),
        HalfOpenLine("Kafka", ("to", "from")),
        SlowLine("PostgreSQL", 0.05),
        SlowLine("Kafka"),
        Duplicates(),
        Reordered(),
        ClockStep("gateway", 600),
        ClockStep("svc-intake", -3600),
        ClockStep("svc-workflow", 3600),
        ClockStep("svc-credit", -30),
        FullDisk(),
        PoolHeldUp(),
        PoolHeldUp("workflow", "proceeding"),
        ConnectionsTakenAway(),
        PoisonApplied(),
        PoisonPublished(),
        RaisingConsumer("svc-workflow"),
        RaisingConsumer("svc-intake"),
        RaisingConsumer("svc-credit"),
    ]


def long_plan(seed: int, kills: int, away_seconds: float = AWAY_SECONDS) -> list[Fault]:
    """Return a plan of every fault in random order, with so many kills in between that there are `kills` at least."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    plan = each_once(away_seconds)
    plan += [one for one in (DatabaseKilled(), DatabaseStopped(), BackendKilled(), BrokerKilled()) for _ in range(2)]
    storms = max(0, -(-(kills - 22) // 5))  # a storm kills six; sometimes a worker is not up again yet
    plan += [Storm(PROCESSES[number % len(PROCESSES)]) for number in range(storms)]
    chance.shuffle(plan)
    return plan
