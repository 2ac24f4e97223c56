"""The public keys of clients: as registered, or as they publish them at their `jwks_uri`."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from gateway.clients.domain import Client
from gateway.clients.metadata import InvalidClientMetadata
from gateway.outbound import CallFailed, Outbound
from onestop_runtime.clock import Clock
from onestop_runtime.logs import logger

_FRESH_FOR: Final = timedelta(minutes=10)
"""A key that was taken out is believed no longer than this."""
_GOOD_FOR: Final = timedelta(days=1)
"""While their publisher is away, keys are believed for this long."""
_APART: Final = timedelta(seconds=10)
"""Nobody makes us ask more often than this, whatever keys he claims to have used."""
_SHORTEST_RSA: Final = 2048
_MOST_KEYS: Final = 50
Fit: TypeAlias = Callable[[KeySet], bool]
"""Tells whether one of the keys may be the one that was used."""
log = logger(__name__)


class KeysNotThere(Exception):
    """The client publishes no keys that could be used."""


@dataclass(slots=True)
class _Published:
    """What is known of one address: keys, when they were read, and when somebody last tried to."""

    keys: KeySet | None = None
    read_at: datetime | None = None
    tried_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_due(self, fit: Fit, now: datetime) -> bool:
        """Tell whether the address is to be read again before something is looked at that only other keys would fit."""
        if self.tried_at is not None and now < self.tried_at + _APART:
            return False
        if self.keys is None or self.read_at is None or now > self.read_at + _FRESH_FOR:
            return True
        return not fit(self.keys)

    def good(self, now: datetime) -> KeySet | None:
        """Return the keys, unless they are too old to be believed."""
        return self.keys if self.read_at is not None and now < self.read_at + _GOOD_FOR else None


class ClientKeys:
    """Finds the keys of clients; reads published ones again when they get old or a new one is named."""

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._outbound = outbound
        self._clock = clock
        self._published: dict[str, _Published] = {}

    async def of(self, client: Client, fit: Fit) -> KeySet:
        """Return the keys of `client`, read anew when those that are known do not `fit`.

        Raises:
            KeysNotThere: when it has none.
        """
        if client.jwks is not None:
            return public_keys(client.jwks)
        if client.jwks_uri is None:
            raise KeysNotThere
        known = self._published.setdefault(client.jwks_uri, _Published())
        if known.keys is None or known.is_due(fit, self._clock()):
            async with known.lock:
                if known.is_due(fit, self._clock()):
                    await self._read(client, client.jwks_uri, known)
        keys = known.good(self._clock())
        if keys is None:
            raise KeysNotThere
        return keys

    async def _read(self, client: Client, uri: str, known: _Published) -> None:
        now = known.tried_at = self._clock()
        try:
            known.keys, known.read_at = public_keys(await self._outbound.document(uri)), now
        except (CallFailed, InvalidClientMetadata) as error:
            log.warning("the keys of a client could not be read", client=client.client_id, reason=str(error))


def public_keys(jwks: Any) -> KeySet:
    """Return the keys of a JWK Set; kinds that we do not know are passed over (RFC 7517, 5).

    Raises:
        InvalidClientMetadata: when it is none, has no key, a private one, a secret or a short RSA key.
    """
    if not isinstance(jwks, Mapping) or not isinstance(jwks.get("keys"), list) or len(jwks["keys"]) > _MOST_KEYS:
        raise InvalidClientMetadata("公钥不是有效的 JWK Set。", pointer="/jwks")
    try:
        if any(_is_short(key) for key in jwks["keys"]):
            raise InvalidClientMetadata("RSA 公钥至少 2048 位。", pointer="/jwks")
        keys = KeySet.import_key_set({"keys": jwks["keys"]})
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidClientMetadata("公钥不是有效的 JWK Set。", pointer="/jwks") from error
    if any(isinstance(key, OctKey) or key.is_private for key in keys):
        raise InvalidClientMetadata("只能登记公钥，至少一个；私钥请留在应用自己手中。", pointer="/jwks")
    return keys


def _is_short(key: Mapping[str, Any]) -> bool:
    if key["kty"] != "RSA":
        return False
    modulus = urlsafe_b64decode(key["n"] + "==")
    return int.from_bytes(modulus).bit_length() < _SHORTEST_RSA
