"""Removes files that no row names: uploads that broke off, drafts that were thrown away, materials replaced."""

import asyncio
import contextlib
from datetime import timedelta

from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.patience import TRANSIENT
from onestop_runtime.transaction import acquired
from svc_intake.repository import materials
from svc_intake.resources import Resources

log = logger(__name__)


async def sweep(context: Context) -> int:
    """Remove the orphans older than the setting says; return how many."""
    own: Resources = context.state
    removed = 0
    before = context.clock() - timedelta(seconds=own.settings.orphan_seconds)
    async for paths in own.files.older_than(before):
        if not paths:
            continue
        async with acquired(context.pool) as connection:
            named = await materials.named(connection, paths)
        orphans = [path for path in paths if path not in named]
        await own.files.remove(orphans)
        removed += len(orphans)
    return removed


async def run(context: Context) -> None:
    """Sweep now and then until the process stops; a store that is away is tried again next time."""
    own: Resources = context.state
    while not context.stopping.is_set():
        try:
            if removed := await sweep(context):
                log.info("orphaned files removed", files=removed)
        except TRANSIENT as error:
            log.warning("the store or the database is away; swept later", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), own.settings.sweep_seconds)
