"""Settings of the service."""

from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and nothing more."""

    SERVICE: ClassVar[str] = "datashare"
