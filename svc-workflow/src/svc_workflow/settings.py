"""Settings of svc-workflow."""

from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What svc-workflow needs to know: nothing beyond what every service does."""

    SERVICE: ClassVar[str] = "workflow"
