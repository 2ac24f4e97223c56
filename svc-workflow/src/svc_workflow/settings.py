"""Settings of svc-workflow."""

from pathlib import Path
from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What svc-workflow needs to know beyond what every service does; all of it for the conservation ledger.

    Attributes:
        ledger_urls: base addresses of the services whose books are compared, by short name: intake, datashare, credit.
        system_key: private JWK with which the service states itself towards them.
        conservation_seconds: pause between two looks at the last days.
        conservation_grace_seconds: how long something may be on its way before it is asked where it is.
    """

    SERVICE: ClassVar[str] = "workflow"

    ledger_urls: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    system_key: Path | None = None
    conservation_seconds: float = 60.0
    conservation_grace_seconds: float = 30.0

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the settings without which the service refuses to start in production."""
        return (*super().required(), "ledger_urls", "system_key")
