"""The topics of the contract, on the broker of a stack."""

from collections.abc import Collection

import yaml

from onestop_local.workspace import ROOT
from onestop_runtime.topics import Topic, TopicSettings, apply
from onestop_runtime.topics import contract as read

CONTRACT = ROOT / "contracts" / "topics.yaml"


def contract() -> tuple[Topic, ...]:
    """Return the topics of `contracts/topics.yaml` as a stack of one machine has them."""
    return read(yaml.safe_load(CONTRACT.read_text()), TopicSettings(scale="local"))


def reached(bootstrap: str) -> TopicSettings:
    """Return how the broker at `bootstrap` is reached: as `ONESTOP_KAFKA_*` says."""
    return TopicSettings(kafka_bootstrap=bootstrap)


async def create_topics(bootstrap: str, topics: Collection[Topic] | None = None) -> int:
    """Create those topics that do not exist yet, return how many were made.

    Raises:
        aiokafka.errors.KafkaError: when the broker refuses one.
    """
    return await apply(reached(bootstrap), contract() if topics is None else topics)
