"""A running intake with a published guide, and the people of the whole case."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from intake_world import Clock, Intake

from onestop_local.testing.client import ServiceClient
from svc_intake.main import SERVICE


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def intake(service_client: Callable[..., Awaitable[ServiceClient]], clock: Clock, tmp_path: Path) -> Intake:
    """Return intake with a guide, an agency, a calendar and the authority of the hall."""
    client = await service_client(SERVICE, clock=clock)
    world = Intake(client, clock, tmp_path)
    await world.furnish()
    return world
