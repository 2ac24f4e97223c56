"""The keys that ID and access tokens are signed with: ES256, published as JWKS."""

import hmac
from collections.abc import Iterable
from typing import Any, Final

from joserfc.jwk import ECKey, KeySet

ALGORITHM: Final = "ES256"
_CURVE: Final = "P-256"


def generate_key() -> ECKey:
    """Return a new private signing key; its `kid` is the RFC 7638 thumbprint."""
    return ECKey.generate_key(_CURVE, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)


class KeyRing:
    """The key that signs now, and every key whose signatures are still believed.

    Attributes:
        signing: the private key that signs.
        published: public keys, the signing one first; what the JWKS shows.
    """

    def __init__(self, signing: ECKey, retiring: Iterable[ECKey] = ()) -> None:
        self.signing = signing
        self.published = KeySet([_public(key) for key in (signing, *retiring)])

    def replace(self, other: "KeyRing") -> None:
        """Take over the keys of `other`, in place, so that every holder of the ring sees them."""
        self.signing, self.published = other.signing, other.published

    def secret_for(self, purpose: bytes) -> bytes:
        """Return a secret that every process which holds the signing key makes alike; another one per purpose."""
        return hmac.digest(str(self.signing.as_dict(private=True)["d"]).encode(), purpose, "sha256")

    def jwks(self) -> dict[str, Any]:
        """Return the JSON Web Key Set to publish; holds no private part."""
        return {"keys": [key.as_dict(private=False) for key in self.published.keys]}


def _public(key: ECKey) -> ECKey:
    return ECKey.import_key({**key.as_dict(private=False), "kid": key.kid or key.thumbprint()})
