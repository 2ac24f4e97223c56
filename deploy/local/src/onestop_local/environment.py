"""What every process of a stack is told: its own addresses, its own database, its own keys, nobody else's."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from onestop_local.ports import LOOPBACK
from onestop_local.secrecy import Secrets
from onestop_local.stack import Home
from onestop_local.workspace import SERVICES

_NOT_PASSED_ON = {
    "ONESTOP_STACK",
    "ONESTOP_PORT",
    "ONESTOP_DSN",
    "ONESTOP_STATE",
    "ONESTOP_CACHE",
    "ONESTOP_POSTGRES_DSN",
    "ONESTOP_POSTGRES_VERSION",
    "ONESTOP_KAFKA_LIBS",
    "ONESTOP_MAVEN_REPOSITORY",
    "PYTHONDONTWRITEBYTECODE",  # every start would compile every module anew: 3 s for each process
}
"""What a process is not told: variables for the supervisor, which it would take for its own, and what slows it."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything of a stack listens.

    Attributes:
        ports: port of each process by its short name, `gateway` among them.
        dsns: database of each process.
    """

    ports: Mapping[str, int]
    dsns: Mapping[str, str]
    kafka: str

    def url(self, service: str) -> str:
        """Return the address of a process."""
        return f"http://{LOOPBACK}:{self.ports[service]}"


_RATE_FACTOR = "10000"
"""On one machine everybody comes from one address, and tests and benchmarks are a few persons who never rest."""


_LEDGERS = ("intake", "datashare", "credit")
"""Services whose books svc-workflow compares with its own."""
_GRACE_SECONDS = "2"
"""On one machine events arrive in milliseconds."""


def environment(service: str, home: Home, addresses: Addresses, secrets: Secrets) -> dict[str, str]:
    """Return the environment of a process: the person's own variables, and over them what the stack decides."""
    own = {
        "HOST": LOOPBACK,
        "PORT": str(addresses.ports[service]),
        "DSN": addresses.dsns[service],
        "KAFKA_BOOTSTRAP": addresses.kafka,
        "ASSERTION_KEYS": str(secrets.key_file("assertion-keys")),
        "FIELD_KEYS": str(secrets.key_file(f"field-{service}")),
        "FILES_URL": (home.directory / "files" / service).as_uri(),
    }
    if service == "gateway":
        own |= {
            "ISSUER": addresses.url("gateway"),
            "ASSERTION_KEY": str(secrets.key_file("assertion-gateway")),
            "UPSTREAMS": json.dumps({one: addresses.url(one) for one in SERVICES}),
            "RATE_FACTOR": _RATE_FACTOR,
        }
    if service == "intake":
        own |= {
            "DATASHARE_URL": addresses.url("datashare"),
            "SYSTEM_KEY": str(secrets.key_file("assertion-intake")),
        }
    if service == "workflow":
        own |= {
            "LEDGER_URLS": json.dumps({one: addresses.url(one) for one in _LEDGERS}),
            "SYSTEM_KEY": str(secrets.key_file("assertion-workflow")),
            "CONSERVATION_GRACE_SECONDS": _GRACE_SECONDS,
        }
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    return {
        **inherited,
        "ONESTOP_ENVIRONMENT": "local",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc would keep an arena of memory per thread
        **{f"ONESTOP_{service.upper()}_{name}": value for name, value in own.items()},
    }


def preparing(service: str, home: Home, addresses: Addresses, secrets: Secrets) -> dict[str, str]:
    """Return the environment of `prepare`: as for serving, and what to fill the database with."""
    return environment(service, home, addresses, secrets) | {"ONESTOP_SEED_FILE": str(secrets.seed_file)}
