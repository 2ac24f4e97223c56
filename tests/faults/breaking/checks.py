"""The checks: what clients were told, held against what every service has written down.

Each check returns findings; none means that it holds. `lost`: somebody was told that something is done, and it is
not. `doubled`: it is done more often than it was wanted. `disorder`: it is done in another order.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from breaking.history import Command, History

Kind = Literal["lost", "doubled", "disorder", "stuck"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as clients were told.

    Attributes:
        what: names the command, event or thing.
    """

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who has to have what of whom.

    Attributes:
        compacted: the broker keeps only the last event of each aggregate.
    """

    topic: str
    owner: str
    consumer: str
    compacted: bool = False


@dataclass(slots=True)
class Records:
    """Where the services' own records are.

    Attributes:
        dsns: database of each service.
        kafka: address of the broker.
        poisoned: aggregates that were given something nobody can publish or apply, and that are to be set aside.
    """

    dsns: Mapping[str, str]
    kafka: str
    subscriptions: tuple[Subscription, ...]
    poisoned: set[UUID] = field(default_factory=set)

    async def fetch(self, service: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows of a service."""
        connection = await asyncpg.connect(self.dsns[service])
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


async def commands_once(history: History, records: Records) -> list[Finding]:
    """What was acknowledged is in the audit trail once, what was refused is not, what is unknown at most once."""
    findings = []
    for service, commands in _by_service(history.commands).items():
        rows = await records.fetch(
            service, "SELECT request_id, verb, count(*) AS times FROM audit GROUP BY request_id, verb"
        )
        done = {(row["request_id"], row["verb"]): row["times"] for row in rows}
        for command in commands:
            times = done.get((command.id, command.verb), 0)
            least, most = {"acknowledged": (1, 1), "refused": (0, 0), "unknown": (0, 1)}[command.outcome]
            if times < least:
                findings.append(Finding("lost", f"{command.verb} of {command.about} was acknowledged ({command.id})"))
            if times > most:
                told = f"{command.outcome} ({command.status}) and done {times} times"
                findings.append(Finding("doubled", f"{command.verb} of {command.about} was {told} ({command.id})"))
    return findings


async def order_holds(history: History, records: Records) -> list[Finding]:
    """What was acknowledged before the next thing was asked, in the same case, stands before it in the audit trail."""
    findings = []
    for service, commands in _by_service(history.of("acknowledged")).items():
        rows = await records.fetch(service, "SELECT request_id, verb, id FROM audit")
        places = {(row["request_id"], row["verb"]): row["id"] for row in rows}
        by_case = defaultdict(list)
        for command in commands:
            by_case[command.about].append(command)
        for about, steps in by_case.items():
            steps.sort(key=lambda step: step.began)
            for earlier, later in itertools.pairwise(steps):
                first, second = places.get((earlier.id, earlier.verb)), places.get((later.id, later.verb))
                if earlier.ended <= later.began and first and second and first > second:
                    findings.append(Finding("disorder", f"{later.verb} before {earlier.verb} of {about}"))
    return findings


async def events_arrived(records: Records) -> list[Finding]:
    """Every event that an aggregate has had was published and applied by everybody who has to have it."""
    findings = []
    for one in records.subscriptions:
        emitted = await records.fetch(one.owner, "SELECT key, last FROM outbox_sequence WHERE topic = $1", one.topic)
        applied = await records.fetch(one.consumer, "SELECT key, last FROM inbox WHERE topic = $1", one.topic)
        reached = {row["key"]: row["last"] for row in applied}
        for row in emitted:
            last = reached.pop(row["key"], 0)
            place = f"{one.topic} {row['key']} at {one.consumer}"
            if row["key"] in records.poisoned:
                continue
            if last < row["last"]:
                findings.append(Finding("lost", f"events {last + 1} to {row['last']} of {place}"))
            if last > row["last"]:
                findings.append(Finding("doubled", f"event {last} of {place}, of which there are {row['last']}"))
        findings += [
            Finding("doubled", f"events of {one.topic} {key} at {one.consumer}, which nobody emitted")
            for key in reached.keys() - records.poisoned
        ]
    return findings


async def nothing_is_left(records: Records) -> list[Finding]:
    """No outbox holds anything, nobody waits behind a gap or a dead letter, but for what was poisoned on purpose."""
    findings = []
    for service in records.dsns:
        for table in ("outbox", "outbox_quarantine", "parked", "dead_letter"):
            rows = await records.fetch(service, f"SELECT topic, key, count(*) AS n FROM {table} GROUP BY topic, key")  # noqa: S608
            findings += [
                Finding("stuck", f"{row['n']} in {table} of {service}: {row['topic']} {row['key']}")
                for row in rows
                if row["key"] not in records.poisoned
            ]
    return findings


async def topics_are_whole(records: Records) -> list[Finding]:
    """In the broker's log, the events of an aggregate have numbers without holes, and each number is one event."""
    findings = []
    for topic in sorted({one.topic for one in records.subscriptions if not one.compacted}):
        events: dict[UUID, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for key, sequence, event in await _log_of(topic, records.kafka):
            events[key][sequence].add(event)
        for key, numbers in events.items():
            if key in records.poisoned:
                continue
            missing = sorted(set(range(1, max(numbers) + 1)) - numbers.keys())
            findings += [Finding("lost", f"event {number} of {topic} {key}") for number in missing]
            findings += [
                Finding("doubled", f"number {number} of {topic} {key} stands for {len(ids)} events")
                for number, ids in numbers.items()
                if len(ids) > 1
            ]
    return findings


async def _log_of(topic: str, bootstrap: str) -> list[tuple[UUID, int, str]]:
    """Return key, number and id of each event in a topic, in the order of its partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        if not partitions:
            await consumer._client.set_topics([topic])
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    headers = dict(record.headers)
                    if b"" not in (record.key or b"", headers.get("ce_sequence", b"")):
                        found.append((UUID(bytes=record.key), int(headers["ce_sequence"]), headers["ce_id"].decode()))
        return found
    finally:
        await consumer.stop()


def _by_service(commands: Iterable[Command]) -> dict[str, list[Command]]:
    found = defaultdict(list)
    for command in commands:
        found[command.service].append(command)
    return found
