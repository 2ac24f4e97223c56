"""What the API takes and says about clients; names as in RFC 7591 where it has them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.clients.domain import BY_SECRET, CODE, REFRESH, Client, ClientState, differences, secret_hash
from gateway.clients.metadata import require_strong_secret
from gateway.clients.repository import Change

_NAMES: Final = {
    "authentication": "token_endpoint_auth_method",
    "require_par": "require_pushed_authorization_requests",
    "former_secrets_until": "former_secrets_valid_until",
    "certificate_bound": "tls_client_certificate_bound_access_tokens",
    "id_token_algorithm": "id_token_signed_response_alg",
}
"""Attributes of a client that are called otherwise outside."""
_EXAMPLE: Final[dict[str, Any]] = {
    "name": "档案管理系统",
    "application_type": "web",
    "channel": "system",
    "token_endpoint_auth_method": "client_secret_basic",
    "jwks": None,
    "jwks_uri": None,
    "tls_client_auth_subject_dn": None,
    "tls_client_auth_san_dns": None,
    "tls_client_certificate_bound_access_tokens": False,
    "redirect_uris": ["https://archive.example.cn/callback"],
    "post_logout_redirect_uris": ["https://archive.example.cn/"],
    "backchannel_logout_uri": "https://archive.example.cn/backchannel-logout",
    "backchannel_logout_session_required": True,
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "profile"],
    "first_party": False,
    "require_pushed_authorization_requests": True,
    "resources": ["https://archive.example.cn/api"],
    "exchange_resources": [],
    "pkce_optional": False,
    "cas_services": ["https://archive.example.cn/old/*"],
    "id_token_signed_response_alg": "ES256",
    "profile": None,
    "agency": "11130371037106669W",
    "requests_per_day": 100000,
    "contacts": ["信息中心值班 0335-3926666", "it@scjg.example.cn"],
}
_PERSON: Final = "0190a5f0-0000-7000-8000-000000000002"
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class ClientFields(BaseModel):
    """What a client 应用 is registered with, except for its name and secret."""

    name: str = Field(description="登录和授权页面上显示的名称", min_length=1, max_length=100)
    application_type: Literal["web", "native"] = "web"
    channel: Literal["web", "mobile", "window", "system"] = Field(default="web", description="用户来自哪个渠道")
    token_endpoint_auth_method: Literal[
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ]
    jwks: dict[str, Any] | None = Field(default=None, description="private_key_jwt 的公钥（JWK Set）")
    jwks_uri: str | None = Field(default=None, max_length=512, description="公钥的公布地址，与 jwks 二选一")
    tls_client_auth_subject_dn: str | None = Field(
        default=None, min_length=1, max_length=512, description="tls_client_auth 的证书主体（RFC 4514）"
    )
    tls_client_auth_san_dns: str | None = Field(
        default=None, min_length=1, max_length=253, description="tls_client_auth 的证书中的域名，与证书主体二选一"
    )
    tls_client_certificate_bound_access_tokens: bool = Field(
        default=False, description="访问令牌与连接所用的证书绑定（RFC 8705）"
    )
    redirect_uris: list[str] = Field(default_factory=list, max_length=20)
    post_logout_redirect_uris: list[str] = Field(default_factory=list, max_length=20)
    backchannel_logout_uri: str | None = Field(
        default=None, max_length=512, description="用户退出登录时通知的地址（OIDC Back-Channel Logout）"
    )
    backchannel_logout_session_required: bool = Field(default=False, description="通知中须有 sid；总是有")
    grant_types: list[str] = Field(default_factory=lambda: [CODE, REFRESH], max_length=10)
    scopes: list[str] = Field(default_factory=lambda: ["openid", "profile", "phone"], max_length=30)
    first_party: bool = Field(default=False, description="自有应用，用户无须另行授权")
    require_pushed_authorization_requests: bool = Field(default=False, description="只能预先提交登录请求（PAR）")
    resources: list[str] = Field(default_factory=list, max_length=20, description="由它提供的资源（RFC 8707）")
    exchange_resources: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="可用换来的令牌代用户继续访问的资源（RFC 8693），平台接口为颁发者地址",
    )
    pkce_optional: bool = Field(default=False, description="可以不用 PKCE，仅限能证明自己身份的应用")
    cas_services: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="以 CAS 接入的服务地址，查询参数不限；以 /* 结尾的包括其下所有地址",
    )
    id_token_signed_response_alg: Literal["ES256", "RS256"] = Field(
        default="ES256", description="身份令牌的签名算法；RS256 供只支持它的软件使用"
    )
    profile: Literal["fapi2"] | None = Field(
        default=None, description="须遵守的安全规范：fapi2（FAPI 2.0 Security Profile）"
    )
    agency: str | None = Field(default=None, description="所属部门的统一社会信用代码")
    requests_per_day: int | None = Field(default=None, ge=1, description="每日可向接口发送的请求次数，空为不限")
    contacts: list[Text] = Field(default_factory=list, max_length=5, description="值班电话、公务邮箱；不填个人号码")

    def attributes(self) -> dict[str, Any]:
        """Return what is said here by the attributes of a `Client`."""
        values = {attribute: getattr(self, api_name(attribute)) for attribute in _REGISTERED}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


class NewClient(ClientFields):
    """A client to register 应用登记."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"client_id": "archive", **_EXAMPLE, "client_secret": "kZ3vQ8mT1xW6bN0rY5uJ2cH7fL4pS9dA"}]
        },
    )

    client_id: str = Field(description="应用标识", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$")
    client_secret: str | None = Field(
        default=None, description="client_secret_basic 或 client_secret_post 的密钥，只保存摘要", max_length=256
    )

    def as_client(
        self, client_id: UUID, state: ClientState = ClientState.ACTIVE, proposed_by: UUID | None = None
    ) -> Client:
        """Return the client that this makes, under an opaque id; raises `InvalidClientMetadata`."""
        if self.client_secret is not None:
            require_strong_secret(self.client_secret)
        return Client(
            client_id=self.client_id,
            id=client_id,
            state=state,
            secret_hash=None if self.client_secret is None else secret_hash(self.client_secret),
            proposed_by=proposed_by,
            **self.attributes(),
        )


class ChangedClient(ClientFields):
    """All of what a client is to be registered with from now on 应用变更."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    def changes_of(self, client: Client) -> dict[str, Any]:
        """Return what this changes of `client`, by attribute; without a use for them its secrets go."""
        changes = {name: value for name, value in self.attributes().items() if value != getattr(client, name)}
        if changes.get("authentication", client.authentication) not in BY_SECRET and client.secret_hash:
            changes |= {"secret_hash": None, "former_secret_hashes": (), "former_secrets_until": None}
        return changes


class Draft(BaseModel):
    """A change that waits for a second pair of eyes 待审核的变更."""

    proposed_by: UUID | None = Field(description="提交变更的人")
    changes: dict[str, Any] = Field(description="变更后的值，按成员名称")


class ClientView(ClientFields):
    """A registered client 已登记的应用."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "archive",
                    "id": "0190a5f0-0000-7000-8000-000000000005",
                    "state": "active",
                    "version": 3,
                    **_EXAMPLE,
                    "former_secrets_valid_until": None,
                    "proposed_by": _PERSON,
                    "draft": {"proposed_by": _PERSON, "changes": {"name": "档案管理系统（新）"}},
                }
            ]
        }
    )

    client_id: str = Field(description="应用标识")
    id: UUID
    channel: Literal["web", "mobile", "window", "system", "terminal"] = Field(  # type: ignore[assignment]
        description="用户来自哪个渠道；terminal 由自助终端启用时登记"
    )
    state: ClientState = Field(description="状态：" + "、".join(f"{it.value} {it.label}" for it in ClientState))
    version: int
    former_secrets_valid_until: datetime | None = Field(description="旧密钥有效至")
    proposed_by: UUID | None = Field(description="提交登记的人；随平台建立的没有")
    draft: Draft | None = Field(description="等待另一人审核的变更")

    @classmethod
    def of(cls, client: Client) -> "ClientView":
        """Return what is shown of a client: no secret, nor anything made from it."""
        shown = {name: getattr(client, name) for name in ("client_id", "id", "state", "version", "proposed_by")}
        shown |= {api_name(name): getattr(client, name) for name in (*_REGISTERED, "former_secrets_until")}
        changes = told_draft(client)
        draft = None if changes is None else Draft(proposed_by=client.draft_by, changes=changes)
        return cls.model_validate(shown | {"draft": draft})


class Reason(BaseModel):
    """Why something is done to a client; kept in its history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "密钥疑似泄露，先行停用"}]})

    reason: Text = Field(description="理由，记入变更记录")


class SecretRenewal(BaseModel):
    """How long the secrets so far are good beside the new one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 72}, {"overlap_hours": 0}]}
    )

    overlap_hours: int = Field(default=7 * 24, ge=0, le=30 * 24, description="旧密钥继续有效的小时数；泄露时填 0")

    @property
    def overlap(self) -> timedelta:
        """The same as an interval."""
        return timedelta(hours=self.overlap_hours)


class NewSecret(BaseModel):
    """A secret that is shown this once 新密钥."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "archive",
                    "client_secret": "kZ3vQ8mT1xW6bN0rY5uJ2cH7fL4pS9dAwE2gX8nB1oV",
                    "former_secrets_valid_until": "2026-03-05T01:30:00Z",
                }
            ]
        }
    )

    client_id: str
    client_secret: str = Field(description="只显示这一次，只保存摘要")
    former_secrets_valid_until: datetime


class ChangeView(BaseModel):
    """What was changed of a client 变更记录."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": 3,
                    "at": "2026-03-02T01:30:00Z",
                    "by": _PERSON,
                    "reason": "发现异常调用，先行停用",
                    "changes": {"state": ["active", "suspended"]},
                }
            ]
        }
    )

    version: int = Field(description="变更之后的版本")
    at: datetime
    by: UUID | None = Field(description="谁做的；平台自己做的没有")
    reason: str | None
    changes: dict[str, tuple[Any, Any]] = Field(description="变更之前和之后的值，按成员名称；不含密钥")

    @classmethod
    def of(cls, change: Change) -> "ChangeView":
        """Return the view of a change."""
        return cls.model_validate(change, from_attributes=True)


def api_name(attribute: str) -> str:
    """Return what an attribute of a client is called outside."""
    return _NAMES.get(attribute, attribute)


def told_changes(before: Client, after: Client) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two versions of a client by its outside name, without secrets."""
    told = {api_name(name): pair for name, pair in differences(before, after).items()}
    if "draft" in told:
        told["draft"] = (told_draft(before), told_draft(after))
    return told


def told_draft(client: Client) -> dict[str, Any] | None:
    """Return the fields that wait for approval by their outside names."""
    if client.draft is None:
        return None
    return {api_name(name): value for name, value in client.draft.items() if name in _REGISTERED}


_ATTRIBUTES: Final = {outside: attribute for attribute, outside in _NAMES.items()}
_REGISTERED: Final = tuple(_ATTRIBUTES.get(name, name) for name in ClientFields.model_fields)
"""The attributes that a registration names."""
