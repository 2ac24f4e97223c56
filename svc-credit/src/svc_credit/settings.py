"""Settings of the service."""

from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and how often pending disclosures are looked at.

    Attributes:
        disclosure_seconds: pause between two looks.
    """

    SERVICE: ClassVar[str] = "credit"

    disclosure_seconds: float = 30.0
