"""Personal data can be read with its person's key, in its place, and nowhere else."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from notes import service as notes

from onestop_runtime.caller import system
from onestop_runtime.fields import Erased, FieldCipher, FileKeys, mask_identity_number, mask_name
from onestop_runtime.transaction import transaction

PLAIN = b"11010519491231002X"
Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(service_client: Open) -> Any:
    return await service_client(notes.service())


@pytest.fixture
def cipher(client: Any) -> FieldCipher:
    return FieldCipher(FileKeys(Path(client.context.settings.field_keys)))


async def test_what_is_encrypted_can_be_read_in_its_place_only(client: Any, cipher: FieldCipher):
    person, row = uuid4(), uuid4()
    async with client.context.pool.acquire() as connection:
        sealed = await cipher.encrypt(connection, person, "person", "identity_number", row, PLAIN)
        assert PLAIN not in sealed
        assert await cipher.decrypt(connection, person, "person", "identity_number", row, sealed) == PLAIN
        with pytest.raises(ValueError, match="place"):
            await cipher.decrypt(connection, person, "person", "identity_number", uuid4(), sealed)
        with pytest.raises(ValueError, match="place"):
            await cipher.decrypt(connection, person, "person", "phone", row, sealed)


async def test_a_person_whose_key_is_destroyed_is_erased(client: Any, cipher: FieldCipher):
    person, row = uuid4(), uuid4()
    async with client.context.pool.acquire() as connection:
        sealed = await cipher.encrypt(connection, person, "person", "phone", row, PLAIN)
        await cipher.destroy(connection, person)
        with pytest.raises(Erased):
            await cipher.decrypt(connection, person, "person", "phone", row, sealed)


async def test_a_key_made_in_a_transaction_that_failed_is_not_used_again(client: Any, cipher: FieldCipher):
    person, row = uuid4(), uuid4()
    pool, caller, moment = client.context.pool, system("svc-notes"), client.context.clock()

    async def fail_after_encrypting() -> None:
        async with transaction(pool, caller, moment) as tx:
            await cipher.encrypt(tx.connection, person, "person", "phone", row, PLAIN)
            await cipher.encrypt(tx.connection, person, "person", "name", row, PLAIN)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_encrypting()
    async with transaction(pool, caller, moment) as tx:
        sealed = await cipher.encrypt(tx.connection, person, "person", "phone", row, PLAIN)
    fresh = FieldCipher(FileKeys(Path(client.context.settings.field_keys)))
    async with pool.acquire() as connection:
        assert await fresh.decrypt(connection, person, "person", "phone", row, sealed) == PLAIN


def test_a_blind_index_is_the_same_for_the_same_value_and_kind_only(cipher: FieldCipher):
    index = cipher.blind_index("identity-number", PLAIN.decode())
    assert index == cipher.blind_index("identity-number", PLAIN.decode())
    assert index != cipher.blind_index("phone", PLAIN.decode())


def test_masks_keep_what_may_be_shown():
    assert mask_name("王小明") == "王**"
    assert mask_name("李") == "李*"
    assert mask_identity_number("11010519491231002X") == "1****************X"
