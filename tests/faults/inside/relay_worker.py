"""A relay worker alone, beside that in the service: `python relay_worker.py <service>`, settings as the service's."""

import asyncio
import signal
import sys
from typing import ClassVar

import sqlalchemy as sa

from onestop_runtime.assertion import AssertionVerifier
from onestop_runtime.clock import now
from onestop_runtime.context import Context
from onestop_runtime.database import open_pool
from onestop_runtime.outbox import Relay
from onestop_runtime.service import Service
from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the service whose events are published."""

    SERVICE: ClassVar[str] = sys.argv[1]


async def main() -> None:
    """Publish until told to stop."""
    service = Service(name=sys.argv[1], package="", title="", settings=Settings, metadata=sa.MetaData())
    context = Context(service, Settings(), AssertionVerifier.nobody(service.audience), now)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, context.stopping.set)
    context.open_pool = await open_pool(context.settings)
    await Relay(context).run()


asyncio.run(main())
