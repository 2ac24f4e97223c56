"""Relatives and agents of townships act for a person who has agreed to it."""

from typing import Any

import pytest


async def test_a_relative_acts_when_the_person_has_agreed(town: Any):
    asked = await town.asked_of_citizen("mother", basis="child")
    assert (asked["state"], asked["awaits"], asked["basis_name"]) == ("waiting", "principal", "成年子女")
    assert asked["principal"] == {**asked["principal"], "kind": "natural", "credit_code": None, "name": "赵**"}
    choice = asked["principal"]["id"]
    browser = town.browsers["mother"]
    assert browser.answer(await browser.ask(browser.asked(act=choice)))["error"] == "access_denied"
    given = town.read(await town.act("citizen", asked, "confirmation"))
    assert given["valid"]
    me = town.read(await town.call("mother", "GET", "/me", act=choice))
    assert me["act"] == {"id": choice, "kind": "natural", "credit_code": None, "name": "赵**"}
    assert (me["kind"], me["roles"]) == ("natural", ["anonymous", "proxy"])
    about = (await browser.userinfo((await town.signed_in("mother", choice))["access_token"])).json()
    assert about["act"] == {"sub": choice, "name": "赵**"}


async def test_a_person_lets_a_relative_act_for_him(town: Any):
    terms = {"valid_from": "2026-01-01", "valid_to": "2028-01-01"}
    body = {"basis": "parent", "agent": town.names["nephew"], **terms}
    offered = town.read(await town.call("mother", "POST", "/mandates", body), 201)
    assert offered["awaits"] == "agent"
    given = town.read(await town.act("nephew", offered, "confirmation"))
    assert town.read(await town.call("mother", "GET", "/mandates/given")) == [given]
    assert town.read(await town.call("nephew", "GET", "/mandates/held")) == [given]


async def test_an_agent_of_a_township_is_staff_of_it_for_the_person(town: Any):
    asked = await town.asked_of_citizen()
    assert asked["agency"] == {"code": "1113037103710740XG", "name": "秦皇岛经济技术开发区珠江道街道办事处"}
    town.read(await town.act("citizen", asked, "confirmation"))
    me = town.read(await town.call("township_agent", "GET", "/me", act=asked["principal"]["id"]))
    assert (me["kind"], me["agency"], me["act"]["name"]) == ("staff", "1113037103710740XG", "赵**")
    assert me["roles"] == ["anonymous", "proxy", "township_agent"]
    usual = town.read(await town.call("township_agent", "GET", "/me"))
    assert (usual["act"], usual["roles"]) == (None, ["staff", "township_agent"])


async def test_only_agents_of_a_township_ask_its_people(town: Any):
    body = {
        "basis": "resident",
        "principal": town.names["citizen"],
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
    }
    for username in ("mother", "clerk"):
        town.problem(await town.call(username, "POST", "/mandate-requests", body), 403, "not-permitted")


async def test_who_acts_for_a_person_gives_and_asks_for_nothing_in_his_name(town: Any):
    asked = await town.asked_of_citizen("mother", basis="child")
    town.read(await town.act("citizen", asked, "confirmation"))
    choice = asked["principal"]["id"]
    body = {"basis": "child", "agent": town.names["nephew"], "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    town.problem(await town.call("mother", "POST", "/mandates", body, act=choice), 403, "not-permitted")
    for path in ("/mandates/held", "/mandates/given", "/sessions"):
        town.problem(await town.call("mother", "GET", path, act=choice), 403, "not-permitted")


async def test_the_person_ends_it_at_once(town: Any):
    asked = await town.asked_of_citizen()
    given = town.read(await town.act("citizen", asked, "confirmation"))
    tokens = await town.signed_in("township_agent", asked["principal"]["id"])
    town.read(await town.act("citizen", given, "withdrawal"))
    assert (await town.browsers["township_agent"].userinfo(tokens["access_token"])).status_code == 401
    his_own = await town.signed_in("township_agent")
    assert (await town.browsers["township_agent"].userinfo(his_own["access_token"])).status_code == 200


@pytest.mark.parametrize(("asking", "other"), [("nephew", "boy"), ("boy", "nephew")])
async def test_who_is_under_eighteen_is_acted_for_by_his_guardian(town: Any, asking: str, other: str):
    body = {"basis": "child", "principal": town.names[other], "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    town.problem(await town.call(asking, "POST", "/mandate-requests", body), 422, "guardian-needed")


async def test_a_proxy_has_an_end_and_says_what_the_two_are_to_each_other(town: Any):
    for change, pointer in (({"valid_to": None}, "/valid_to"), ({"basis": None}, "/basis")):
        body = {"basis": "parent", "agent": town.names["nephew"], "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
        refused = await town.call("mother", "POST", "/mandates", body | change)
        assert [it["pointer"] for it in town.problem(refused, 422, "invalid-fields")["errors"]] == [pointer]


async def test_a_clerk_confirms_for_who_stands_at_his_window(town: Any):
    asked = await town.asked_of_citizen()
    path = f"/mandates/{asked['id']}/window-confirmation"
    wrong = {"identity_number": town.names["nephew"]["identity_number"], "evidence": "identity-card"}
    refused = town.problem(await town.call("clerk", "POST", path, wrong, version=1), 422, "invalid-fields")
    assert [it["code"] for it in refused["errors"]] == ["not-the-principal"]
    seen = wrong | {"identity_number": town.names["citizen"]["identity_number"]}
    for username in ("mother", "township_agent"):
        town.problem(await town.call(username, "POST", path, seen, version=1), 404, "mandate-not-found")
    given = town.read(await town.call("clerk", "POST", path, seen, version=1))
    assert (given["state"], given["confirmation"]) == ("given", "window")
    row = await town.pool.fetchrow(
        "SELECT actor, detail FROM audit WHERE verb = 'mandate.given' ORDER BY id DESC LIMIT 1"
    )
    assert row["detail"] == {"confirmation": "window", "evidence": "identity-card"}
    clerk = town.read(await town.call("clerk", "GET", "/me"))
    assert str(row["actor"]) == clerk["sub"]
    town.problem(await town.call("clerk", "POST", path, seen, version=2), 404, "mandate-not-found")


async def test_a_clerk_finds_what_waits_for_who_stands_before_him(town: Any):
    asked = await town.asked_of_citizen()
    await town.given_by_company()
    before = {"identity_number": town.names["citizen"]["identity_number"]}
    found = town.read(await town.call("clerk", "POST", "/mandates/look-ups", before))
    assert found == [asked]
    assert town.read(await town.call("clerk", "GET", f"/mandates/{asked['id']}")) == asked
    nobody = {"identity_number": "11010519491231002X"}
    assert town.read(await town.call("clerk", "POST", "/mandates/look-ups", nobody)) == []
    for who in ("mother", "township_agent", "admin"):
        town.problem(await town.call(who, "POST", "/mandates/look-ups", before), 403, "not-permitted")
    looked = [it for it in town.read(await town.call("citizen", "GET", "/records"))["items"] if not it["by_oneself"]]
    assert "窗口查找授权" in {it["text"] for it in looked}


async def test_a_clerk_confirms_nothing_for_an_agent(town: Any):
    offered = await town.given_by_company()
    path = f"/mandates/{offered['id']}/window-confirmation"
    seen = {"identity_number": town.names["citizen"]["identity_number"], "evidence": "identity-card"}
    town.problem(await town.call("clerk", "POST", path, seen, version=1), 404, "mandate-not-found")
