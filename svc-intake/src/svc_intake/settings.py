"""Settings of svc-intake; see the README for their meaning in operation."""

from pathlib import Path
from typing import ClassVar

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What svc-intake needs to know beyond what every service does.

    Attributes:
        datashare_url: base address of svc-datashare, for evidence; empty when there is none.
        system_key: private JWK with which the service states itself towards svc-datashare.
        exchange_seconds: how long one exchange call may take.
        evidence_purpose: purpose stated with every exchange call, as the grant names it.
        silence_seconds: how often it is looked whether somebody waited in vain for an answer.
        sweep_seconds: how often files that no row names are removed.
        orphan_seconds: how old such a file must be; an upload may still be under way.
    """

    SERVICE: ClassVar[str] = "intake"

    datashare_url: str = ""
    system_key: Path | None = None
    exchange_seconds: float = 3.0
    evidence_purpose: str = "办理行政许可时核验申请人营业执照"
    silence_seconds: float = 60.0
    sweep_seconds: float = 3600.0
    orphan_seconds: float = 3600.0

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the settings without which the service refuses to start in production."""
        return (*super().required(), "files_url", "datashare_url", "system_key")
