"""Where signing keys live: in the database, the private part encrypted, shared by every process."""

import sqlalchemy as sa
from joserfc.jwk import ECKey
from sqlalchemy.dialects import postgresql as pg

from gateway.tokens.keys import KeyRing, generate_key
from gateway.tokens.tables import signing_key
from onestop_runtime.codec import dumps, loads
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.sql import Connection, Record, compiled
from onestop_runtime.transaction import Transaction

_BELIEVED = compiled(
    sa.select(signing_key)
    .where(signing_key.c.forgotten_at.is_(None))
    .order_by(signing_key.c.retired_at.desc().nulls_first())
)
_ADD = compiled(pg.insert(signing_key).on_conflict_do_nothing())
_RETIRE = compiled(
    sa.update(signing_key).where(signing_key.c.retired_at.is_(None)).values(retired_at=sa.bindparam("now"))
)


async def load_ring(tx: Transaction, cipher: FieldCipher) -> KeyRing:
    """Return the keys that sign and are believed; the very first one is made here.

    Of several processes that start together on an empty database, one makes the key and the others find it.
    """
    rows = await _BELIEVED.fetch(tx.connection)
    if not rows or rows[0]["retired_at"] is not None:
        await _add_key(tx, cipher)
        rows = await _BELIEVED.fetch(tx.connection)
    return KeyRing(
        await _private(tx.connection, cipher, rows[0]), [ECKey.import_key(it["public_jwk"]) for it in rows[1:]]
    )


async def rotate(tx: Transaction, cipher: FieldCipher) -> KeyRing:
    """Sign with a new key from now on; what the old ones signed stays believed."""
    await _RETIRE.execute(tx.connection, now=tx.now)
    return await load_ring(tx, cipher)


async def _add_key(tx: Transaction, cipher: FieldCipher) -> None:
    key, key_id = generate_key(), uuid7()
    plain = dumps(key.as_dict(private=True))
    sealed = await cipher.encrypt(tx.connection, key_id, "signing_key", "private_jwk", key_id, plain)
    await _ADD.execute(
        tx.connection,
        id=key_id,
        kid=key.kid,
        public_jwk=key.as_dict(private=False),
        private_jwk=sealed,
        made_at=tx.now,
        retired_at=None,
        forgotten_at=None,
    )
    tx.audit("signing-key.made", key=key_id)


async def _private(connection: Connection, cipher: FieldCipher, row: Record) -> ECKey:
    key_id = row["id"]
    plain = await cipher.decrypt(connection, key_id, "signing_key", "private_jwk", key_id, row["private_jwk"])
    return ECKey.import_key(loads(plain))
