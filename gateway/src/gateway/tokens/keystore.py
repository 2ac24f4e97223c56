"""Where signing keys live: in the database, the private part encrypted, shared by every process.

Each process looks every second which keys there are and which of them signs now. A key is published well before its
time, so that whoever keeps our JWKS for some minutes knows it when its first token comes. The keys of all algorithms
follow one another together.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from gateway.tokens.domain import RotationUnderWay, SigningKey, is_due, over, remembered, signing_at
from gateway.tokens.keys import ALGORITHMS, Key, KeyRing, generate_key, opened
from gateway.tokens.tables import signing_key
from onestop_runtime.caller import system
from onestop_runtime.codec import dumps, loads
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.sql import Connection, compiled
from onestop_runtime.transaction import Transaction, acquired, transaction

LOOK_SECONDS: Final = 1.0
_KEYS = compiled(sa.select(signing_key).order_by(signing_key.c.signs_from, signing_key.c.id))
_ADD = compiled(sa.insert(signing_key))
_FORGET = compiled(
    sa.update(signing_key)
    .where(signing_key.c.id == sa.bindparam("key_id"), signing_key.c.forgotten_at.is_(None))
    .values(forgotten_at=sa.bindparam("now"), private_jwk=None)
)
_ONE_AT_A_TIME = compiled(sa.text("LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE"))
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Rotation:
    """How keys follow one another.

    Attributes:
        published_before: how long a key is published before it signs.
        every: after which time the next one is published by itself; None for never.
    """

    published_before: timedelta
    every: timedelta | None


class Keystore:
    """The keys of one process, kept as the database has them.

    Attributes:
        ring: what signs and verifies.
    """

    def __init__(self, ring: KeyRing, cipher: FieldCipher) -> None:
        self.ring = ring
        self._cipher = cipher
        self._private: dict[UUID, Key] = {}
        self._known: tuple[object, ...] = ()

    @classmethod
    async def open(cls, tx: Transaction, cipher: FieldCipher) -> "Keystore":
        """Return the keys that there are; the very first ones are made here.

        Of several processes that start together on an empty database, one makes the keys and the others find them.
        """
        if _missing(await stored_keys(tx.connection), tx.now):
            await _ONE_AT_A_TIME.execute(tx.connection)
            for algorithm in _missing(await stored_keys(tx.connection), tx.now):
                await _add(tx, cipher, algorithm, tx.now)
        store = cls(KeyRing(generate_key()), cipher)
        await store.look(tx.connection, tx.now)
        return store

    async def look(self, connection: Connection, now: datetime) -> None:
        """Take over which keys there are, and which of them sign at `now`."""
        keys = await stored_keys(connection)
        signing = [key for it in ALGORITHMS if (key := signing_at(keys, now, it)) is not None]
        known = (*signing, *keys)
        if len(signing) < len(ALGORITHMS) or known == self._known:
            return
        living = [key for key in keys if key.forgotten_at is None]
        others = [await self._opened(connection, key) for key in reversed(living) if key not in signing]
        ring = KeyRing(
            *[await self._opened(connection, key) for key in signing],
            others=others,
            remembered=[opened(key.public) for key in remembered(keys)],
        )
        if self._known and ring.signing.kid != self.ring.signing.kid:
            log.info("other keys sign", kids=[key.kid for key in signing])
        self.ring.replace(ring)
        self._known = known
        self._private = {key.id: self._private[key.id] for key in living}

    async def keep(self, context: Context, rotation: Rotation) -> None:
        """Look every second, publish the next key in time and forget the last one, until the process stops."""
        while not context.stopping.is_set():
            try:
                async with acquired(context.pool) as connection:
                    await self.look(connection, context.clock())
                    keys = await stored_keys(connection)
                await self._tend(context, keys, rotation)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("signing keys could not be read", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(context.stopping.wait(), LOOK_SECONDS)

    async def _tend(self, context: Context, keys: list[SigningKey], rotation: Rotation) -> None:
        now = context.clock()
        due = rotation.every is not None and is_due(keys, now, rotation.every)
        if not due and not over(keys, now):
            return
        async with transaction(context.pool, system("gateway"), now) as tx:
            await _ONE_AT_A_TIME.execute(tx.connection)
            stored = await stored_keys(tx.connection)
            await _forget(tx, over(stored, now))
            if rotation.every is not None and is_due(stored, now, rotation.every):
                await _add_all(tx, self._cipher, now + rotation.published_before)

    async def _opened(self, connection: Connection, key: SigningKey) -> Key:
        found = self._private.get(key.id)
        if found is None and key.private is not None:
            plain = await self._cipher.decrypt(connection, key.id, "signing_key", "private_jwk", key.id, key.private)
            found = self._private[key.id] = opened(loads(plain))
        return found or opened(key.public)


async def stored_keys(connection: Connection) -> list[SigningKey]:
    """Return all signing keys that are known, forgotten ones too, in the order in which they sign."""
    return [
        SigningKey(
            id=row["id"],
            kid=row["kid"],
            public=row["public_jwk"],
            private=row["private_jwk"],
            made_at=row["made_at"],
            signs_from=row["signs_from"],
            forgotten_at=row["forgotten_at"],
        )
        for row in await _KEYS.fetch(connection)
    ]


async def publish_next(tx: Transaction, cipher: FieldCipher, rotation: Rotation) -> list[SigningKey]:
    """Publish the keys that sign next, one for each algorithm; raises `RotationUnderWay` when some wait already."""
    await _ONE_AT_A_TIME.execute(tx.connection)
    if any(key.waits(tx.now) for key in await stored_keys(tx.connection)):
        raise RotationUnderWay
    return await _add_all(tx, cipher, tx.now + rotation.published_before)


async def replace_at_once(tx: Transaction, cipher: FieldCipher) -> list[SigningKey]:
    """Sign with new keys from now on and believe no others: what a stolen key has signed counts no more."""
    await _ONE_AT_A_TIME.execute(tx.connection)
    await _forget(tx, [key for key in await stored_keys(tx.connection) if key.forgotten_at is None])
    return await _add_all(tx, cipher, tx.now)


def _missing(keys: Sequence[SigningKey], now: datetime) -> list[str]:
    """Return the algorithms that no key signs by at `now`."""
    return [algorithm for algorithm in ALGORITHMS if signing_at(keys, now, algorithm) is None]


async def _add_all(tx: Transaction, cipher: FieldCipher, signs_from: datetime) -> list[SigningKey]:
    return [await _add(tx, cipher, algorithm, signs_from) for algorithm in ALGORITHMS]


async def _add(tx: Transaction, cipher: FieldCipher, algorithm: str, signs_from: datetime) -> SigningKey:
    key, key_id = await asyncio.to_thread(generate_key, algorithm), uuid7()
    plain = dumps(key.as_dict(private=True))
    new = SigningKey(
        id=key_id,
        kid=str(key.kid),
        public=key.as_dict(private=False),
        private=await cipher.encrypt(tx.connection, key_id, "signing_key", "private_jwk", key_id, plain),
        made_at=tx.now,
        signs_from=signs_from,
    )
    await _ADD.execute(
        tx.connection,
        id=new.id,
        kid=new.kid,
        public_jwk=new.public,
        private_jwk=new.private,
        made_at=new.made_at,
        signs_from=new.signs_from,
        forgotten_at=None,
    )
    tx.audit("signing-key.made", key=new.id, detail={"kid": new.kid, "signs_from": new.signs_from})
    return new


async def _forget(tx: Transaction, keys: Iterable[SigningKey]) -> None:
    """Believe what these have signed no more, and destroy their private parts."""
    for key in keys:
        await _FORGET.execute(tx.connection, key_id=key.id, now=tx.now)
        tx.audit("signing-key.forgotten", key=key.id, detail={"kid": key.kid})
