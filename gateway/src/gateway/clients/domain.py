"""A client and what it may ask for."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from onestop_legal.errors import NamedError

CODE: Final = "authorization_code"
REFRESH: Final = "refresh_token"
CREDENTIALS: Final = "client_credentials"
DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES: Final = (CODE, REFRESH, CREDENTIALS, DEVICE)
PROVING: Final = ("client_secret_basic", "private_key_jwt")
"""How a confidential client proves itself."""
AUTHENTICATIONS: Final = ("none", *PROVING)
_MEANS: Final = {"none": (False, False), "client_secret_basic": (True, False), "private_key_jwt": (False, True)}
"""Which of secret and keys belong to each way of proving oneself."""
API_SCOPES: Final = (
    "catalog:read", "catalog:write", "credit:write", "datashare:read", "datashare:write",
    "gateway:read", "gateway:write", "intake:read", "intake:write", "workflow:read", "workflow:write",
)  # fmt: skip
"""What a client that is not our own may do in somebody's name: read or change what a service keeps."""
SCOPES: Final = ("openid", "profile", "phone", "offline_access", *API_SCOPES)

_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(/[^\s\\#]*)?")
_REDIRECT = re.compile(r"(https?://[A-Za-z0-9.\-\[\]:]+|[a-z][a-z0-9+\-]*(\.[a-z0-9+\-]+)+:)(/[^\s\\#*]*)?")
_RESOURCE = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s\\#*]*)?|urn:[A-Za-z0-9][A-Za-z0-9\-]*:[A-Za-z0-9:._\-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,}")


class RedirectNotRegistered(NamedError):
    """The address was not registered for this client, letter by letter (RFC 9700, 2.1)."""

    slug = "redirect-not-registered"
    title = "返回地址未登记"
    status = 400


class InvalidClientMetadata(NamedError):
    """The client cannot be registered like this."""

    slug = "invalid-client-metadata"
    title = "应用登记信息不正确"
    status = 422


class ClientExists(NamedError):
    """A client of this name is registered already; what is registered is not changed by registering it again."""

    slug = "client-exists"
    title = "该应用标识已被登记"
    status = 409


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        client_id: the public name it uses.
        id: opaque id; the subject of tokens that the client gets in its own name.
        application_type: `web`, or `native` for one on a person's own device.
        channel: through which channel its users come: `web`, `mobile`, `window`, `system`.
        authentication: how it proves itself at the token endpoint.
        secret_hash: SHA-256 of the secret.
        first_party: whether it is our own, so that nobody has to consent.
        require_par: whether it has to push its authorization requests (RFC 9126).
        resources: what it serves itself and others get tokens for (RFC 8707).
        pkce_optional: whether it may do without PKCE, as old software does; only one that proves itself.
        agency: credit code of the agency that a department's system belongs to.
        requests_per_day: how many requests it may send to the API in a day; None for any number.
    """

    client_id: str
    id: UUID
    name: str
    state: str
    application_type: str
    channel: str
    authentication: str
    secret_hash: bytes | None
    jwks: Mapping[str, Any] | None
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    first_party: bool
    require_par: bool
    resources: tuple[str, ...]
    pkce_optional: bool
    agency: str | None
    requests_per_day: int | None

    @property
    def active(self) -> bool:
        """Whether the client is let in at present."""
        return self.state == "active"

    @property
    def confidential(self) -> bool:
        """Whether the client proves who it is."""
        return self.authentication in PROVING

    @property
    def lifetime(self) -> timedelta:
        """How long one authorization lasts at most, refreshed or not."""
        return timedelta(days=30) if self.application_type == "native" else timedelta(hours=12)

    def require_redirect(self, uri: str) -> None:
        """Do nothing when the client may be answered at `uri`.

        A native client on the loopback interface may choose any port (RFC 8252, 7.3); nothing else is flexible.

        Raises:
            RedirectNotRegistered: when it is any other address.
        """
        if uri in self.redirect_uris:
            return
        if self.application_type == "native" and (asked := _LOOPBACK.fullmatch(uri)):
            for registered in map(_LOOPBACK.fullmatch, self.redirect_uris):
                if registered and registered.groups() == asked.groups():
                    return
        raise RedirectNotRegistered("请求中的返回地址与该应用登记的地址不一致。")

    def may_return_to(self, uri: str) -> bool:
        """Tell whether the browser may be sent to `uri` after signing out."""
        return uri in self.post_logout_redirect_uris

    def allowed(self, scopes: frozenset[str]) -> frozenset[str]:
        """Return those of `scopes` that the client may have; unknown ones are passed over (OIDC Core, 3.1.2.1).

        A client that names none of the API's gets all of those it is registered for (RFC 6749, 3.3).
        """
        registered = frozenset(self.scopes)
        found = scopes & registered
        if self.first_party or not found or not scopes.isdisjoint(API_SCOPES):
            return found
        return found | registered.intersection(API_SCOPES)

    def knows_secret(self, secret: str) -> bool:
        """Tell in constant time whether `secret` is the client's."""
        return self.secret_hash is not None and hmac.compare_digest(self.secret_hash, secret_hash(secret))

    def require_sound(self) -> None:
        """Do nothing when the client may be registered.

        Raises:
            InvalidClientMetadata: when an address, method or scope is not one we accept.
        """
        if self.authentication not in AUTHENTICATIONS:
            raise InvalidClientMetadata(f"不支持的认证方式：{self.authentication}。")
        if (self.secret_hash is not None, self.jwks is not None) != _MEANS[self.authentication]:
            raise InvalidClientMetadata("client_secret_basic 须有密钥，private_key_jwt 须有公钥，此外都不能有。")
        if unknown := set(self.grant_types) - set(GRANT_TYPES):
            raise InvalidClientMetadata(f"不支持的授权方式：{'、'.join(sorted(unknown))}。")
        if unknown := set(self.scopes) - set(SCOPES):
            raise InvalidClientMetadata(f"未知的权限范围：{'、'.join(sorted(unknown))}。")
        if not self.confidential:
            self._require_nothing_secret()
        for uri in self.resources:
            if not _RESOURCE.fullmatch(uri):
                raise InvalidClientMetadata(f"资源地址不正确：{uri}。")
        for uri in (*self.redirect_uris, *self.post_logout_redirect_uris):
            if not _REDIRECT.fullmatch(uri):
                raise InvalidClientMetadata(f"返回地址不正确：{uri}。")

    def _require_nothing_secret(self) -> None:
        """Do nothing when the client has nothing that only one that proves itself may have."""
        if CREDENTIALS in self.grant_types:
            raise InvalidClientMetadata("公开应用不能使用 client_credentials。")
        if self.pkce_optional:
            raise InvalidClientMetadata("公开应用必须使用 PKCE。")
        if self.resources:
            raise InvalidClientMetadata("公开应用不能提供资源服务。")


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a client secret: secrets are long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def require_strong_secret(secret: str) -> None:
    """Do nothing when `secret` is long enough and needs no escaping in HTTP Basic.

    Raises:
        InvalidClientMetadata: otherwise.
    """
    if not _SECRET.fullmatch(secret):
        raise InvalidClientMetadata("应用密钥至少 32 位，只能由字母、数字、下划线和连字符组成。")
