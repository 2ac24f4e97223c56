"""Encryption of personal data per field, with a key per person.

Every person has a data key, wrapped by a key-encryption key that never touches the database. A value is bound to
table, column and row by the additional data, so that it cannot be moved. Destroying the wrapped key erases the
person. A blind index (HMAC) allows exact search.
"""

import hashlib
import hmac
import os
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onestop_runtime.codec import loads
from onestop_runtime.sql import Connection

_NONCE = 12
_CACHE_SIZE = 5_000


class Erased(Exception):
    """The person's data key was destroyed; the value cannot be read again."""


class KeyEncryption(Protocol):
    """Where data keys are wrapped: a file locally, a key management service in production."""

    version: int

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """Return `plain` wrapped, bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, version: int, context: bytes) -> bytes:
        """Return what was wrapped under key `version`."""
        ...

    def index_key(self) -> bytes:
        """Return the key of blind indexes."""
        ...


class FileKeys:
    """Key-encryption keys in a JSON file: `{"current": 1, "keys": {"1": "<64 hex>"}, "index": "<64 hex>"}`."""

    def __init__(self, path: Path) -> None:
        content = loads(path.read_bytes())
        self.version = int(content["current"])
        self._keys = {int(version): bytes.fromhex(key) for version, key in content["keys"].items()}
        self._index = bytes.fromhex(content["index"])

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """Return `plain` wrapped under the current key."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._keys[self.version]).encrypt(nonce, plain, context)

    def unwrap(self, wrapped: bytes, version: int, context: bytes) -> bytes:
        """Return what was wrapped under key `version`."""
        return AESGCM(self._keys[version]).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)

    def index_key(self) -> bytes:
        """Return the key of blind indexes."""
        return self._index


_READ_KEY = """
SELECT wrapped, key_version, coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false) AS uncommitted
FROM data_key WHERE subject = $1
"""
_ADD_KEY = """
INSERT INTO data_key (subject, wrapped, key_version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1
"""


class FieldCipher:
    """Encrypts and decrypts fields of personal data."""

    def __init__(self, keys: KeyEncryption) -> None:
        self._keys = keys
        self._known: dict[UUID, AESGCM] = {}

    async def encrypt(
        self, connection: Connection, subject: UUID, table: str, column: str, row: UUID, plain: bytes
    ) -> bytes:
        """Return `plain` encrypted with the key of `subject`, bound to its place.

        A subject's first value makes his key, in the caller's transaction.
        """
        key = await self._key(connection, subject, create=True)
        nonce = os.urandom(_NONCE)
        return b"\x01" + nonce + key.encrypt(nonce, plain, _place(table, column, row))

    async def decrypt(
        self, connection: Connection, subject: UUID, table: str, column: str, row: UUID, sealed: bytes
    ) -> bytes:
        """Return what was encrypted.

        Raises:
            Erased: when the subject's key was destroyed.
            ValueError: when the value was moved or changed.
        """
        key = await self._key(connection, subject, create=False)
        try:
            return key.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], _place(table, column, row))
        except InvalidTag as error:
            raise ValueError("an encrypted field does not fit its place") from error

    def blind_index(self, kind: str, value: str) -> bytes:
        """Return what `value` of `kind` (`identity-number`) is searched by: 32 bytes that do not reveal it."""
        return hmac.digest(self._keys.index_key(), f"{kind}\0{value}".encode(), hashlib.sha256)

    async def destroy(self, connection: Connection, subject: UUID) -> None:
        """Destroy the key of `subject`, and forget it."""
        await destroy_key(connection, subject)
        self._known.pop(subject, None)

    async def _key(self, connection: Connection, subject: UUID, *, create: bool) -> AESGCM:
        if known := self._known.get(subject):
            return known
        row = await connection.fetchrow(_READ_KEY, subject)
        if row is None:
            if not create:
                raise Erased(str(subject))
            plain = AESGCM.generate_key(256)
            wrapped = self._keys.wrap(plain, subject.bytes)
            if await connection.fetchval(_ADD_KEY, subject, wrapped, self._keys.version):
                return AESGCM(plain)
            row = await connection.fetchrow(_READ_KEY, subject)
        key = AESGCM(self._keys.unwrap(row["wrapped"], row["key_version"], subject.bytes))
        if row["uncommitted"]:
            return key  # not remembered yet: the transaction that made it may still be rolled back
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[subject] = key
        return key


async def destroy_key(connection: Connection, subject: UUID) -> None:
    """Destroy the key of `subject`: nothing that it encrypted can be read again, wherever a copy of it lies."""
    await connection.execute("DELETE FROM data_key WHERE subject = $1", subject)


def _place(table: str, column: str, row: UUID) -> bytes:
    return f"{table}.{column}/{row}".encode()


def mask_name(name: str) -> str:
    """Return a person's name with all but the family name hidden: `王*`."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_identity_number(number: str) -> str:
    """Return an identity number with the first and the last characters only: `1***************2`."""
    return number[:1] + "*" * max(len(number) - 2, 0) + number[-1:]
