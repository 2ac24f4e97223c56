"""What the API takes and says about clients; names as in RFC 7591 where it has them."""

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.clients.domain import CODE, REFRESH, Client, require_strong_secret, secret_hash

_EXAMPLE: Final[dict[str, Any]] = {
    "client_id": "archive",
    "name": "档案管理系统",
    "application_type": "web",
    "channel": "system",
    "token_endpoint_auth_method": "client_secret_basic",
    "redirect_uris": ["https://archive.example.cn/callback"],
    "post_logout_redirect_uris": ["https://archive.example.cn/"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "profile"],
    "first_party": False,
    "require_pushed_authorization_requests": True,
    "resources": ["https://archive.example.cn/api"],
    "pkce_optional": False,
    "agency": "11130371037106669W",
    "requests_per_day": 100000,
}


class ClientFields(BaseModel):
    """What is known of a client 应用, secret or not."""

    client_id: str = Field(description="应用标识")
    name: str = Field(description="登录和授权页面上显示的名称")
    application_type: Literal["web", "native"] = "web"
    channel: Literal["web", "mobile", "window", "system"] = Field(default="web", description="用户来自哪个渠道")
    token_endpoint_auth_method: Literal["none", "client_secret_basic", "private_key_jwt"]
    redirect_uris: list[str] = Field(default_factory=list, max_length=20)
    post_logout_redirect_uris: list[str] = Field(default_factory=list, max_length=20)
    grant_types: list[str] = Field(default_factory=lambda: [CODE, REFRESH], max_length=10)
    scopes: list[str] = Field(default_factory=lambda: ["openid", "profile", "phone"], max_length=30)
    first_party: bool = Field(default=False, description="自有应用，用户无须另行授权")
    require_pushed_authorization_requests: bool = Field(default=False, description="只能预先提交登录请求（PAR）")
    resources: list[str] = Field(default_factory=list, max_length=20, description="由它提供的资源（RFC 8707）")
    pkce_optional: bool = Field(default=False, description="可以不用 PKCE，仅限能证明自己身份的应用")
    agency: str | None = Field(default=None, description="所属部门的统一社会信用代码")
    requests_per_day: int | None = Field(default=None, ge=1, description="每日可向接口发送的请求次数，空为不限")


class NewClient(ClientFields):
    """A client to register 应用登记."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{**_EXAMPLE, "client_secret": "kZ3vQ8mT1xW6bN0rY5uJ2cH7fL4pS9dA"}]},
    )

    client_id: str = Field(description="应用标识", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$")
    name: str = Field(description="登录和授权页面上显示的名称", min_length=1, max_length=100)
    client_secret: str | None = Field(
        default=None, description="client_secret_basic 的密钥，只保存摘要", max_length=256
    )
    jwks: dict[str, Any] | None = Field(default=None, description="private_key_jwt 的公钥（JWK Set）")

    def as_client(self, client_id: UUID) -> Client:
        """Return the client that this makes, under an opaque id; raises `InvalidClientMetadata`."""
        if self.client_secret is not None:
            require_strong_secret(self.client_secret)
        return Client(
            client_id=self.client_id,
            id=client_id,
            name=self.name,
            state="active",
            application_type=self.application_type,
            channel=self.channel,
            authentication=self.token_endpoint_auth_method,
            secret_hash=None if self.client_secret is None else secret_hash(self.client_secret),
            jwks=self.jwks,
            redirect_uris=tuple(self.redirect_uris),
            post_logout_redirect_uris=tuple(self.post_logout_redirect_uris),
            grant_types=tuple(self.grant_types),
            scopes=tuple(self.scopes),
            first_party=self.first_party,
            require_par=self.require_pushed_authorization_requests,
            resources=tuple(self.resources),
            pkce_optional=self.pkce_optional,
            agency=self.agency,
            requests_per_day=self.requests_per_day,
        )


class ClientView(ClientFields):
    """A registered client 已登记的应用."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "0190a5f0-0000-7000-8000-000000000005", "state": "active", **_EXAMPLE}]}
    )

    id: UUID
    state: Literal["active", "suspended"]

    @classmethod
    def of(cls, client: Client) -> "ClientView":
        """Return what is shown of a client: no secret, nor anything made from it."""
        return cls.model_validate(
            {
                "client_id": client.client_id,
                "id": client.id,
                "name": client.name,
                "state": client.state,
                "application_type": client.application_type,
                "channel": client.channel,
                "token_endpoint_auth_method": client.authentication,
                "redirect_uris": client.redirect_uris,
                "post_logout_redirect_uris": client.post_logout_redirect_uris,
                "grant_types": client.grant_types,
                "scopes": client.scopes,
                "first_party": client.first_party,
                "require_pushed_authorization_requests": client.require_par,
                "resources": client.resources,
                "pkce_optional": client.pkce_optional,
                "agency": client.agency,
                "requests_per_day": client.requests_per_day,
            }
        )
