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
    """The key that signs now, and every key whose signatures are believed.

    Attributes:
        signing: the private key that signs.
        held: this one and all others that are believed, private where they may be.
        published: public keys, the signing one first; what the JWKS shows.
        remembered: public keys that an old ID token may still be recognised by when it comes back as a hint.
        withdrawals: counts how often keys were taken out; what was believed before has to be looked at again.
    """

    def __init__(self, signing: ECKey, others: Iterable[ECKey] = (), remembered: Iterable[ECKey] = ()) -> None:
        self.held = (signing, *others)
        self.signing = signing
        self.published = KeySet([_public(key) for key in self.held])
        self.remembered = KeySet([*self.published, *map(_public, remembered)])
        self.withdrawals = 0
        self._secrets: dict[bytes, tuple[bytes, ...]] = {}

    def replace(self, other: "KeyRing") -> None:
        """Take over the keys of `other`, in place, so that every holder of the ring sees them."""
        if not {key.kid for key in self.published} <= {key.kid for key in other.published}:
            self.withdrawals += 1
        self.held, self.signing = other.held, other.signing
        self.published, self.remembered = other.published, other.remembered
        self._secrets = {}

    def secrets_for(self, purpose: bytes) -> tuple[bytes, ...]:
        """Return secrets that every process which holds the same keys makes alike, others per purpose.

        The first one is that of the signing key. Those of the key that signs next and of the former one are known, too,
        so that nothing fails while the processes move from one key to the next.
        """
        if purpose not in self._secrets:
            self._secrets[purpose] = tuple(
                hmac.digest(str(key.as_dict(private=True)["d"]).encode(), purpose, "sha256")
                for key in self.held
                if key.is_private
            )
        return self._secrets[purpose]

    def jwks(self) -> dict[str, Any]:
        """Return the JSON Web Key Set to publish; holds no private part."""
        return {"keys": [key.as_dict(private=False) for key in self.published.keys]}


def _public(key: ECKey) -> ECKey:
    return ECKey.import_key({**key.as_dict(private=False), "kid": key.kid or key.thumbprint()})
