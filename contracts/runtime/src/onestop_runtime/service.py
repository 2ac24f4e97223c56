"""A service: what it is made of, how its application is composed, how it runs and stops.

`main.py` of a service says what it is made of; everything else is here once.
"""

import argparse
import asyncio
import contextlib
import gc
import importlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from onestop_legal.errors import NamedError
from onestop_runtime import clock as wall
from onestop_runtime import idempotency, inbox, logs
from onestop_runtime.assertion import AssertionVerifier
from onestop_runtime.caller import system
from onestop_runtime.clock import Clock
from onestop_runtime.codec import dumps, loads
from onestop_runtime.consumer import consume
from onestop_runtime.context import Context
from onestop_runtime.database import close_pool, open_pool
from onestop_runtime.events.routes import event_routers
from onestop_runtime.examples import complete_examples
from onestop_runtime.outbox import Relay
from onestop_runtime.permissions import PermissionTable
from onestop_runtime.problems import (
    ServiceUnavailable,
    install_problem_handlers,
    problem_response,
    say_problem_media_type,
)
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.rebuilds.routes import rebuild_routers
from onestop_runtime.rebuilds.worker import rebuild_projections
from onestop_runtime.settings import ServiceSettings
from onestop_runtime.telemetry import Telemetry, spans_of
from onestop_runtime.transaction import Transaction, transaction

if TYPE_CHECKING:
    from onestop_runtime.server import BoundedHttp

log = logs.logger(__name__)

Worker = Callable[[Context], Coroutine[Any, Any, None]]
Seed = Callable[[Callable[[], AbstractAsyncContextManager[Transaction]], dict[str, Any]], Awaitable[None]]
Startup = Callable[[Context], AbstractAsyncContextManager[Any]]

PRUNE_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a service is made of.

    Attributes:
        name: short name (`intake`); its audience, consumer group and CloudEvents source are `svc-<name>`.
        package: import name; its migrations stand beside it.
        routers: the routes.
        subscriptions: which events it applies.
        projections: what of its tables can be built anew from events alone.
        constraints: database constraints that stand for named errors.
        seed: fills an empty database; idempotent.
        startup: opens the service's own resources, kept as `context.state`.
        workers: loops that run until `context.stopping` is set.
        configure: last word on the application, for what is no route.
        protocol: how its process serves a connection, when not as all do.
    """

    name: str
    package: str
    title: str
    settings: type[ServiceSettings]
    metadata: sa.MetaData
    routers: tuple[APIRouter, ...] = ()
    permissions: PermissionTable = field(default_factory=PermissionTable)
    subscriptions: tuple[inbox.Subscription, ...] = ()
    projections: tuple[Projection, ...] = ()
    constraints: Mapping[str, Callable[[], NamedError]] = field(default_factory=dict)
    seed: Seed | None = None
    startup: Startup | None = None
    workers: tuple[Worker, ...] = ()
    configure: Callable[[FastAPI, Context], None] | None = None
    protocol: "type[BoundedHttp] | None" = None

    @property
    def audience(self) -> str:
        """Whom assertions for this service are made for."""
        return f"svc-{self.name}"


def compose(service: Service, settings: ServiceSettings, clock: Clock = wall.now) -> FastAPI:
    """Return the application of `service`; it connects when its lifespan starts."""
    verifier = (
        AssertionVerifier.from_file(settings.assertion_keys, service.audience)
        if settings.assertion_keys
        else AssertionVerifier.nobody(service.audience)
    )
    spans = spans_of(settings)
    context = Context(service=service, settings=settings, verifier=verifier, clock=clock, spans=spans)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running(context):
            yield
        if spans:
            spans.close()

    app = FastAPI(
        title=service.title,
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.context = context
    install_problem_handlers(app)
    for router in (*service.routers, *event_routers(service.name), *rebuild_routers(service.name)):
        app.router.routes.extend(router.routes)  # as they are: an included router is one more thing to walk through
    app.include_router(_operation(context))
    if service.configure:
        service.configure(app, context)
    _complete_document(app)
    app.add_middleware(Telemetry, service=service.name, ratio=settings.trace_ratio, spans=spans)
    return app


def _complete_document(app: FastAPI) -> None:
    generate = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            say_problem_media_type(generate())
            complete_examples(generate())
        return generate()

    app.openapi = document  # type: ignore[method-assign]


@asynccontextmanager
async def running(context: Context) -> AsyncIterator[None]:
    """Run the background of a service: connect, publish, consume, work; stop in order.

    The process answers from the start; until the database and the broker are reached, it says that it is not ready.
    """
    service = context.service
    context.started = False
    context.needed = {"database", "broker"} | ({"consumer"} if service.subscriptions else set())
    background = asyncio.get_running_loop().create_task(_background(context), name=f"{service.name} background")
    try:
        yield
    finally:
        context.stopping.set()
        context.outbox_wake.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(background), context.settings.drain_seconds)
        if not background.done():
            log.warning("background did not end in time and is cut")
            background.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await background
        log.info("stopped")


async def _background(context: Context) -> None:
    connecting = asyncio.get_running_loop().create_task(open_pool(context.settings))
    stop = asyncio.get_running_loop().create_task(context.stopping.wait())
    await asyncio.wait({connecting, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not connecting.done():
        connecting.cancel()
        return
    context.open_pool = connecting.result()
    context.ready.add("database")
    startup = context.service.startup or _nothing
    try:
        async with startup(context) as context.state, asyncio.TaskGroup() as group:
            context.started = True
            _rest_the_collector()
            group.create_task(Relay(context).run())
            if context.service.subscriptions:
                group.create_task(consume(context))
            if context.service.projections:
                group.create_task(rebuild_projections(context))
            for worker in (*context.service.workers, _prune):
                group.create_task(worker(context))
    except (Exception, BaseExceptionGroup) as error:
        log.unexpected("a background part failed", error)
        context.ready.clear()
        if context.ends_process:
            signal.raise_signal(signal.SIGTERM)  # a fresh process does better than a half one
        raise
    finally:
        await close_pool(context.open_pool)


def _rest_the_collector() -> None:
    """Let the garbage collector look only at what requests make, and not at every thousandth object."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@asynccontextmanager
async def _nothing(_context: Context) -> AsyncIterator[None]:
    yield


async def _prune(context: Context) -> None:
    while not context.stopping.is_set():
        try:
            await context.pool.execute(idempotency.PRUNE)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("old answers stay for now", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), PRUNE_SECONDS)


def _operation(context: Context) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @router.get("/readyz")
    async def readyz() -> Response:
        missing = sorted(context.needed - context.ready)
        if context.stopping.is_set() or missing:
            names = {"database": "数据库", "broker": "消息系统", "consumer": "消息消费"}
            detail = "尚未就绪：" + "、".join(names.get(part, part) for part in missing)
            return problem_response(ServiceUnavailable(detail if missing else "正在停止。", retry_after=1))
        return Response(b'{"status":"ready"}', media_type="application/json")

    @router.get("/metrics")
    async def expose(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def migrations_of(package: str) -> Path:
    """Return the folder of a service's migrations, beside its sources or inside the installed package."""
    here = Path(importlib.import_module(package).__file__ or "").parent
    inside = here / "migrations"
    return inside if inside.is_dir() else here.parent.parent / "migrations"


async def seed(service: Service, settings: ServiceSettings) -> None:
    """Fill the database by the service's own use cases; what is there already stays."""
    if service.seed is None:
        return
    data = loads(settings.seed_file.read_bytes()) if settings.seed_file else {}
    pool = await open_pool(settings)
    try:
        caller = system(service.audience)
        await service.seed(lambda: transaction(pool, caller, wall.now(), constraints=service.constraints), data)
    finally:
        await close_pool(pool)


def openapi(service: Service) -> dict[str, Any]:
    """Return the OpenAPI document of `service`."""
    return compose(service, service.settings(environment="local")).openapi()


def run(service: Service) -> None:
    """Entry point of `python -m <package> [serve|migrate|seed|prepare|openapi]`."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.package}", description=service.title)
    parser.add_argument("command", nargs="?", default="serve",
                        choices=["serve", "migrate", "seed", "prepare", "openapi"])  # fmt: skip
    command = parser.parse_args().command
    if command == "openapi":
        sys.stdout.buffer.write(dumps(openapi(service)))
        return
    settings = service.settings()
    logs.configure(service.audience if service.name != "gateway" else "gateway", settings.log_level)
    if settings.environment == "production" and settings.plain:
        log.warning("servers are talked to without TLS", servers=settings.plain)
    if command == "serve":
        _serve(service, settings)
    if command in ("migrate", "prepare"):
        from onestop_runtime.migration import upgrade  # noqa: PLC0415 - alembic is not needed to serve

        upgrade(settings.dsn, migrations_of(service.package))
    if command in ("seed", "prepare"):
        asyncio.run(seed(service, settings))


def _serve(service: Service, settings: ServiceSettings) -> None:
    from onestop_runtime.server import serve  # noqa: PLC0415 - only a serving process needs it

    app = compose(service, settings)
    app.state.context.ends_process = True
    serve(app, settings, service.protocol)
