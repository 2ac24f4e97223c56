"""The running parts of a service, in one place."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

from onestop_runtime import metrics
from onestop_runtime.assertion import AssertionVerifier
from onestop_runtime.clock import Clock
from onestop_runtime.database import ACQUIRE_SECONDS
from onestop_runtime.problems import ServiceUnavailable
from onestop_runtime.progress import Progress
from onestop_runtime.sharing import Lane
from onestop_runtime.turns import Turns

if TYPE_CHECKING:
    from onestop_runtime.service import Service
    from onestop_runtime.settings import ServiceSettings
    from onestop_runtime.telemetry import Spans

KEPT_BACK = 4
"""Connections that requests leave to others: to lanes, and to the relay, consumers and timers, who have to go on."""
QUEUE_A_CONNECTION = 10
"""Requests that may wait for a connection, by the size of the pool: with any more, the last would wait in vain."""


@dataclass(slots=True)
class Context:
    """What routes, consumers and workers of a service share.

    Attributes:
        spans: makes spans; None when nobody collects them.
        state: what the service's own `startup` yields (a files store, an HTTP client), or None.
        outbox_wake: set after a commit with events, so that the relay need not wait for its next look.
        lanes: the shared transactions of each route that has them.
        progress: how far the service has come in what it follows, and who waits for more.
        turns: of requests that need a connection of their own.
        ready: names of the parts that are up; readiness needs all of `needed`.
        started: False while the service's own resources are being opened; requests are told to come back.
        ends_process: a serving process ends when its background fails; a test's does not.
    """

    service: "Service"
    settings: "ServiceSettings"
    verifier: AssertionVerifier
    clock: Clock
    spans: "Spans | None" = None
    state: Any = None
    outbox_wake: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    needed: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    open_pool: asyncpg.Pool | None = None
    ends_process: bool = False
    lanes: dict[str, Lane] = field(default_factory=dict)
    started: bool = True
    progress: Progress = field(init=False)
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        """Know what the service follows, and how many requests it serves at once."""
        size = self.settings.pool_size
        self.turns = Turns(
            max(size - KEPT_BACK, 1),
            QUEUE_A_CONNECTION * size,
            longest=ACQUIRE_SECONDS,
            refused=metrics.SHED.labels(self.service.name).inc,
        )
        self.progress = Progress(self.service, self.turns)

    @property
    def pool(self) -> asyncpg.Pool:
        """The database pool; raises `ServiceUnavailable` while the database has not been reached."""
        if self.open_pool is None:
            raise ServiceUnavailable("数据库尚未就绪。", retry_after=2)
        return self.open_pool

    def wake_relay(self) -> None:
        """Tell the relay that there is something to publish."""
        self.outbox_wake.set()
