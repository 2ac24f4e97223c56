"""Settings of a process, from the environment.

`ONESTOP_<SERVICE>_X` wins over `ONESTOP_X`, so that one file can configure a whole machine and still name
what belongs to one service.
"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service needs to know.

    Attributes:
        SERVICE: short name, also the middle of the variables' prefix.
        assertion_keys: JWKS file with the public keys whose assertions are believed.
        field_keys: file with the key-encryption keys of personal data.
        seed_file: JSON of demo people, companies and clients; only read by `seed`.
        drain_seconds: how long a stopping process waits for running requests.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)
    SERVICE: ClassVar[str]

    environment: Literal["local", "production"] = "local"
    host: str = "127.0.0.1"
    port: int = 0
    dsn: str = ""
    pool_size: int = 10
    kafka_bootstrap: str = ""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = None
    kafka_ca_file: Path | None = None
    assertion_keys: Path | None = None
    field_keys: Path | None = None
    files_url: str = ""
    otlp_endpoint: str | None = None
    trace_ratio: float = 0.01
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    seed_file: Path | None = None
    drain_seconds: int = 20

    @model_validator(mode="after")
    def _nothing_secret_has_a_default(self) -> "ServiceSettings":
        missing = [name for name in self.required() if not getattr(self, name)]
        if missing and self.environment == "production":
            names = "、".join(f"ONESTOP_{self.SERVICE.upper()}_{name.upper()}" for name in missing)
            raise ValueError(f"生产环境缺少设置：{names}")
        return self

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the settings without which the service refuses to start in production."""
        return ("dsn", "kafka_bootstrap", "assertion_keys", "field_keys")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what is given, then the service's own variables, then the shared ones."""
        own = EnvSettingsSource(settings_cls, env_prefix=f"ONESTOP_{cls.SERVICE.upper()}_")
        shared = EnvSettingsSource(settings_cls, env_prefix="ONESTOP_")
        return (init_settings, own, shared)
