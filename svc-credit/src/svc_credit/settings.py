"""Settings of svc-credit."""

from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What svc-credit needs to know: nothing beyond what every service does."""

    SERVICE: ClassVar[str] = "credit"
