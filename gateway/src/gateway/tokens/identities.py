"""From the headers of a request to who sends it, and from there to the assertion a service believes.

This is all the edge needs to know about identity. A token is verified once and remembered until it
expires; a revoked one is refused from memory, too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from joserfc.jwk import OKPKey

from gateway.certificates import HEADER as CERTIFICATE
from gateway.certificates import der_of, thumbprint
from gateway.tokens.access import AccessTokens, InvalidToken
from gateway.tokens.binding import is_certificate, of_certificate
from gateway.tokens.dpop import InvalidProof, Proof, Proofs
from gateway.tokens.principal import Principal
from gateway.tokens.revoked import Revoked
from onestop_runtime.assertion import GATEWAY, LIFETIME_SECONDS, make_assertion
from onestop_runtime.clock import Clock

_REMEMBERED: Final = 20_000
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READ: Final = frozenset({b"authorization", b"cookie", b"sec-fetch-site", b"origin", CERTIFICATE})
_RENEW_SECONDS: Final = 15
"""An assertion is replaced this long before it expires: it must still be good when the service reads it."""

Headers = Iterable[tuple[bytes, bytes]]
"""Headers as ASGI has them: lower-case names, in order."""


@dataclass(slots=True, eq=False)
class Credentials:
    """What the headers of a request say about who sends it.

    Attributes:
        scheme: of the `Authorization` header, in lower case; None without one.
        token: what follows it; empty when it cannot be a token.
        proofs: the `DPoP` headers.
        cookie: the `Cookie` header.
        site: `Sec-Fetch-Site`: where the browser says that the request comes from.
        origin: of the page that sends it.
        certificate: that of the connection, as a proxy of ours passes it on.
    """

    scheme: bytes | None
    token: str
    proofs: tuple[bytes, ...]
    cookie: bytes | None
    site: bytes | None
    origin: bytes | None
    certificate: bytes | None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Return what `headers` say; of two authorizations none counts."""
        given: dict[bytes, bytes] = {}
        proofs: list[bytes] = []
        for name, value in headers:
            if name == b"dpop":
                proofs.append(value)
            elif name in _READ:
                given[name] = b"" if name == b"authorization" and name in given else value
        authorization = given.get(b"authorization")
        scheme, token = (None, "") if authorization is None else _parted(authorization)
        return cls(
            scheme,
            token,
            tuple(proofs),
            given.get(b"cookie"),
            given.get(b"sec-fetch-site"),
            given.get(b"origin"),
            given.get(CERTIFICATE),
        )


def _parted(authorization: bytes) -> tuple[bytes, str]:
    scheme, _, token = authorization.partition(b" ")
    return scheme.lower(), token.decode("ascii").strip() if token.isascii() else ""


class NotAtOnce(Exception):
    """Who sends a request has to be looked up.

    Attributes:
        cookie: the `Cookie` header whose session it is, or
        token: the access token that the provider in our place has to be asked about, or
        shown: whose token it is, and the proof beside it, which other machines may have seen.
    """

    def __init__(
        self, *, cookie: bytes = b"", token: str | None = None, shown: tuple[Principal, Proof] | None = None
    ) -> None:
        super().__init__()
        self.cookie = cookie
        self.token = token
        self.shown = shown


class Sessions(Protocol):
    """Finds who a session cookie belongs to."""

    async def principal_of(self, cookie: bytes) -> Principal | None:
        """Return the principal of the `Cookie` header's session, or None when there is none."""


class External(Protocol):
    """Knows the tokens of another's provider that stands in the place of ours."""

    async def principal_of(self, token: str) -> Principal:
        """Return who `token` makes the bearer, and until when that may be believed; raises `InvalidToken`."""


class Identities:
    """Resolves requests to principals and principals to internal assertions."""

    def __init__(
        self,
        tokens: AccessTokens,
        assertion_key: OKPKey,
        clock: Clock,
        *,
        revoked: Revoked | None = None,
        sessions: Sessions | None = None,
        proofs: Proofs | None = None,
        external: External | None = None,
        certificates: bool = False,
    ) -> None:
        self._tokens = tokens
        self._key = assertion_key
        self._clock = clock
        self._revoked = revoked or Revoked()
        self._sessions = sessions
        self._proofs = proofs
        self._external = external
        self._certificates = certificates
        self._origin = tokens.issuer.encode()
        self._known: dict[str, Principal] = {}
        self._withdrawals = 0

    def resolve_at_once(self, given: Credentials, method: str, path: bytes) -> Principal | None:
        """Return who sends a request with these credentials to this path, as `resolve` does, if that is known.

        Raises:
            NotAtOnce: when it has to be looked up.
            InvalidToken: when a token is given but cannot be believed (RFC 6750: it never falls back).
            InvalidProof: when the proof beside it cannot.
            NonceNeeded: when the proof needs a nonce.
        """
        if given.scheme is not None:
            if self._external is not None:
                self._require_known(given.token)
            certificate = der_of(given.certificate) if self._certificates and given.certificate else None
            return self._bearer_of(given.scheme, given.token, given.proofs, method, path, certificate)
        if given.cookie is not None and self._sessions is not None and self._from_our_pages(given, method):
            raise NotAtOnce(cookie=given.cookie)
        return None

    async def resolve(self, given: Credentials, method: str, path: bytes) -> Principal | None:
        """Return who sends a request with these credentials to this path; None when it names nobody.

        A token wins over a session. A session counts only for a request that the browser itself marks
        as coming from our own pages (`Sec-Fetch-Site: same-origin`, and `Origin` too when it may change something):
        no other site can send it in the person's name.

        Raises:
            InvalidToken: when a token is given but cannot be believed (RFC 6750: it never falls back).
            InvalidProof: when the proof beside it cannot.
            NonceNeeded: when the proof needs a nonce.
        """
        try:
            return self.resolve_at_once(given, method, path)
        except NotAtOnce as late:
            if late.token is not None and self._external is not None:
                self._remember(late.token, await self._external.principal_of(late.token))
                return await self._known_by_now(given, method, path)
            if late.shown is not None:
                return await self._seen_nowhere(*late.shown)
            return await self._sessions.principal_of(late.cookie) if self._sessions else None

    async def _known_by_now(self, given: Credentials, method: str, path: bytes) -> Principal | None:
        """Return who sends a request with a token of the provider in our place that was just looked up."""
        try:
            return self.resolve_at_once(given, method, path)
        except NotAtOnce as late:
            if late.shown is None:
                raise InvalidToken from late
            return await self._seen_nowhere(*late.shown)

    def _from_our_pages(self, given: Credentials, method: str) -> bool:
        return given.site == b"same-origin" and (method in _SAFE or given.origin == self._origin)

    async def presented(
        self,
        authorization: bytes,
        proofs: Sequence[bytes],
        method: str,
        path: bytes,
        certificate: bytes | None = None,
    ) -> Principal:
        """Return who an `Authorization` header stands for.

        A token that is bound to a key counts with a proof of that key and never as a bearer token; nor the other way
        round (RFC 9449, 7). One that is bound to a certificate counts on a connection that was opened with it
        (RFC 8705, 3).

        Args:
            authorization: value of the header.
            proofs: values of all `DPoP` headers.
            method: method of the request.
            path: its path as the client wrote it, without query.
            certificate: that of the connection, in DER.

        Raises:
            InvalidToken: when the scheme is neither `Bearer` nor `DPoP`, or the token cannot be believed.
            InvalidProof: when the proof is not made for this request by the key of the token, or was seen before.
            NonceNeeded: when the proof needs a nonce.
        """
        try:
            return self._bearer_of(*_parted(authorization), proofs, method, path, certificate)
        except NotAtOnce as late:
            if late.shown is None:
                raise
            return await self._seen_nowhere(*late.shown)

    async def _seen_nowhere(self, principal: Principal, proof: Proof) -> Principal:
        if self._proofs is None or not await self._proofs.seen.take(proof):
            raise InvalidProof
        return principal

    def _bearer_of(
        self, scheme: bytes, token: str, proofs: Sequence[bytes], method: str, path: bytes, certificate: bytes | None
    ) -> Principal:
        if scheme == b"bearer":
            principal = self._believed(token, "Bearer")
            if principal.key is not None and not _is_of(principal.key, certificate):
                raise InvalidToken
            return principal
        if scheme != b"dpop" or self._proofs is None:
            raise InvalidToken
        principal = self._believed(token, "DPoP")
        if principal.key is None or is_certificate(principal.key):
            raise InvalidToken("DPoP")
        proof = self._proofs.read(proofs, method, path.decode("latin-1"), token=token)
        if proof.key != principal.key:
            raise InvalidProof
        if self._proofs.seen.shared:
            raise NotAtOnce(shown=(principal, proof))
        if not self._proofs.seen.take_here(proof):
            raise InvalidProof
        return principal

    def _require_known(self, token: str) -> None:
        """Do nothing when it is known whom a token of the provider in our place stands for; raises `NotAtOnce`."""
        if self._withdrawals != self._tokens.withdrawals:
            self._forget_withdrawn()
        known = self._known.get(token)
        if known is None or known.expires_at <= self._clock().timestamp():
            raise NotAtOnce(token=token)

    def _believed(self, token: str, scheme: str) -> Principal:
        if self._withdrawals != self._tokens.withdrawals:
            self._forget_withdrawn()
        principal = self._known.get(token)
        if principal is None:
            try:
                principal = self._tokens.verify(token)
            except InvalidToken as error:
                raise InvalidToken(scheme) from error
            self._remember(token, principal)
        elif principal.expires_at <= self._clock().timestamp():
            del self._known[token]
            raise InvalidToken(scheme)
        if self._revoked.refuses(principal.names, principal.issued_at):
            raise InvalidToken(scheme)
        return principal

    def _remember(self, token: str, principal: Principal) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = principal

    def _forget_withdrawn(self) -> None:
        """Forget all tokens: a key that may have signed them is believed no more."""
        self._withdrawals = self._tokens.withdrawals
        self._known.clear()

    def assertion_for(self, principal: Principal, audience: str) -> str:
        """Return an internal assertion of `principal` for a service (`svc-intake`), good for 15 s or more."""
        moment = self._clock().timestamp()
        made = principal.assertions.get(audience)
        if made and made[0] > moment:
            return made[1]
        assertion = make_assertion(principal.caller, self._key, issuer=GATEWAY, audience=audience)
        principal.assertions[audience] = (moment + LIFETIME_SECONDS - _RENEW_SECONDS, assertion)
        return assertion


def _is_of(bound: str, certificate: bytes | None) -> bool:
    return certificate is not None and bound == of_certificate(thumbprint(certificate))
