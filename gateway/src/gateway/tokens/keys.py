"""The keys that ID and access tokens are signed with, published as JWKS: one for each algorithm at a time."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey

ALGORITHM: Final = "ES256"
"""What access tokens are signed by, and ID tokens of clients that ask for nothing else."""
ALGORITHMS: Final = (ALGORITHM, "RS256")
"""What ID tokens may be signed by; OpenID Connect Core, 15.1, has every provider know RS256."""
Key: TypeAlias = ECKey | RSAKey
_CURVE: Final = "P-256"
_RSA_BITS: Final = 2048


def generate_key(algorithm: str = ALGORITHM) -> Key:
    """Return a new private signing key for one algorithm; its `kid` is the RFC 7638 thumbprint."""
    use: KeyParameters = {"use": "sig", "alg": algorithm}
    if algorithm == ALGORITHM:
        return ECKey.generate_key(_CURVE, use, auto_kid=True)
    return RSAKey.generate_key(_RSA_BITS, use, auto_kid=True)


class KeyRing:
    """The keys that sign now, and every key whose signatures are believed.

    Attributes:
        signers: the private keys that sign, by algorithm.
        held: the keys that sign and all others that are believed, private where they may be.
        published: public keys, those that sign first; what the JWKS shows.
        remembered: public keys that an old ID token may still be recognised by when it comes back as a hint.
        withdrawals: counts how often keys were taken out; what was believed before has to be looked at again.
    """

    def __init__(self, *signing: Key, others: Iterable[Key] = (), remembered: Iterable[Key] = ()) -> None:
        self.held = (*signing, *others)
        self.signers: Mapping[str, Key] = {str(key.alg): key for key in signing}
        self.published = KeySet([_public(key) for key in self.held])
        self.remembered = KeySet([*self.published, *map(_public, remembered)])
        self.withdrawals = 0
        self._secrets: dict[bytes, tuple[bytes, ...]] = {}

    @property
    def signing(self) -> Key:
        """The private key that signs by ES256."""
        return self.signers[ALGORITHM]

    def replace(self, other: "KeyRing") -> None:
        """Take over the keys of `other`, in place, so that every holder of the ring sees them."""
        if not {key.kid for key in self.published} <= {key.kid for key in other.published}:
            self.withdrawals += 1
        self.held, self.signers = other.held, other.signers
        self.published, self.remembered = other.published, other.remembered
        self._secrets = {}

    def secrets_for(self, purpose: bytes) -> tuple[bytes, ...]:
        """Return secrets that every process which holds the same keys makes alike, others per purpose.

        They are made from the keys for ES256. The first one is that of the key that signs. Those of the key that signs
        next and of the former one are known, too, so that nothing fails while the processes move from one to the next.
        """
        if purpose not in self._secrets:
            self._secrets[purpose] = tuple(
                hmac.digest(str(key.as_dict(private=True)["d"]).encode(), purpose, "sha256")
                for key in self.held
                if key.is_private and key.alg == ALGORITHM
            )
        return self._secrets[purpose]

    def jwks(self) -> dict[str, Any]:
        """Return the JSON Web Key Set to publish; holds no private part."""
        return {"keys": [key.as_dict(private=False) for key in self.published.keys]}


def _public(key: Key) -> Key:
    return opened({**key.as_dict(private=False), "kid": key.kid or key.thumbprint()})


def opened(jwk: dict[str, Any]) -> Key:
    """Return the key that a JWK of ours describes."""
    return ECKey.import_key(jwk) if jwk["kty"] == "EC" else RSAKey.import_key(jwk)
