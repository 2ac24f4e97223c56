"""Settings of the gateway, from `ONESTOP_GATEWAY_*` and `ONESTOP_*`."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyNetwork, model_validator

from gateway.tokens.keystore import Rotation
from onestop_runtime.settings import ServiceSettings

_PRIVATE: Final = tuple(
    ip_network(it) for it in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


class GatewaySettings(ServiceSettings):
    """What the gateway needs to know beside what every service needs.

    Attributes:
        issuer: the public address, without path; what tokens name as issuer. By default where the process listens.
        assertion_key: file with the private Ed25519 JWK that internal assertions are signed with.
        upstreams: address of each service by its short name, as JSON.
        trusted_proxies: networks of the proxies before us, as a JSON list (`["10.0.0.0/28"]`); what they say of where
            a request comes from is believed, what anybody else says is not.
        client_certificate_header: in lower case, the header in which these proxies pass on the certificate of a client:
            `client-cert` (RFC 9440), or what nginx is told to send `$ssl_client_escaped_cert` in; empty for none.
        operations_networks: networks from which `/metrics` is read, as a JSON list; by default those that are private.
        rate_factor: how often requests may come, as a multiple of what `edge/rates.py` says.
        rates_file: file in which the processes of one machine count requests, and remember proofs of keys, together;
            best in a memory file system.
        rates_in_database: whether gateways on several machines do so, in the database.
        forward_auth_secret: by which a proxy may ask for decisions at `/auth/forward`, at least 32 characters; without
            it nobody may.
        messages_url: where short messages are posted to be sent to phones; without it, on one machine, they stay on the
            page `/mailbox`.
        messages_secret: what these posts are signed with (Standard Webhooks: `whsec_` and 24 to 64 bytes in base64).
        cas_ticket_seconds: how long a service may take to show a service ticket.
        external_issuer: JSON file with a provider that stands in the place of our own, and what its tokens mean.
        identity_providers: JSON file with other providers that people may sign in at, and how we are registered there.
        client_certificate_cas: PEM file with the authorities that vouch for the names of clients (`tls_client_auth`).
        mtls_origin: where clients come with certificates, when that is another address than the issuer.
        outbound_networks: networks that are not public and may be called all the same where clients have registered an
            address there, as a JSON list.
        client_review: whether what one administrator does in the registry of clients takes another to approve; by
            default in production only.
        signing_key_days: after how many days another key signs our tokens; 0 for never by itself.
        signing_key_lead_seconds: for how long a key is published before it signs, so that everybody knows it then;
            every process looks once a second.
        staff_second_factor: whether nobody acts for an agency who has not shown two factors; by default in production
            only.
        password_workers: threads that compute password hashes; each takes 19 MiB while it works.
        password_queue: how many sign-ins may wait for one of them before the next one is told to come back.
    """

    SERVICE: ClassVar[str] = "gateway"

    issuer: str = ""
    assertion_key: Path | None = None
    upstreams: dict[str, str] = Field(default_factory=dict)
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    operations_networks: tuple[IPvAnyNetwork, ...] = _PRIVATE
    client_certificate_header: str = Field(default="", pattern=r"^[a-z0-9-]*$")
    rate_factor: float = Field(default=1.0, gt=0)
    rates_file: Path | None = None
    rates_in_database: bool = False
    forward_auth_secret: str = Field(default="", pattern=r"^(.{32,})?$")
    messages_url: str = ""
    messages_secret: str = ""
    cas_ticket_seconds: int = Field(default=30, ge=10, le=300)
    external_issuer: Path | None = None
    identity_providers: Path | None = None
    client_certificate_cas: Path | None = None
    mtls_origin: str = ""
    outbound_networks: tuple[IPvAnyNetwork, ...] = ()
    client_review: Literal["required", "optional"] = "required"
    signing_key_days: int = Field(default=90, ge=0)
    signing_key_lead_seconds: int = Field(default=600, ge=3)
    staff_second_factor: Literal["required", "optional"] = "required"
    password_workers: int = 2
    password_queue: int = 1000

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the settings without which the gateway refuses to start in production."""
        return (*super().required(), "issuer", "assertion_key", "upstreams", "messages_url", "messages_secret")

    @model_validator(mode="before")
    @classmethod
    def _one_machine_is_less_strict(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("environment", "local") == "local":
            values.setdefault("client_review", "optional")
            values.setdefault("staff_second_factor", "optional")
        return values

    @model_validator(mode="after")
    def _certificates_come_from_proxies(self) -> "GatewaySettings":
        if self.client_certificate_header and not self.trusted_proxies:
            raise ValueError("ONESTOP_GATEWAY_CLIENT_CERTIFICATE_HEADER 须与 ONESTOP_GATEWAY_TRUSTED_PROXIES 一同设置")
        return self

    @model_validator(mode="after")
    def _issuer_is_an_origin(self) -> "GatewaySettings":
        parts = urlsplit(self.public_url)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or self.public_url != self.public_url.rstrip("/")
        ):
            raise ValueError("ONESTOP_GATEWAY_ISSUER 应为 https://主机[:端口]，不带路径和末尾的斜杠")
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("ONESTOP_GATEWAY_ISSUER 不能带路径、查询参数或用户名")
        if self.environment == "production" and parts.scheme != "https":
            raise ValueError("生产环境的 ONESTOP_GATEWAY_ISSUER 必须是 https 地址")
        return self

    @property
    def rotation(self) -> Rotation:
        """How signing keys follow one another."""
        every = timedelta(days=self.signing_key_days) if self.signing_key_days else None
        return Rotation(timedelta(seconds=self.signing_key_lead_seconds), every)

    @property
    def two_factors_for_staff(self) -> bool:
        """Whether nobody acts for an agency who has not shown two factors."""
        return self.staff_second_factor == "required"

    @property
    def public_url(self) -> str:
        """The issuer, without a trailing slash."""
        return self.issuer or f"http://{self.host}:{self.port}"
