"""The topics of the contract, made on a broker and compared with it.

    python -m onestop_runtime.topics apply contracts/topics.yaml   make what is missing, set what differs
    python -m onestop_runtime.topics check contracts/topics.yaml   say what differs; exit code 1 when anything does

The broker is named by `ONESTOP_KAFKA_*`, as for every process. A number of partitions is fixed at a topic's birth
(order holds per key), so one that differs is said and never changed; so is the number of copies, which only a
reassignment changes.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from onestop_runtime import kafka
from onestop_runtime.settings import ConnectionSettings

_DAY_MS = 24 * 60 * 60 * 1000


class TopicSettings(ConnectionSettings):
    """What the tool is told.

    Attributes:
        scale: `local` for a broker of one machine, `production` for a cluster.
        topic_replication: copies of each partition, when not as the contract says.
        topic_min_isr: of these, how many have an event before it counts as written, when not as the contract says.
    """

    SERVICE: ClassVar[str] = "topics"

    scale: Literal["local", "production"] = "production"
    topic_replication: int | None = None
    topic_min_isr: int | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be on a broker.

    Attributes:
        partitions: fixed at the topic's birth.
        copies: of each partition.
        settings: of the broker for the topic, in its own words.
    """

    name: str
    partitions: int
    copies: int
    settings: Mapping[str, str]


def contract(document: Mapping[str, Any], settings: TopicSettings) -> tuple[Topic, ...]:
    """Return the topics of `contracts/topics.yaml` (as read) at a scale."""
    return tuple(_topic(name, document["defaults"] | facts, settings) for name, facts in document["topics"].items())


def _topic(name: str, facts: Mapping[str, Any], settings: TopicSettings) -> Topic:
    at = "" if settings.scale == "production" else "local_"
    kept = facts["retention_days"] * _DAY_MS if facts["retention_days"] >= 0 else -1
    configured = {
        "cleanup.policy": facts["cleanup"],
        "min.insync.replicas": settings.topic_min_isr or facts[at + "min_isr"],
    }
    if facts["cleanup"] == "compact":
        configured |= {
            "max.compaction.lag.ms": facts["compacted_after_days"] * _DAY_MS,
            "delete.retention.ms": facts["tombstone_days"] * _DAY_MS,
        }
    else:
        configured["retention.ms"] = kept
    words = {setting: str(value) for setting, value in configured.items()}
    return Topic(name, facts[at + "partitions"], settings.topic_replication or facts[at + "replication"], words)


async def apply(settings: ConnectionSettings, topics: Collection[Topic]) -> int:
    """Make those topics that do not exist yet, and set what differs on the others; return how many were made.

    Raises:
        aiokafka.errors.KafkaError: when the broker refuses one.
    """
    async with _admin(settings) as admin:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            answer = await admin.create_topics(
                [NewTopic(one.name, one.partitions, one.copies, topic_configs=dict(one.settings)) for one in missing]
            )
            for name, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise for_code(code)(name)
        there = [topic for topic in topics if topic.name in existing]
        now = await _configured(admin, there)
        changed = [one for one in there if _differing(one, now[one.name])]
        if changed:
            wanted = [ConfigResource(ConfigResourceType.TOPIC, one.name, dict(one.settings)) for one in changed]
            for altered in await admin.alter_configs(wanted):
                for code, message, *_ in altered.resources:
                    if code:
                        raise for_code(code)(message)
        return len(missing)


async def differences(settings: ConnectionSettings, topics: Collection[Topic]) -> list[str]:
    """Return in what the broker's topics are not as they should be; empty when they are."""
    async with _admin(settings) as admin:
        existing = set(await admin.list_topics())
        found = [f"{topic.name}: missing" for topic in topics if topic.name not in existing]
        there = {topic.name: topic for topic in topics if topic.name in existing}
        if not there:
            return found
        for described in await admin.describe_topics(list(there)):
            topic, partitions = there[described["topic"]], described["partitions"]
            copies = {len(partition["replicas"]) for partition in partitions}
            if len(partitions) != topic.partitions:
                found.append(f"{topic.name}: partitions {len(partitions)}, should be {topic.partitions}")
            if copies != {topic.copies}:
                found.append(f"{topic.name}: copies {', '.join(map(str, sorted(copies)))}, should be {topic.copies}")
        now = await _configured(admin, there.values())
        for topic in there.values():
            found += [f"{topic.name}: {difference}" for difference in _differing(topic, now[topic.name])]
        return sorted(found)


def _differing(topic: Topic, now: Mapping[str, str]) -> list[str]:
    return [
        f"{name} {now.get(name)}, should be {value}" for name, value in topic.settings.items() if now.get(name) != value
    ]


async def _configured(admin: AIOKafkaAdminClient, topics: Collection[Topic]) -> dict[str, dict[str, str]]:
    """Return the settings of each topic as the broker has them."""
    if not topics:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, one.name) for one in topics])
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _code, _message, _type, name, entries in answer.resources
    }


@asynccontextmanager
async def _admin(settings: ConnectionSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka.connection(settings), request_timeout_ms=30_000)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def main() -> int:
    """Do what the command line says; return the exit code."""
    import yaml  # noqa: PLC0415 - a serving process has no use for it

    parser = argparse.ArgumentParser(prog="python -m onestop_runtime.topics", description="主题：按契约建立、核对")
    parser.add_argument("command", choices=["apply", "check"])
    parser.add_argument("contract", type=Path, metavar="contracts/topics.yaml")
    arguments = parser.parse_args()
    settings = TopicSettings()
    topics = contract(yaml.safe_load(arguments.contract.read_text()), settings)
    if arguments.command == "apply":
        made = asyncio.run(apply(settings, topics))
        sys.stdout.write(f"新建主题 {made} 个，共 {len(topics)} 个。\n")
    wrong = asyncio.run(differences(settings, topics))
    sys.stdout.write("".join(f"{one}\n" for one in wrong) or "主题与契约一致。\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
