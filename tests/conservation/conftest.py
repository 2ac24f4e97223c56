"""A town whose books add up, for the tests that break it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from onestop_local.testing.databases import TestServer

ROOT = Path(__file__).parents[2]
for folder in (Path(__file__).parent, ROOT / "svc-intake" / "tests", ROOT / "svc-workflow" / "tests"):
    sys.path.insert(0, str(folder))

from town import Town, open_town  # noqa: E402 - found once the folders above are


@pytest.fixture(scope="module")
async def town(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Return four services that know each other's events."""
    async with open_town(postgres, tmp_path_factory.mktemp("town")) as opened:
        yield opened
