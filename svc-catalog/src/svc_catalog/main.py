"""svc-catalog: items, guides, regions and agencies of the zone, the working-day calendar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from onestop_runtime.context import Context
from onestop_runtime.service import Service
from svc_catalog import seed, tables
from svc_catalog.obstacles import routes as obstacles
from svc_catalog.permissions import PERMISSIONS
from svc_catalog.routes import public, versions
from svc_catalog.routes.hot import HotGuides
from svc_catalog.service.public_guides import PublicGuides
from svc_catalog.settings import Settings


@asynccontextmanager
async def _public_guides(_context: Context) -> AsyncIterator[PublicGuides]:
    yield PublicGuides()


def _answer_hot_guides(app: FastAPI, context: Context) -> None:
    app.add_middleware(HotGuides, context=context)


SERVICE = Service(
    name="catalog",
    package="svc_catalog",
    title="事项目录服务",
    settings=Settings,
    metadata=tables.metadata,
    routers=(
        public.hot,
        public.queries,
        versions.commands,
        versions.queries,
        versions.streams,
        obstacles.commands,
        obstacles.queries,
    ),
    permissions=PERMISSIONS,
    seed=seed.seed,
    startup=_public_guides,
    configure=_answer_hot_guides,
)
