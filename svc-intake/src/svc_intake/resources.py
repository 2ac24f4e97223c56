"""What the service opens beside its database: files, the exchange, keys, the counter of case numbers."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher, FileKeys
from svc_intake.exchange import Exchange, exchange
from svc_intake.files import FileStore
from svc_intake.memory import Memory
from svc_intake.numbers import CaseNumbers, case_numbers
from svc_intake.settings import Settings


@dataclass(slots=True)
class Resources:
    """The service's own resources, passed to the use cases that need them."""

    settings: Settings
    files: FileStore
    exchange: Exchange
    cipher: FieldCipher
    numbers: CaseNumbers
    memory: Memory


@asynccontextmanager
async def resources(context: Context) -> AsyncIterator[Resources]:
    """Open the resources for as long as the service runs."""
    settings = context.settings
    if not isinstance(settings, Settings):
        raise TypeError("svc-intake runs with its own settings")
    if settings.field_keys is None or not settings.files_url:
        raise ValueError("ONESTOP_INTAKE_FIELD_KEYS 和 ONESTOP_INTAKE_FILES_URL 必须设置")
    async with exchange(settings, time.monotonic) as client, case_numbers(settings) as numbers:
        yield Resources(
            settings=settings,
            files=FileStore(settings.files_url),
            exchange=client,
            cipher=FieldCipher(FileKeys(settings.field_keys)),
            numbers=numbers,
            memory=Memory(),
        )
