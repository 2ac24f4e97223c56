"""svc-workflow: proceedings, tasks, clocks, decisions and licences."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from onestop_runtime.context import Context
from onestop_runtime.service import Service
from svc_workflow import consumers, seed, tables, workers
from svc_workflow.books import Books, library
from svc_workflow.domain.proceeding import AlreadyStarted
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository.decisions import DecisionExists
from svc_workflow.routes import conservation, definitions, proceedings, tasks
from svc_workflow.settings import Settings


@asynccontextmanager
async def startup(context: Context) -> AsyncIterator[Mapping[str, Books]]:
    """Lend the books of all services for as long as this one runs."""
    async with library(context.settings, context.pool) as books:
        yield books


SERVICE = Service(
    name="workflow",
    package="svc_workflow",
    title="审批办理服务",
    settings=Settings,
    metadata=tables.metadata,
    routers=(
        tasks.queries,
        tasks.commands,
        proceedings.queries,
        proceedings.commands,
        definitions.queries,
        definitions.commands,
        conservation.queries,
        conservation.commands,
    ),
    permissions=PERMISSIONS,
    subscriptions=consumers.SUBSCRIPTIONS,
    projections=consumers.PROJECTIONS,
    constraints={"one_proceeding_per_case": AlreadyStarted, "one_decision_per_proceeding": DecisionExists},
    seed=seed.seed,
    startup=startup,
    workers=(workers.watch, workers.patrol),
)
