"""Where things lie: the repository, the state of stacks, the cache that stacks share."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
"""The repository; the package is only ever installed editable."""

SERVICES = ("catalog", "intake", "workflow", "datashare", "credit")
"""The five services behind the gateway, each with its own database."""


def process_name(service: str) -> str:
    """Return the name a process is known by (`gateway`, `svc-catalog`)."""
    return service if service == "gateway" else f"svc-{service}"


def package_name(service: str) -> str:
    """Return the import name of a service's package."""
    return service if service == "gateway" else f"svc_{service}"


def state_directory(name: str) -> Path:
    """Return the folder that holds the state of the stack `name`."""
    return Path(os.environ.get("ONESTOP_STATE", ROOT / ".onestop")) / name


def cache_directory() -> Path:
    """Return the folder of downloads that all stacks of this user share."""
    given = os.environ.get("ONESTOP_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "onestop"
