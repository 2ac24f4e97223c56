"""Settings of svc-catalog."""

from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What svc-catalog needs to know: nothing beyond what every service does."""

    SERVICE: ClassVar[str] = "catalog"
