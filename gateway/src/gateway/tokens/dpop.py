"""DPoP (RFC 9449): whoever sends a request proves that he holds the key that a token is bound to.

A proof is a small JWT signed by that key: for one method and address, with one of our nonces, at most a minute old.
That it comes only once is seen to by its reader: the token endpoint asks the database, the edge what it counts by.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from gateway.tokens.foreign import reading
from gateway.tokens.keys import KeyRing
from gateway.tokens.opaque import digest, same
from onestop_legal.errors import NamedError
from onestop_runtime.clock import Clock

ALGORITHMS: Final = ("ES256", "Ed25519", "EdDSA")
"""EdDSA is the name by which most clients still call Ed25519 (RFC 9864); both mean the same key here."""
_READING: Final = reading(ALGORITHMS)
_TYPE: Final = "dpop+jwt"
_LONGEST: Final = 8192
_LONGEST_ID: Final = 256
_OLDEST: Final = timedelta(seconds=60)
_AHEAD: Final = timedelta(seconds=10)
REMEMBERED: Final = _OLDEST + _AHEAD + timedelta(seconds=1)
"""For how long a proof that was seen has to be known again."""
_NONCE_SLOT_SECONDS: Final = 60
_NONCE_SLOTS: Final = 5
_NONCE: Final = re.compile(r"([0-9]{1,12})\.[A-Za-z0-9_-]{22}")
_PUBLIC: Final = {"EC": frozenset({"kty", "crv", "x", "y"}), "OKP": frozenset({"kty", "crv", "x"})}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ENCODED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class InvalidProof(NamedError):
    """The DPoP proof is missing, forged, too old, used before, or made for another request or token."""

    slug = "invalid-dpop-proof"
    title = "DPoP 证明无效"
    status = 401
    pointer = "#DPoP"


class NonceNeeded(NamedError):
    """The DPoP proof has no nonce of ours, or an old one; the next one comes with this answer."""

    slug = "use-dpop-nonce"
    title = "DPoP 证明须使用服务器给出的 nonce"
    status = 401
    pointer = "#DPoP"

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that was believed.

    Attributes:
        key: RFC 7638 thumbprint of the key; what tokens are bound to (`jkt`).
        identifier: what the proof is known by when it comes again.
        public_jwk: the key itself, with nothing but its public part.
    """

    key: str
    identifier: bytes
    public_jwk: Mapping[str, Any]


class Nonces:
    """Nonces that every process makes and knows without keeping them: good for four to five minutes."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    @property
    def current(self) -> str:
        """The nonce to use now."""
        return _nonce(self._slot, self._secrets[0])

    def accepts(self, nonce: object) -> bool:
        """Tell whether `nonce` is one of ours, and recent."""
        form = _NONCE.fullmatch(nonce) if isinstance(nonce, str) else None
        if form is None or not 0 <= self._slot - int(form[1]) < _NONCE_SLOTS:
            return False
        return any(same(form[0], _nonce(int(form[1]), secret)) for secret in self._secrets)

    @property
    def _slot(self) -> int:
        return int(self._clock().timestamp()) // _NONCE_SLOT_SECONDS

    @property
    def _secrets(self) -> tuple[bytes, ...]:
        return self._ring.secrets_for(b"dpop-nonce")


class Seen(Protocol):
    """Notes proofs, each of which counts once."""

    @property
    def shared(self) -> bool:
        """Other machines are asked, so that `take` has to wait."""

    async def take(self, proof: Proof) -> bool:
        """Note a proof; False when it was seen before."""

    def take_here(self, proof: Proof) -> bool:
        """Note a proof without asking other machines; False when it was seen before."""


class Proofs:
    """Reads proofs that are made for one origin.

    Attributes:
        seen: where they are noted.
    """

    def __init__(self, nonces: Nonces, origin: str, clock: Clock, seen: Seen) -> None:
        self.nonces = nonces
        self.seen = seen
        self._origin = origin
        self._clock = clock

    def read(self, given: Sequence[bytes], method: str, path: str, *, token: str | None = None) -> Proof:
        """Return what the `DPoP` headers of a request prove.

        Args:
            given: the values of all of them.
            method: method of the request.
            path: its path as the client wrote it, without query.
            token: the access token beside it, if any.

        Raises:
            InvalidProof: when there is not exactly one, or it is not made for this request by the key it shows.
            NonceNeeded: when it is, but without a recent nonce.
        """
        if len(given) != 1 or len(given[0]) > _LONGEST:
            raise InvalidProof
        try:
            decoded = jwt.decode(given[0], lambda proof: _shown_key(proof.headers()), registry=_READING)
            shown = _shown_key(decoded.header)
            key = shown.thumbprint()
            claims = decoded.claims
            if decoded.header.get("typ") != _TYPE or claims["htm"] != method or not self._is_recent(claims["iat"]):
                raise InvalidProof
            if _normal(claims["htu"]) != _normal(self._origin + path):
                raise InvalidProof
            if token is not None and not same(claims["ath"], _encoded(digest(token))):
                raise InvalidProof
            proof_id = claims["jti"]
            if not isinstance(proof_id, str) or not 0 < len(proof_id) <= _LONGEST_ID:
                raise InvalidProof
            identifier = sha256(f"{key}.{proof_id}".encode()).digest()
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidProof from error
        if not self.nonces.accepts(claims.get("nonce")):
            raise NonceNeeded(self.nonces.current)
        return Proof(key, identifier, shown.as_dict(private=False))

    def _is_recent(self, issued: object) -> bool:
        if not isinstance(issued, int | float):
            return False
        age = self._clock().timestamp() - issued
        return -_AHEAD.total_seconds() <= age <= _OLDEST.total_seconds()


def _nonce(slot: int, secret: bytes) -> str:
    return f"{slot}.{_encoded(hmac.digest(secret, str(slot).encode(), 'sha256')[:16])}"


def _shown_key(header: Mapping[str, Any]) -> ECKey | OKPKey:
    """Return the public key that a proof shows; a key of another kind, or more than its public part, is refused."""
    shown: Any = header["jwk"]
    wanted = ("EC", "P-256") if header["alg"] == "ES256" else ("OKP", "Ed25519")
    if (shown["kty"], shown["crv"]) != wanted or "d" in shown:
        raise InvalidProof
    public = {name: shown[name] for name in _PUBLIC[shown["kty"]]}
    return ECKey.import_key(public) if shown["kty"] == "EC" else OKPKey.import_key(public)


def _normal(address: str) -> str:
    """Return an address as two readers compare it: without query, fragment and default port (RFC 3986, 6.2.2)."""
    parts = urlsplit(address)
    port = parts.port if parts.port != _DEFAULT_PORTS.get(parts.scheme) else None
    if not parts.hostname or parts.username is not None:
        raise InvalidProof
    return f"{parts.scheme}://{parts.hostname}:{port}{_ENCODED.sub(_decoded, parts.path) or '/'}"


def _decoded(pair: re.Match[str]) -> str:
    character = chr(int(pair[1], 16))
    return character if character in _UNRESERVED else pair[0].upper()


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
