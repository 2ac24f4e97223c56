"""The principal reads a code from his phone to the agent who stands before him: that is his consent."""

import re
from typing import Any

import pytest

from gateway.messages.repository import latest

WARNED = "请把验证码"


async def message_to_citizen(town: Any, gateway: Any) -> str:
    """Return the newest message to the citizen's phone."""
    found = await latest(town.pool, gateway.context.state.cipher, 1)
    assert found[0].phone == "15400000007"
    return str(found[0].message.text)


async def code_for(town: Any, gateway: Any, asked: dict[str, Any], username: str = "township_agent") -> str:
    sent = await town.call(username, "POST", f"/mandates/{asked['id']}/code")
    assert sent.status_code == 204, sent.text
    found = re.search(r"验证码 (\d{6})", await message_to_citizen(town, gateway))
    assert found
    return found[1]


async def test_the_code_says_what_it_is_for_and_puts_the_mandate_in_force(town: Any, gateway: Any):
    asked = await town.asked_of_citizen()
    code = await code_for(town, gateway, asked)
    text = await message_to_citizen(town, gateway)
    assert "马**（秦皇岛经济技术开发区珠江道街道办事处代办员）申请代您办理全部事项，有效期至 2026-12-31" in text
    given = town.read(await town.act("township_agent", asked, "code-confirmation", {"code": code}))
    assert (given["state"], given["confirmation"]) == ("given", "code")
    assert "您已授权马**" in await message_to_citizen(town, gateway)
    me = town.read(await town.call("township_agent", "GET", "/me", act=asked["principal"]["id"]))
    assert me["act"]["name"] == "赵**"
    told = await town.pool.fetchval("SELECT detail FROM audit WHERE verb = 'mandate.given' ORDER BY id DESC LIMIT 1")
    assert told == {"confirmation": "code"}
    town.problem(
        await town.act("township_agent", given, "code-confirmation", {"code": code}), 409, "mandate-not-waiting"
    )


async def test_a_wrong_code_is_refused_and_counted(town: Any, gateway: Any):
    asked = await town.asked_of_citizen()
    code = await code_for(town, gateway, asked)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        refused = await town.act("township_agent", asked, "code-confirmation", {"code": wrong})
        town.problem(refused, 422, "wrong-code")
    town.problem(await town.act("township_agent", asked, "code-confirmation", {"code": code}), 422, "wrong-code")


async def test_a_code_for_one_mandate_confirms_no_other(town: Any, gateway: Any):
    asked = await town.asked_of_citizen()
    other = await town.asked_of_citizen("mother", basis="child")
    code = await code_for(town, gateway, asked)
    town.problem(await town.act("mother", other, "code-confirmation", {"code": code}), 422, "wrong-code")


@pytest.mark.parametrize("who", ["citizen", "mother", "clerk"])
async def test_nobody_but_the_agent_has_a_code_sent(town: Any, who: str):
    asked = await town.asked_of_citizen()
    town.problem(await town.call(who, "POST", f"/mandates/{asked['id']}/code"), 404, "mandate-not-found")


async def test_what_waits_for_the_agent_needs_no_code(town: Any):
    offered = await town.given_by_company()
    town.problem(await town.call("citizen", "POST", f"/mandates/{offered['id']}/code"), 409, "mandate-not-waiting")


async def test_a_phone_is_not_called_again_and_again(town: Any, gateway: Any):
    asked = await town.asked_of_citizen()
    await code_for(town, gateway, asked)
    again = await town.call("township_agent", "POST", f"/mandates/{asked['id']}/code")
    town.problem(again, 429, "too-many-attempts")
