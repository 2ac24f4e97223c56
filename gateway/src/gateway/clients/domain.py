"""A client, what it may ask for, and its way through the registry."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError

CODE: Final = "authorization_code"
REFRESH: Final = "refresh_token"
CREDENTIALS: Final = "client_credentials"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES: Final = (CODE, REFRESH, CREDENTIALS, DEVICE, TOKEN_EXCHANGE)
BY_CERTIFICATE: Final = ("tls_client_auth", "self_signed_tls_client_auth")
"""How a client proves itself where a proxy before us looks at its certificate (RFC 8705, 2)."""
BY_SECRET: Final = ("client_secret_basic", "client_secret_post")
"""How a client proves itself that can do no better (OIDC Core, 9)."""
PROVING: Final = (*BY_SECRET, "private_key_jwt", *BY_CERTIFICATE)
"""How a confidential client proves itself."""
AUTHENTICATIONS: Final = ("none", *PROVING)
ES256: Final = "ES256"
FAPI2: Final = "fapi2"
"""The FAPI 2.0 Security Profile (Final, 2025)."""
API_SCOPES: Final = (
    "catalog:read", "catalog:write", "credit:read", "credit:write", "datashare:read", "datashare:write",
    "gateway:read", "gateway:write", "intake:read", "intake:write", "workflow:read", "workflow:write",
)  # fmt: skip
"""What a client that is not our own may do in somebody's name: read or change what a service keeps."""
SCOPES: Final = ("openid", "profile", "phone", "offline_access", *API_SCOPES)

_MOST_FORMER_SECRETS: Final = 4
_NOT_TOLD: Final = frozenset(
    {"secret_hash", "former_secret_hashes", "draft_by", "proposed_by", "trusted_since", "version"}
)
"""Attributes whose values are nobody's business, or no part of the registration."""
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(/[^\s\\#]*)?")


class RedirectNotRegistered(NamedError):
    """The address was not registered for this client, letter by letter (RFC 9700, 2.1)."""

    slug = "redirect-not-registered"
    title = "返回地址未登记"
    status = 400


class ClientExists(NamedError):
    """A client of this name is registered already; what is registered is not changed by registering it again."""

    slug = "client-exists"
    title = "该应用标识已被登记"
    status = 409


class ClientNotFound(NamedError):
    """There is no such client, or the caller may not see it."""

    slug = "client-not-found"
    title = "没有这个应用"
    status = 404


class WrongClientState(NamedError):
    """The client's state does not allow this."""

    slug = "wrong-client-state"
    title = "应用当前状态不能进行此项操作"
    status = 409


class ProposedByYourself(NamedError):
    """Who proposes does not approve: two people look at whatever opens the door to a program."""

    slug = "proposed-by-yourself"
    title = "不能审核自己提交的登记或变更"
    status = 409


class ClientState(CodeList):
    """State of a client 应用 in the registry."""

    PROPOSED = "proposed", "待审核"
    ACTIVE = "active", "已启用"
    SUSPENDED = "suspended", "已停用"
    ENDED = "ended", "已注销"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        client_id: the public name it uses.
        id: opaque id; the subject of tokens that the client gets in its own name.
        application_type: `web`, or `native` for one on a person's own device.
        channel: through which channel its users come: `web`, `mobile`, `window`, `system`, `terminal`.
        authentication: how it proves itself at the token endpoint.
        secret_hash: SHA-256 of the secret.
        first_party: whether it is our own, so that nobody has to consent.
        require_par: whether it has to push its authorization requests (RFC 9126).
        resources: what it serves itself and others get tokens for (RFC 8707).
        pkce_optional: whether it may do without PKCE, as old software does; only one that proves itself.
        cas_services: addresses of its sites that people are handed over to by CAS; `/*` at the end is all below it.
        agency: credit code of the agency that owns it.
        requests_per_day: how many requests it may send to the API in a day; None for any number.
        contacts: whom to call there: duty telephones and office mail boxes, no private ones.
        exchange_resources: where it may go on in people's names with tokens that it exchanges (RFC 8693).
        backchannel_logout_uri: where it is told that a session has ended.
        backchannel_logout_session_required: whether it has to be told which one; it always is.
        jwks: its public keys, or
        jwks_uri: where it publishes them.
        former_secret_hashes: SHA-256 of the secrets before this one, good until `former_secrets_until`.
        proposed_by: who proposed the registration; None for what came with the platform.
        draft: the changed fields that wait for a second pair of eyes, by attribute.
        draft_by: who proposed them.
        trusted_since: what people granted before is void, since it was suspended then.
        id_token_algorithm: what its ID tokens are signed by: `ES256` or `RS256`.
        certificate_bound: whether its access tokens are bound to its certificate (RFC 8705, 3).
        tls_client_auth_subject_dn: subject of its certificate (RFC 4514), or
        tls_client_auth_san_dns: the host that its certificate names.
        profile: which security profile it is held to beyond the rules for everybody: `fapi2` or none.
        version: counts the changes.
    """

    client_id: str
    id: UUID
    name: str
    state: ClientState
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
    requests_per_day: int | None = None
    contacts: tuple[str, ...] = ()
    cas_services: tuple[str, ...] = ()
    jwks_uri: str | None = None
    exchange_resources: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    former_secret_hashes: tuple[bytes, ...] = ()
    former_secrets_until: datetime | None = None
    proposed_by: UUID | None = None
    draft: Mapping[str, Any] | None = None
    draft_by: UUID | None = None
    trusted_since: datetime | None = None
    id_token_algorithm: str = ES256
    certificate_bound: bool = False
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    profile: str | None = None
    version: int = 1

    @property
    def active(self) -> bool:
        """Whether the client is let in at present."""
        return self.state is ClientState.ACTIVE

    @property
    def confidential(self) -> bool:
        """Whether the client proves who it is."""
        return self.authentication in PROVING

    @property
    def fapi(self) -> bool:
        """Whether it is held to the FAPI 2.0 Security Profile."""
        return self.profile == FAPI2

    @property
    def pushes(self) -> bool:
        """Whether it may push its authorization requests and do nothing else (RFC 9126; FAPI 2.0, 5.3.2.2-3)."""
        return self.require_par or self.fapi

    @property
    def keeps_refresh_tokens(self) -> bool:
        """Whether its refresh tokens stay good when they are used.

        To exchange them would add nothing for a client that proves itself and whose tokens are bound to its key, and
        leaves who loses an answer without any (FAPI 2.0, 5.3.2.1-9).
        """
        return self.fapi

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

    def knows_secret(self, secret: str, now: datetime) -> bool:
        """Tell in constant time whether `secret` is the client's, or a former one within its last days."""
        if self.secret_hash is None:
            return False
        given = secret_hash(secret)
        return any(hmac.compare_digest(known, given) for known in (self.secret_hash, *self._former_secrets(now)))

    def honours(self, given_at: datetime) -> bool:
        """Tell whether what a person granted then still counts."""
        return self.trusted_since is None or given_at > self.trusted_since

    # Its way through the registry

    def changed(self, fields: Mapping[str, Any], *, by: UUID | None, waits: bool) -> "Client":
        """Return the client with other `fields`, or with these as a draft that `waits` for a second pair of eyes.

        What is not approved yet is simply proposed anew.

        Raises:
            WrongClientState: when it has ended.
        """
        self._require_state(ClientState.PROPOSED, ClientState.ACTIVE, ClientState.SUSPENDED)
        if self.state is ClientState.PROPOSED:
            return self._next(**fields, proposed_by=by)
        if waits:
            return self._next(draft=fields, draft_by=by)
        return self._next(**fields, draft=None, draft_by=None)

    def approved(self, by: UUID | None) -> "Client":
        """Return the client after a second person has agreed to its registration, or to its draft.

        Raises:
            WrongClientState: when nothing waits for that.
            ProposedByYourself: when it is the same person.
        """
        if self.state is ClientState.PROPOSED:
            self._require_another(self.proposed_by, by)
            return self._next(state=ClientState.ACTIVE)
        fields = self._waiting()
        self._require_another(self.draft_by, by)
        return self._next(**fields, draft=None, draft_by=None)

    def refused(self) -> "Client":
        """Return the client after its registration, or its draft, was turned down; raises `WrongClientState`."""
        if self.state is ClientState.PROPOSED:
            return self._next(state=ClientState.ENDED)
        self._waiting()
        return self._next(draft=None, draft_by=None)

    def suspended(self, now: datetime) -> "Client":
        """Return the client that is let in no more for the time being; raises `WrongClientState`."""
        self._require_state(ClientState.ACTIVE)
        return self._next(state=ClientState.SUSPENDED, trusted_since=now)

    def resumed(self) -> "Client":
        """Return the client that is let in again; raises `WrongClientState`."""
        self._require_state(ClientState.SUSPENDED)
        return self._next(state=ClientState.ACTIVE)

    def ended(self) -> "Client":
        """Return the client that is let in never again; raises `WrongClientState`."""
        self._require_state(ClientState.ACTIVE, ClientState.SUSPENDED)
        return self._next(state=ClientState.ENDED, draft=None, draft_by=None)

    def with_keys(self, jwks: Mapping[str, Any], now: datetime) -> "Client":
        """Return the client with other keys; what people granted it before is void. Raises `WrongClientState`."""
        self._require_state(ClientState.ACTIVE, ClientState.SUSPENDED)
        return self._next(jwks=jwks, trusted_since=now)

    def with_secret(self, secret: str, former_until: datetime, now: datetime) -> "Client":
        """Return the client with a new secret; those that are good now are so until `former_until`.

        Raises:
            WrongClientState: when it has ended, or uses no secret.
        """
        self._require_state(ClientState.PROPOSED, ClientState.ACTIVE, ClientState.SUSPENDED)
        if self.secret_hash is None:
            raise WrongClientState("该应用不使用密钥。")
        former = (*self._former_secrets(now), self.secret_hash)[-_MOST_FORMER_SECRETS:]
        return self._next(
            secret_hash=secret_hash(secret), former_secret_hashes=former, former_secrets_until=former_until
        )

    def _former_secrets(self, now: datetime) -> tuple[bytes, ...]:
        still = self.former_secrets_until is not None and now < self.former_secrets_until
        return self.former_secret_hashes if still else ()

    def _waiting(self) -> Mapping[str, Any]:
        if self.draft is None:
            raise WrongClientState("没有等待审核的登记或变更。")
        return self.draft

    def _require_another(self, proposer: UUID | None, approver: UUID | None) -> None:
        if proposer == approver:
            raise ProposedByYourself

    def _require_state(self, *states: ClientState) -> None:
        if self.state not in states:
            raise WrongClientState(f"应用{self.state.label}。")

    def _next(self, **changes: Any) -> "Client":
        return replace(self, **changes, version=self.version + 1)


def differences(before: Client, after: Client) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two versions of a client, by attribute; of secrets only that they do."""
    found = {}
    for name in Client.__slots__:
        pair = getattr(before, name), getattr(after, name)
        if name not in _NOT_TOLD and pair[0] != pair[1]:
            found[name] = pair
    return found


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a client secret: secrets are long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()
