"""What the service opens for itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher, FileKeys


def cipher(keys: Path | None) -> FieldCipher:
    """Return the cipher of personal fields.

    Raises:
        RuntimeError: when no keys are named; without them nothing personal could be stored or read.
    """
    if keys is None:
        raise RuntimeError("ONESTOP_DATASHARE_FIELD_KEYS names no file with keys")
    return FieldCipher(FileKeys(keys))


@asynccontextmanager
async def startup(context: Context) -> AsyncIterator[FieldCipher]:
    """Lend the cipher for as long as the service runs."""
    yield cipher(context.settings.field_keys)
