"""A code proves that somebody holds a phone: to whom it was sent for, in time, once."""

import asyncio
import re
from typing import Any

import pytest

from gateway.codes.domain import InvalidPhone, Proof, Purpose, WrongCode, phone_number
from gateway.codes.service import Asked, Holder, ask, prove, proved
from gateway.messages.domain import Message
from gateway.messages.repository import latest
from gateway.signin.domain import TooManyAttempts

PHONE = "15400000099"
HERE = Holder("visit-of-this-browser", "198.51.100.7")
THERE = Holder("visit-of-another-browser", "198.51.100.8")
ASKED = Asked(Purpose.REGISTER, PHONE)


@pytest.fixture
def provider(gateway: Any) -> Any:
    return gateway.context.state


async def sent(provider: Any) -> str:
    """Return the code that was sent last."""
    newest = (await latest(provider.context.pool, provider.cipher, 1))[0]
    found = re.search(r"\d{6}", newest.message.text)
    assert found
    return found[0]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def use(provider: Any, gateway: Any, holder: Holder = HERE, purpose: Purpose = Purpose.REGISTER) -> Proof:
    async with gateway.transaction() as tx:
        return await proved(provider, tx, holder, purpose)


async def test_a_right_code_proves_the_phone_once(gateway: Any, provider: Any):
    await ask(provider, HERE, ASKED)
    code = await sent(provider)
    await prove(provider, HERE, Purpose.REGISTER, f" {code} ")
    assert await use(provider, gateway) == Proof(PHONE, None)
    with pytest.raises(WrongCode):
        await use(provider, gateway)
    with pytest.raises(WrongCode):
        await prove(provider, HERE, Purpose.REGISTER, code)


async def test_of_many_who_use_what_is_proved_at_once_one_succeeds(gateway: Any, provider: Any):
    await ask(provider, HERE, ASKED)
    await prove(provider, HERE, Purpose.REGISTER, await sent(provider))
    outcomes = await asyncio.gather(*(use(provider, gateway) for _ in range(8)), return_exceptions=True)
    assert [type(it) for it in outcomes].count(Proof) == 1


async def test_a_code_is_good_for_its_purpose_and_its_holder_alone(provider: Any):
    await ask(provider, HERE, ASKED)
    code = await sent(provider)
    for holder, purpose in ((THERE, Purpose.REGISTER), (HERE, Purpose.RECOVER)):
        with pytest.raises(WrongCode):
            await prove(provider, holder, purpose, code)
    await prove(provider, HERE, Purpose.REGISTER, code)


async def test_a_code_bears_five_wrong_ones(provider: Any):
    await ask(provider, HERE, ASKED)
    code = await sent(provider)
    outcomes = await asyncio.gather(
        *(prove(provider, HERE, Purpose.REGISTER, wrong(code)) for _ in range(8)), return_exceptions=True
    )
    assert all(isinstance(it, WrongCode) for it in outcomes)
    row = await provider.context.pool.fetchrow("SELECT wrong FROM one_time_code")
    assert row["wrong"] == 5
    with pytest.raises(WrongCode):
        await prove(provider, HERE, Purpose.REGISTER, code)


async def test_four_wrong_ones_do_no_harm(provider: Any):
    await ask(provider, HERE, ASKED)
    code = await sent(provider)
    for typed in [wrong(code)] * 4:
        with pytest.raises(WrongCode):
            await prove(provider, HERE, Purpose.REGISTER, typed)
    await prove(provider, HERE, Purpose.REGISTER, code)


async def test_a_code_is_good_for_five_minutes_and_its_proof_for_half_an_hour(gateway: Any, provider: Any, clock: Any):
    await ask(provider, HERE, ASKED)
    clock.pass_(minutes=5)
    with pytest.raises(WrongCode):
        await prove(provider, HERE, Purpose.REGISTER, await sent(provider))
    await ask(provider, HERE, ASKED)
    await prove(provider, HERE, Purpose.REGISTER, await sent(provider))
    clock.pass_(minutes=30)
    with pytest.raises(WrongCode):
        await use(provider, gateway)


async def test_a_new_code_voids_the_old_one_of_the_same_browser(provider: Any, clock: Any):
    await ask(provider, HERE, ASKED)
    old = await sent(provider)
    clock.pass_(seconds=61)
    await ask(provider, HERE, ASKED)
    new = await sent(provider)
    if old != new:
        with pytest.raises(WrongCode):
            await prove(provider, HERE, Purpose.REGISTER, old)
    await prove(provider, HERE, Purpose.REGISTER, new)


async def test_a_stranger_who_asks_for_codes_does_not_void_the_owners(provider: Any, clock: Any):
    await ask(provider, HERE, ASKED)
    own = await sent(provider)
    clock.pass_(seconds=61)
    await ask(provider, THERE, ASKED)
    await prove(provider, HERE, Purpose.REGISTER, own)


async def test_a_phone_is_not_woken_up_without_end(provider: Any, clock: Any):
    await ask(provider, HERE, ASKED)
    with pytest.raises(TooManyAttempts) as refused:
        await ask(provider, THERE, ASKED)
    assert refused.value.retry_after == 60
    pauses = []
    for _ in range(8):
        clock.pass_(seconds=refused.value.retry_after)
        await ask(provider, THERE, ASKED)
        with pytest.raises(TooManyAttempts) as refused:
            await ask(provider, HERE, ASKED)
        pauses.append(refused.value.retry_after)
    assert pauses == [120, 240, 480, 960, 1920, 3600, 3600, 3600]


async def test_many_who_ask_at_once_make_one_message(provider: Any):
    outcomes = await asyncio.gather(
        *(ask(provider, Holder(f"visit-{number}", "198.51.100.9"), ASKED) for number in range(8)),
        return_exceptions=True,
    )
    assert [it for it in outcomes if not isinstance(it, TooManyAttempts)] == [None]


async def test_an_address_that_asks_for_many_phones_has_to_wait(provider: Any):
    for number in range(20):
        await ask(
            provider, Holder(f"visit-{number}", "198.51.100.9"), Asked(Purpose.REGISTER, f"154000010{number:02d}")
        )
    with pytest.raises(TooManyAttempts):
        await ask(provider, Holder("visit-20", "198.51.100.9"), Asked(Purpose.REGISTER, "15400001020"))
    await ask(provider, THERE, Asked(Purpose.REGISTER, "15400001021"))


async def test_where_something_else_is_sent_no_code_is_right(provider: Any):
    notice = Message("code", {"code": "------", "minutes": "0", "purpose": "-"})
    await ask(provider, HERE, Asked(Purpose.REGISTER, PHONE, instead=notice))
    await ask(provider, THERE, Asked(Purpose.RECOVER, "15400000098", silent=True))
    assert [it.message for it in await latest(provider.context.pool, provider.cipher, 5)] == [notice]
    rows = await provider.context.pool.fetch("SELECT code_hash FROM one_time_code")
    assert len({row["code_hash"] for row in rows}) == 2


async def test_neither_code_nor_phone_nor_holder_is_in_the_database_in_clear(provider: Any):
    await ask(provider, HERE, ASKED)
    code = await sent(provider)
    row = await provider.context.pool.fetchrow("SELECT * FROM one_time_code")
    kept = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert not any(it.encode() in kept for it in (code, PHONE, HERE.secret))


@pytest.mark.parametrize("text", ["154 0000 0099", "+86 154-0000-0099", "15400000099 "])
def test_a_phone_number_may_be_written_in_several_ways(text: str):
    assert phone_number(text) == PHONE


@pytest.mark.parametrize(
    "text", ["", "1540000009", "154000000990", "12400000099", "１５４００００００９９", "+1 5400000099"]
)
def test_what_is_no_mobile_phone_number_is_refused(text: str):
    with pytest.raises(InvalidPhone):
        phone_number(text)
