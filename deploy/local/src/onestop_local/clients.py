"""The applications that may ask the gateway for a sign-in, as a stack on one machine registers them."""

from dataclasses import dataclass
from typing import Any

from onestop_local.people import MARKET

_SIGN_IN = ("authorization_code", "refresh_token")
_SCOPES = ("openid", "profile", "phone", "offline_access")
_APPLYING = ("intake:read", "intake:write", "workflow:read", "datashare:read", "gateway:read", "gateway:write")
_WORKING = ("intake:read", "intake:write", "workflow:read", "workflow:write", "datashare:read", "datashare:write")


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A registered application.

    Attributes:
        key: its name in `stack.json`; the client id is made from it.
        channel: through which channel its users come.
        authentication: how it proves itself at the token endpoint.
        first_party: our own, so that nobody is asked for consent.
        agency: credit code of the agency whose system it is.
        api_scopes: what people may let it do in their names, when it is not our own.
    """

    key: str
    name: str
    channel: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    application_type: str = "web"
    authentication: str = "none"
    grant_types: tuple[str, ...] = _SIGN_IN
    first_party: bool = True
    agency: str | None = None
    api_scopes: tuple[str, ...] = ()

    @property
    def client_id(self) -> str:
        """The name by which the gateway knows it."""
        return f"onestop-{self.key.replace('_', '-')}"


def _site(port: int) -> dict[str, Any]:
    """Return the addresses of a front end that its developer runs on `port`."""
    hosts = ("127.0.0.1", "localhost")
    return {
        "redirect_uris": tuple(f"http://{host}:{port}/callback" for host in hosts),
        "post_logout_redirect_uris": tuple(f"http://{host}:{port}/" for host in hosts),
    }


CLIENTS = (
    DemoClient("web", "一网通办门户", "web", **_site(5173)),
    DemoClient("web_2", "企业服务专区", "web", **_site(5174), first_party=False, api_scopes=_APPLYING),
    DemoClient(
        "mobile",
        "一网通办移动端",
        "mobile",
        ("http://127.0.0.1/callback", "http://[::1]/callback", "cn.onestop.mobile:/callback"),
        ("cn.onestop.mobile:/signed-out",),
        application_type="native",
    ),
    DemoClient("hall", "综合窗口受理系统", "window", **_site(5175), authentication="client_secret_basic"),
    DemoClient(
        "department",
        "市场监督管理局业务系统",
        "system",
        **_site(5176),
        authentication="private_key_jwt",
        grant_types=(*_SIGN_IN, "client_credentials"),
        first_party=False,
        agency=MARKET[0],
        api_scopes=_WORKING,
    ),
)


def registration(client: DemoClient, secret: str | None, public_jwk: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the gateway is told to register."""
    return {
        "client_id": client.client_id,
        "name": client.name,
        "application_type": client.application_type,
        "channel": client.channel,
        "token_endpoint_auth_method": client.authentication,
        "client_secret": secret,
        "jwks": {"keys": [public_jwk]} if public_jwk else None,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "grant_types": list(client.grant_types),
        "scopes": [*_SCOPES, *client.api_scopes],
        "first_party": client.first_party,
        "agency": client.agency,
    }
