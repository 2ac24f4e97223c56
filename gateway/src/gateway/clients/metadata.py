"""What a client may be registered with."""

import re
from typing import Final

from gateway.cas.addresses import is_rule
from gateway.clients.domain import AUTHENTICATIONS, CREDENTIALS, GRANT_TYPES, SCOPES, TOKEN_EXCHANGE, Client
from onestop_legal.errors import NamedError

_MEANS: Final = {
    "none": (False, False),
    "client_secret_basic": (True, False),
    "client_secret_post": (True, False),
    "private_key_jwt": (False, True),
    "tls_client_auth": (False, False),
    "self_signed_tls_client_auth": (False, True),
}
"""Which of secret and keys belong to each way of proving oneself."""
_WEB_ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(/[^\s\\#*]*)?")
_APP_ADDRESS = re.compile(r"[a-z][a-z0-9+\-]*(\.[a-z0-9+\-]+)+:(/[^\s\\#*]*)?")
_OWN_MACHINE: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})
_RESOURCE = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s\\#*]*)?|urn:[A-Za-z0-9][A-Za-z0-9\-]*:[A-Za-z0-9:._\-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,}")
_PRIVATE_NUMBER = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])|(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")


class InvalidClientMetadata(NamedError):
    """The client cannot be registered like this."""

    slug = "invalid-client-metadata"
    title = "应用登记信息不正确"
    status = 422


def require_sound(client: Client, *, local: bool = False) -> None:
    """Do nothing when `client` may be registered.

    Args:
        client: as it would be.
        local: on a stack of one machine plain http is good enough for every address.

    Raises:
        InvalidClientMetadata: when an address, method or scope is not one we accept.
    """
    _require_means(client)
    _require_known(client.grant_types, GRANT_TYPES, "grant_types", "不支持的授权方式")
    _require_known(client.scopes, SCOPES, "scopes", "未知的权限范围")
    if (TOKEN_EXCHANGE in client.grant_types) != bool(client.exchange_resources):
        raise InvalidClientMetadata("换取令牌须登记可访问的资源，不换取则不能登记。", pointer="/exchange_resources")
    if not client.confidential:
        _require_nothing_secret(client)
    _require_addresses(client, local=local)
    _require_sites(client, local=local)
    if any(_PRIVATE_NUMBER.search(contact) for contact in client.contacts):
        raise InvalidClientMetadata("请填写值班电话或公务邮箱，不要填写个人手机号或证件号。", pointer="/contacts")


def require_strong_secret(secret: str) -> None:
    """Do nothing when `secret` is long enough and needs no escaping in HTTP Basic.

    Raises:
        InvalidClientMetadata: otherwise.
    """
    if not _SECRET.fullmatch(secret):
        raise InvalidClientMetadata(
            "应用密钥至少 32 位，只能由字母、数字、下划线和连字符组成。", pointer="/client_secret"
        )


def _require_means(client: Client) -> None:
    """Do nothing when the client has what its way of proving itself needs, and nothing beside."""
    method = "/token_endpoint_auth_method"
    if client.authentication not in AUTHENTICATIONS:
        raise InvalidClientMetadata(f"不支持的认证方式：{client.authentication}。", pointer=method)
    if client.jwks is not None and client.jwks_uri is not None:
        raise InvalidClientMetadata("公钥和公钥地址只能登记一项。", pointer="/jwks_uri")
    has_keys = client.jwks is not None or client.jwks_uri is not None
    if (client.secret_hash is not None, has_keys) != _MEANS[client.authentication]:
        detail = (
            "client_secret_basic 和 client_secret_post 须有密钥，"
            "private_key_jwt 和 self_signed_tls_client_auth 须有公钥，即 jwks 或 jwks_uri，此外都不能有。"
        )
        raise InvalidClientMetadata(detail, pointer=method)
    subjects = [it for it in (client.tls_client_auth_subject_dn, client.tls_client_auth_san_dns) if it is not None]
    if len(subjects) != (client.authentication == "tls_client_auth"):
        detail = "tls_client_auth 须登记证书主体或证书中的域名之一，其他认证方式都不登记。"
        raise InvalidClientMetadata(detail, pointer=method)


def _require_sites(client: Client, *, local: bool) -> None:
    """Do nothing when people may be handed over to each older site of the client."""
    for rule in client.cas_services:
        if not is_rule(rule, local=local):
            raise InvalidClientMetadata(f"CAS 服务地址不正确：{rule}。", pointer="/cas_services")


def _require_addresses(client: Client, *, local: bool) -> None:
    """Do nothing when every address of the client is one where people, tokens or we may be sent."""
    for field in ("resources", "exchange_resources"):
        for uri in getattr(client, field):
            if not _RESOURCE.fullmatch(uri):
                raise InvalidClientMetadata(f"资源地址不正确：{uri}。", pointer=f"/{field}")
    for field, named in (("jwks_uri", "公钥地址"), ("backchannel_logout_uri", "退出通知地址")):
        uri = getattr(client, field)
        if uri is not None and not _is_web_address(uri, local=local):
            raise InvalidClientMetadata(f"{named}不正确：{uri}。", pointer=f"/{field}")
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(client, field):
            if not _may_return_people_to(uri, client.application_type, local=local):
                raise InvalidClientMetadata(f"返回地址不正确：{uri}。", pointer=f"/{field}")


def _require_nothing_secret(client: Client) -> None:
    """Do nothing when the client has nothing that only one that proves itself may have."""
    if CREDENTIALS in client.grant_types:
        raise InvalidClientMetadata("公开应用不能使用 client_credentials。", pointer="/grant_types")
    if TOKEN_EXCHANGE in client.grant_types:
        raise InvalidClientMetadata("公开应用不能换取令牌。", pointer="/grant_types")
    if client.certificate_bound:
        raise InvalidClientMetadata(
            "公开应用的令牌不能与证书绑定。", pointer="/tls_client_certificate_bound_access_tokens"
        )
    if client.pkce_optional:
        raise InvalidClientMetadata("公开应用必须使用 PKCE。", pointer="/pkce_optional")
    if client.resources:
        raise InvalidClientMetadata("公开应用不能提供资源服务。", pointer="/resources")


def _require_known(given: tuple[str, ...], known: tuple[str, ...], field: str, complaint: str) -> None:
    if unknown := set(given) - set(known):
        raise InvalidClientMetadata(f"{complaint}：{'、'.join(sorted(unknown))}。", pointer=f"/{field}")


def _may_return_people_to(uri: str, application_type: str, *, local: bool) -> bool:
    """Tell whether people may be sent to `uri`: https, the own machine, or for an app a scheme of its own.

    For an app https means an address that its maker has claimed (RFC 8252, 7.2).
    """
    if application_type == "native" and _APP_ADDRESS.fullmatch(uri):
        return True
    return _is_web_address(uri, local=local or _is_own_machine(uri))


def _is_web_address(uri: str, *, local: bool) -> bool:
    address = _WEB_ADDRESS.fullmatch(uri)
    return address is not None and (address[1] == "https" or local)


def _is_own_machine(uri: str) -> bool:
    address = _WEB_ADDRESS.fullmatch(uri)
    return address is not None and address[2] in _OWN_MACHINE
