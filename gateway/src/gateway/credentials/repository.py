"""Reads and writes second factors, and who has yet to show one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.credentials.domain import Factors, Passkey
from gateway.credentials.tables import authenticator, passkey, passkey_challenge, pending_sign_in, recovery_code
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection, compiled


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret of an authenticator, opened."""

    value: bytes
    confirmed: bool
    last_step: int


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody whose first factor was right.

    Attributes:
        methods: what he has shown so far (RFC 8176).
    """

    person_id: UUID
    methods: tuple[str, ...]


_PERSON = sa.bindparam("person_id", type_=sa.Uuid)
_FACTORS = compiled(
    sa.select(
        sa.select(authenticator.c.confirmed_at)
        .where(authenticator.c.person_id == _PERSON)
        .scalar_subquery()
        .label("authenticator_since"),
        sa.select(sa.func.count())
        .select_from(recovery_code)
        .where(recovery_code.c.person_id == _PERSON)
        .scalar_subquery()
        .label("recovery_codes"),
    )
)
_PASSKEYS = compiled(sa.select(passkey).where(passkey.c.person_id == _PERSON).order_by(passkey.c.made_at))
_SECRET = compiled(sa.select(authenticator).where(authenticator.c.person_id == _PERSON))
_insert_secret = pg.insert(authenticator)
_BEGIN = compiled(
    _insert_secret.on_conflict_do_update(
        index_elements=[authenticator.c.person_id],
        set_={
            "secret": _insert_secret.excluded.secret,
            "begun_at": _insert_secret.excluded.begun_at,
            "last_step": _insert_secret.excluded.last_step,
        },
        where=authenticator.c.confirmed_at.is_(None),
    ).returning(sa.true())
)
_USE_STEP = compiled(
    sa.update(authenticator)
    .where(authenticator.c.person_id == _PERSON, authenticator.c.last_step < sa.bindparam("step"))
    .values(
        last_step=sa.bindparam("step"),
        confirmed_at=sa.func.coalesce(authenticator.c.confirmed_at, sa.bindparam("now")),
    )
    .returning(sa.true())
)
_REMOVE_AUTHENTICATOR = compiled(
    sa.delete(authenticator)
    .where(authenticator.c.person_id == _PERSON, authenticator.c.confirmed_at.is_not(None))
    .returning(sa.true())
)
_FORGET_CODES = compiled(sa.delete(recovery_code).where(recovery_code.c.person_id == _PERSON))
_ADD_CODE = compiled(sa.insert(recovery_code))
_USE_CODE = compiled(
    sa.delete(recovery_code)
    .where(recovery_code.c.person_id == _PERSON, recovery_code.c.code_hash == sa.bindparam("hashed"))
    .returning(sa.true())
)
_insert_pending = pg.insert(pending_sign_in)
_KEEP_PENDING = compiled(
    _insert_pending.on_conflict_do_update(
        index_elements=[pending_sign_in.c.visit_hash],
        set_={name: _insert_pending.excluded[name] for name in ("person_id", "methods", "expires_at")},
    )
)
_HERE = (pending_sign_in.c.visit_hash == sa.bindparam("visit"), pending_sign_in.c.expires_at > sa.bindparam("now"))
_PENDING = compiled(sa.select(pending_sign_in.c.person_id, pending_sign_in.c.methods).where(*_HERE))
_TAKE_PENDING = compiled(
    sa.delete(pending_sign_in).where(*_HERE, pending_sign_in.c.person_id == _PERSON).returning(sa.true())
)
_ADD_PASSKEY = compiled(sa.insert(passkey))
_BY_CREDENTIAL = compiled(sa.select(passkey).where(passkey.c.credential_id == sa.bindparam("credential")))
_USE_PASSKEY = compiled(
    sa.update(passkey)
    .where(passkey.c.id == sa.bindparam("passkey_id"), passkey.c.sign_count == sa.bindparam("before"))
    .values(sign_count=sa.bindparam("after"), used_at=sa.bindparam("now"), backed_up=sa.bindparam("copied"))
    .returning(sa.true())
)
_RENAME_PASSKEY = compiled(
    sa.update(passkey)
    .where(passkey.c.id == sa.bindparam("passkey_id"), passkey.c.person_id == _PERSON)
    .values(name=sa.bindparam("new_name"))
    .returning(sa.true())
)
_REMOVE_PASSKEY = compiled(
    sa.delete(passkey)
    .where(passkey.c.id == sa.bindparam("passkey_id"), passkey.c.person_id == _PERSON)
    .returning(sa.true())
)
_insert_challenge = pg.insert(passkey_challenge)
_KEEP_CHALLENGE = compiled(
    _insert_challenge.on_conflict_do_update(
        index_elements=[passkey_challenge.c.visit_hash, passkey_challenge.c.purpose],
        set_={name: _insert_challenge.excluded[name] for name in ("challenge", "expires_at")},
    )
)
_TAKE_CHALLENGE = compiled(
    sa.delete(passkey_challenge)
    .where(
        passkey_challenge.c.visit_hash == sa.bindparam("visit"),
        passkey_challenge.c.purpose == sa.bindparam("kind"),
        passkey_challenge.c.expires_at > sa.bindparam("now"),
    )
    .returning(passkey_challenge.c.challenge)
)


async def factors_of(connection: Connection, person_id: UUID) -> Factors:
    """Return what a person has set up."""
    row = await _FACTORS.fetchrow(connection, person_id=person_id)
    rows = await _PASSKEYS.fetch(connection, person_id=person_id)
    passkeys = tuple(Passkey(**it) for it in rows)
    assert row  # noqa: S101 - a select without FROM has one row
    return Factors(row["authenticator_since"], passkeys, row["recovery_codes"])


async def begin_authenticator(
    connection: Connection, cipher: FieldCipher, person_id: UUID, secret: bytes, now: datetime
) -> bool:
    """Keep the secret of an authenticator that has yet to be confirmed; False when there is a confirmed one."""
    sealed = await cipher.encrypt(connection, person_id, "authenticator", "secret", person_id, secret)
    begun = await _BEGIN.fetchval(
        connection, person_id=person_id, secret=sealed, begun_at=now, confirmed_at=None, last_step=0
    )
    return begun is True


async def secret_of(connection: Connection, cipher: FieldCipher, person_id: UUID) -> Secret | None:
    """Return the secret of a person's authenticator, confirmed or not."""
    row = await _SECRET.fetchrow(connection, person_id=person_id)
    if row is None:
        return None
    value = await cipher.decrypt(connection, person_id, "authenticator", "secret", person_id, row["secret"])
    return Secret(value, row["confirmed_at"] is not None, row["last_step"])


async def use_step(connection: Connection, person_id: UUID, step: int, now: datetime) -> bool:
    """Use up a step and all before it, and confirm the authenticator; of many who try at once one succeeds."""
    return await _USE_STEP.fetchval(connection, person_id=person_id, step=step, now=now) is True


async def remove_authenticator(connection: Connection, person_id: UUID) -> bool:
    """Forget a confirmed authenticator; False when there is none."""
    return await _REMOVE_AUTHENTICATOR.fetchval(connection, person_id=person_id) is True


async def replace_recovery_codes(connection: Connection, person_id: UUID, hashes: list[bytes]) -> None:
    """Keep new recovery codes in the place of the old ones."""
    await _FORGET_CODES.execute(connection, person_id=person_id)
    await _ADD_CODE.executemany(connection, [{"person_id": person_id, "code_hash": hashed} for hashed in hashes])


async def use_recovery_code(connection: Connection, person_id: UUID, hashed: bytes) -> bool:
    """Use up a recovery code; of many who try at once one succeeds."""
    return await _USE_CODE.fetchval(connection, person_id=person_id, hashed=hashed) is True


async def keep_pending(connection: Connection, new: Pending, visit: bytes, expires_at: datetime) -> None:
    """Remember whose first factor was right in a browser."""
    await _KEEP_PENDING.execute(
        connection, visit_hash=visit, person_id=new.person_id, methods=list(new.methods), expires_at=expires_at
    )


async def pending_in(connection: Connection, visit: bytes, now: datetime) -> Pending | None:
    """Return whose first factor was right in a browser."""
    row = await _PENDING.fetchrow(connection, visit=visit, now=now)
    return Pending(row["person_id"], tuple(row["methods"])) if row else None


async def take_pending(connection: Connection, visit: bytes, person_id: UUID, now: datetime) -> bool:
    """Forget whose first factor was right; of many who try at once one succeeds."""
    return await _TAKE_PENDING.fetchval(connection, visit=visit, person_id=person_id, now=now) is True


async def add_passkey(connection: Connection, new: Passkey) -> None:
    """Keep a new passkey."""
    await _ADD_PASSKEY.execute(connection, **{column.name: getattr(new, column.name) for column in passkey.c})


async def passkey_by_credential(connection: Connection, credential_id: bytes) -> Passkey | None:
    """Return the passkey that a device names."""
    row = await _BY_CREDENTIAL.fetchrow(connection, credential=credential_id)
    return Passkey(**row) if row else None


async def use_passkey(
    connection: Connection, used: Passkey, sign_count: int, now: datetime, *, backed_up: bool
) -> bool:
    """Note that a passkey was used; False when it was used at the same time elsewhere."""
    noted = await _USE_PASSKEY.fetchval(
        connection, passkey_id=used.id, before=used.sign_count, after=sign_count, now=now, copied=backed_up
    )
    return noted is True


async def rename_passkey(connection: Connection, passkey_id: UUID, person_id: UUID, name: str) -> bool:
    """Give a person's passkey another name; False when it is not his."""
    return await _RENAME_PASSKEY.fetchval(connection, passkey_id=passkey_id, person_id=person_id, new_name=name) is True


async def remove_passkey(connection: Connection, passkey_id: UUID, person_id: UUID) -> bool:
    """Forget a person's passkey; False when it is not his."""
    return await _REMOVE_PASSKEY.fetchval(connection, passkey_id=passkey_id, person_id=person_id) is True


async def keep_challenge(
    connection: Connection, visit: bytes, purpose: str, challenge: bytes, expires_at: datetime
) -> None:
    """Keep what a device is to sign, one at a time for a browser and purpose."""
    await _KEEP_CHALLENGE.execute(
        connection, visit_hash=visit, purpose=purpose, challenge=challenge, expires_at=expires_at
    )


async def take_challenge(connection: Connection, visit: bytes, purpose: str, now: datetime) -> bytes | None:
    """Return what a device was to sign, once."""
    challenge: bytes | None = await _TAKE_CHALLENGE.fetchval(connection, visit=visit, kind=purpose, now=now)
    return challenge
