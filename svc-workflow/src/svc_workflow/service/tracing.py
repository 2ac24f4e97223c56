"""Where the events are that should have carried what is missing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from aiokafka.errors import KafkaError

from onestop_runtime.events import broker
from onestop_runtime.ledger import MOST_KEYS, Whereabouts
from onestop_runtime.logs import logger
from onestop_runtime.settings import ServiceSettings
from svc_workflow.books import Books, BooksAway
from svc_workflow.domain.conservation import Finding, Sent, Stage, Taken, trace

log = logger(__name__)
_Asked = dict[tuple[str, str, UUID], Whereabouts]


async def trace_all(
    books: Mapping[str, Books], settings: ServiceSettings, findings: Sequence[Finding]
) -> list[Finding]:
    """Return the findings as they stand now that it was asked where their events are; unreachable ones are left out."""
    traced = [_stands(one, one.plain, one.sequence) for one in findings if one.plain]
    to_ask = [one for one in findings if one.plain is None]
    known: _Asked = {}
    wanted: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for one in to_ask:
        for service in (one.sender, one.service):
            wanted[service, one.told.topic].add(_key_of(one))
    for (service, topic), keys in wanted.items():
        await _ask(books, known, service, topic, sorted(keys))
    read = _Read(settings)
    for one in to_ask:
        sent, taken = (known.get((who, one.told.topic, _key_of(one))) for who in (one.sender, one.service))
        if sent and taken:
            traced.append(await _traced(read, one, sent, taken))
    return traced


class _Read:
    """What the broker says of how far is read; asked once for each topic and group."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._ends: dict[str, dict[str, int]] = {}
        self._done: dict[tuple[str, str], dict[str, int]] = {}

    async def ends(self, topic: str) -> dict[str, int]:
        """Return where the topic ends now."""
        if topic not in self._ends:
            self._ends[topic] = await broker.ends(self._settings, topic)
        return self._ends[topic]

    async def passed(self, service: str, topic: str, marks: Mapping[str, int]) -> bool:
        """Tell whether a service has read what was in the topic when it ended at `marks`."""
        if (service, topic) not in self._done:
            self._done[service, topic] = await broker.done(self._settings, f"svc-{service}", topic)
        done = self._done[service, topic]
        return all(done.get(partition, 0) >= mark for partition, mark in marks.items())


async def _ask(books: Mapping[str, Books], known: _Asked, service: str, topic: str, keys: Sequence[UUID]) -> None:
    for begin in range(0, len(keys), MOST_KEYS):
        try:
            for found in await books[service].whereabouts(topic, keys[begin : begin + MOST_KEYS]):
                known[service, topic, found.key] = found
        except BooksAway as error:
            log.warning("nobody says where events are", why=str(error))
            return


async def _traced(read: _Read, one: Finding, sent: Whereabouts, taken: Whereabouts) -> Finding:
    passes, passed, topic = one.passes, one.stage is Stage.LOST, one.told.topic
    try:
        if passes is not None and not passed:
            passed = await read.passed(one.service, topic, passes)
        stage, sequence = trace(
            Sent(sent.emitted, sent.pending, sent.quarantined, sent.discarded),
            Taken(taken.applied, taken.parked, taken.dead, taken.discarded),
            passed=passed,
        )
        if stage is Stage.IN_BROKER and passes is None:
            passes = await read.ends(topic)
    except (KafkaError, OSError, TimeoutError) as error:
        log.warning("the broker does not say how far is read", error=type(error).__name__)
        stage, sequence = Stage.IN_BROKER, taken.applied + 1
    return _stands(replace(one, passes=passes), stage, sequence)


def _key_of(one: Finding) -> UUID:
    """Return the aggregate whose event it is; a finding whose stage is not plain has one."""
    assert one.key  # noqa: S101 - see `Finding.plain`
    return one.key


def _stands(one: Finding, stage: Stage | None, sequence: int | None) -> Finding:
    assert stage  # noqa: S101 - every caller knows it
    return replace(one, standing=one.standing_at(stage), stage=stage, sequence=sequence)
