"""The topics of the contract, made on a broker."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from onestop_local.workspace import ROOT

CONTRACT = ROOT / "contracts" / "topics.yaml"
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the contract names it.

    Attributes:
        partitions: number on a stack of one machine; fixed at the topic's birth.
        retention_days: -1 for ever.
    """

    name: str
    partitions: int
    retention_days: int
    cleanup: str

    @property
    def settings(self) -> dict[str, str]:
        """The broker's settings for the topic."""
        kept = -1 if self.retention_days < 0 else self.retention_days * _DAY_MS
        return {"cleanup.policy": self.cleanup, "retention.ms": str(kept)}


def contract(path: Path = CONTRACT) -> tuple[Topic, ...]:
    """Return the topics of `contracts/topics.yaml`."""
    document = yaml.safe_load(path.read_text())
    defaults = document["defaults"]
    return tuple(
        Topic(
            name,
            one.get("local_partitions", defaults["local_partitions"]),
            one.get("retention_days", defaults["retention_days"]),
            one.get("cleanup", defaults["cleanup"]),
        )
        for name, one in document["topics"].items()
    )


async def create_topics(bootstrap: str, topics: tuple[Topic, ...] | None = None) -> int:
    """Create those topics that do not exist yet; return how many were made.

    Raises:
        aiokafka.errors.KafkaError: when the broker refuses one.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30_000)
    await admin.start()
    try:
        wanted = topics if topics is not None else contract()
        existing = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in existing]
        if not missing:
            return 0
        answer = await admin.create_topics(
            [NewTopic(one.name, one.partitions, replication_factor=1, topic_configs=one.settings) for one in missing]
        )
        for name, code, *_ in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(name)
        return len(missing)
    finally:
        await admin.close()
