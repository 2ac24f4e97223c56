"""Settings of a process, from the environment.

`ONESTOP_<SERVICE>_X` wins over `ONESTOP_X`, so that one file can configure a whole machine and still name
what belongs to one service.
"""

from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict


def verified(dsn: str, ca_file: Path) -> str:
    """Return `dsn` such that only the server it names, certified by `ca_file`, is talked to, and over TLS only."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query)) | {"sslmode": "verify-full", "sslrootcert": str(ca_file)}
    return urlunsplit(parts._replace(query=urlencode(query)))


class ConnectionSettings(BaseSettings):
    """Where database and broker are, and how they are talked to; all that an operator's tool needs.

    Attributes:
        SERVICE: short name, also the middle of the variables' prefix.
        postgres_ca_file: certificates (PEM) that vouch for the database; with them the connection is TLS, and both the
            chain and the name of the server are verified.
        dsn: the database, as every user of it takes it: what `postgres_ca_file` asks for is part of it.
        kafka_ca_file: certificates (PEM) that vouch for the broker; those of the system without it.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)
    SERVICE: ClassVar[str]

    postgres_ca_file: Path | None = None
    dsn: str = ""
    kafka_bootstrap: str = ""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = None
    kafka_ca_file: Path | None = None

    @field_validator("dsn")
    @classmethod
    def _over_tls(cls, dsn: str, others: ValidationInfo) -> str:
        ca_file = others.data.get("postgres_ca_file")
        return verified(dsn, ca_file) if dsn and ca_file else dsn

    @property
    def plain(self) -> tuple[str, ...]:
        """Which of the servers is talked to without TLS."""
        mode = dict(parse_qsl(urlsplit(self.dsn).query)).get("sslmode")
        unverified = [] if mode in ("verify-ca", "verify-full") else ["PostgreSQL"]
        return (*unverified, *([] if self.kafka_security_protocol.endswith("SSL") else ["Kafka"]))

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


class ServiceSettings(ConnectionSettings):
    """What every service needs to know.

    Attributes:
        assertion_keys: JWKS file with the public keys whose assertions are believed.
        field_keys: file with the key-encryption keys of personal data.
        seed_file: JSON of demo people, companies and clients; only read by `seed`.
        drain_seconds: how long a stopping process waits for running requests.
    """

    environment: Literal["local", "production"] = "local"
    host: str = "127.0.0.1"
    port: int = 0
    pool_size: int = 10
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
