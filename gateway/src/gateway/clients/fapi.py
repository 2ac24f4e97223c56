"""What the FAPI 2.0 Security Profile (Final, 2025) asks of a client's registration; the numbers are its own."""

import re
from typing import Final

from gateway.clients.domain import BY_CERTIFICATE, DEVICE, Client
from gateway.clients.metadata import InvalidClientMetadata

_BY_KEY: Final = ("private_key_jwt", *BY_CERTIFICATE)
_ALGORITHMS: Final = ("ES256",)
_HTTPS = re.compile(r"https://.*")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/.*)?")


def require_profile(client: Client) -> None:
    """Do nothing when what is registered does not contradict the profile that the client is held to, if any.

    What the profile asks beyond it (pushed requests, bound tokens) needs no field of its own: the client is held to it.

    Raises:
        InvalidClientMetadata: when it does.
    """
    if not client.fapi:
        return
    if client.authentication not in _BY_KEY:
        raise InvalidClientMetadata(
            "FAPI 2.0 应用须用密钥或证书证明自己的身份（5.3.2.1-6）。",
            pointer="/token_endpoint_auth_method",
        )
    if client.pkce_optional:
        raise InvalidClientMetadata("FAPI 2.0 应用必须使用 PKCE（5.3.2.2-5）。", pointer="/pkce_optional")
    if client.cas_services:
        raise InvalidClientMetadata("FAPI 2.0 应用不能以 CAS 接入（5.3.2.2-3）。", pointer="/cas_services")
    if DEVICE in client.grant_types:
        raise InvalidClientMetadata("FAPI 2.0 应用不能使用设备授权（5.3.2.2-3）。", pointer="/grant_types")
    if client.id_token_algorithm not in _ALGORITHMS:
        raise InvalidClientMetadata(
            "FAPI 2.0 应用的身份令牌不能用 RS256 签名（5.4.1）。", pointer="/id_token_signed_response_alg"
        )
    for uri in client.redirect_uris:
        loopback = client.application_type == "native" and _LOOPBACK.fullmatch(uri)
        if not loopback and not _HTTPS.fullmatch(uri):
            raise InvalidClientMetadata(
                f"FAPI 2.0 应用的返回地址须为 https，移动和桌面应用也可用本机地址（5.3.2.2-8）：{uri}。",
                pointer="/redirect_uris",
            )
