"""The legal representative lets somebody act for the company; the agent agrees; either of them ends it at once."""

import json
from typing import Any

import pytest

from onestop_legal.working_days import legal_day

COMPANY = "91130371MA7001010P"
OTHER_COMPANY = "91130371MA70083272"


async def verbs(town: Any, mandate: dict[str, Any]) -> list[str]:
    rows = await town.pool.fetch("SELECT verb FROM audit WHERE key = $1 ORDER BY id", mandate["id"])
    return [row["verb"] for row in rows]


async def events(town: Any, mandate: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rows = await town.pool.fetch("SELECT type, payload FROM outbox WHERE key = $1 ORDER BY id", mandate["id"])
    return [(row["type"].removeprefix("cn.onestop.gateway."), json.loads(row["payload"])) for row in rows]


async def test_a_mandate_is_in_force_when_the_agent_has_agreed(town: Any):
    offered = await town.given_by_company(items=["11130371037100371Q4000131001000"], valid_to="2027-12-31")
    assert (offered["state"], offered["awaits"], offered["valid"]) == ("waiting", "agent", False)
    assert (offered["agent_name"], offered["principal"]["credit_code"]) == ("赵**", COMPANY)
    assert await events(town, offered) == []
    (held,) = town.read(await town.call("citizen", "GET", "/mandates/held"))
    assert held == offered
    given = town.read(await town.act("citizen", offered, "confirmation"))
    assert (given["state"], given["valid"], given["confirmation"], given["version"]) == ("given", True, "session", 2)
    ((name, told),) = await events(town, given)
    assert name == "mandate.given.v1"
    assert told["items"] == ["11130371037100371Q4000131001000"]
    assert told["principal"] == {**told["principal"], "kind": "legal", "credit_code": COMPANY}
    assert await verbs(town, given) == ["mandate.offered", "mandate.given"]
    me = town.read(await town.call("citizen", "GET", "/me", act=COMPANY))
    assert (me["act"]["credit_code"], me["roles"]) == (COMPANY, ["agent", "natural"])
    (seen,) = town.read(await town.call("representative", "GET", "/mandates/given"))[:1]
    assert seen["id"] == given["id"]


async def test_a_declined_mandate_lets_nobody_act(town: Any):
    offered = await town.given_by_company()
    declined = town.read(await town.act("citizen", offered, "refusal"))
    assert (declined["state"], declined["valid"]) == ("declined", False)
    town.problem(await town.act("citizen", declined, "confirmation"), 409, "mandate-not-waiting")
    browser = town.browsers["citizen"]
    assert browser.answer(await browser.ask(browser.asked(act=COMPANY)))["error"] == "access_denied"
    assert await events(town, declined) == []
    again = await town.given_by_company()
    assert again["id"] != offered["id"]


@pytest.mark.parametrize("who", ["representative", "citizen"])
async def test_who_withdraws_it_ends_every_token_that_was_given_under_it_at_once(town: Any, who: str):
    given = town.read(await town.act("citizen", await town.given_by_company(), "confirmation"))
    tokens = await town.signed_in("citizen", COMPANY)
    browser = town.browsers["citizen"]
    assert (await browser.userinfo(tokens["access_token"])).status_code == 200
    withdrawn = town.read(await town.act(who, given, "withdrawal"))
    assert (withdrawn["state"], withdrawn["valid"]) == ("withdrawn", False)
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    himself = await town.signed_in("citizen", None)
    assert (await browser.userinfo(himself["access_token"])).status_code == 200
    assert [name for name, _ in await events(town, given)] == ["mandate.given.v1", "mandate.withdrawn.v1"]
    town.problem(await town.act(who, withdrawn, "withdrawal"), 409, "mandate-ended")


async def test_every_process_refuses_a_withdrawn_mandate_when_it_looks_next(town: Any, gateway: Any):
    given = town.read(await town.act("citizen", await town.given_by_company(), "confirmation"))
    await town.signed_in("citizen", COMPANY)
    town.read(await town.act("representative", given, "withdrawal"))
    other = type(gateway.context.state.revoked)()
    await other.look(gateway.context.pool, gateway.context.clock)
    grant = await town.pool.fetchval("SELECT id FROM access_grant WHERE revoked_at IS NOT NULL")
    assert other.refuses([str(grant)], issued_at=0)


async def test_an_offer_that_was_taken_back_is_confirmed_no_more(town: Any):
    offered = await town.given_by_company()
    town.read(await town.act("representative", offered, "withdrawal"))
    town.problem(await town.act("citizen", offered, "confirmation"), 412, "stale-version")
    assert await events(town, offered) == []


async def test_the_legal_representative_acts_without_a_mandate(town: Any):
    me = town.read(await town.call("representative", "GET", "/me"))
    assert (me["act"]["credit_code"], me["roles"]) == (COMPANY, ["agent", "natural"])
    assert next((it["act"], it["kind"]) for it in me["capacities"]) == (COMPANY, "representative")


async def test_nobody_but_the_representative_gives_mandates_of_a_company(town: Any):
    for username, code in (("agent", COMPANY), ("representative", OTHER_COMPANY), ("citizen", "91130371MA7001011P")):
        body = {"credit_code": code, "agent": town.names["mother"], "valid_from": "2026-01-01"}
        refused = await town.call(username, "POST", "/mandates", body)
        town.problem(refused, 403, "not-its-legal-representative")


async def test_a_foreign_mandate_is_not_found(town: Any):
    offered = await town.given_by_company()
    for username in ("nephew", "agent", "clerk"):
        town.problem(await town.call(username, "GET", f"/mandates/{offered['id']}"), 404, "mandate-not-found")
        for what in ("confirmation", "refusal", "withdrawal"):
            town.problem(await town.act(username, offered, what), 404, "mandate-not-found")
        assert offered["id"] not in str(town.read(await town.call(username, "GET", "/mandates/held")))
        assert offered["id"] not in str(town.read(await town.call(username, "GET", "/mandates/given")))


async def test_who_offers_does_not_confirm_for_the_other(town: Any):
    offered = await town.given_by_company()
    refused = await town.act("representative", offered, "confirmation")
    town.problem(refused, 403, "mandate-awaits-the-other-side")


async def test_a_second_mandate_between_the_same_two_waits_for_the_end_of_the_first(town: Any):
    offered = await town.given_by_company()
    body = {"credit_code": COMPANY, "agent": town.names["citizen"], "valid_from": "2026-01-01"}
    town.problem(await town.call("representative", "POST", "/mandates", body), 409, "mandate-exists")
    town.read(await town.act("representative", offered, "withdrawal"))
    town.read(await town.call("representative", "POST", "/mandates", body), 201)


async def test_a_mandate_that_has_expired_gives_way_to_a_new_one(town: Any, clock: Any):
    today = legal_day(clock()).isoformat()
    given = town.read(await town.act("citizen", await town.given_by_company(valid_to=today), "confirmation"))
    clock.pass_(days=2)
    town.tokens.clear()
    again = await town.given_by_company()
    assert again["state"] == "waiting"
    old = town.read(await town.call("citizen", "GET", f"/mandates/{given['id']}"))
    assert (old["state"], old["valid"]) == ("expired", False)


@pytest.mark.parametrize(
    ("named", "pointer"),
    [
        ({"name": "赵小梅", "identity_number": "130371198803171020"}, "/agent"),
        ({"name": "赵晓梅", "identity_number": "130371199208250116"}, "/agent"),
        ({"name": "赵晓梅", "identity_number": "130371196501010223"}, "/agent/identity_number"),
        ({"name": "某某", "identity_number": "11010519491231002X"}, "/agent"),
    ],
)
async def test_an_agent_is_named_by_name_and_number_that_fit(town: Any, named: dict[str, str], pointer: str):
    body = {"credit_code": COMPANY, "agent": named, "valid_from": "2026-01-01"}
    refused = await town.call("representative", "POST", "/mandates", body)
    told = town.problem(refused, 422, "invalid-fields")
    assert [it["pointer"] for it in told["errors"]] == [pointer]
    assert named["identity_number"] not in refused.text
    assert named["name"] not in refused.text


async def test_nobody_is_his_own_agent(town: Any):
    for body in (
        {"credit_code": COMPANY, "agent": town.names["representative"], "valid_from": "2026-01-01"},
        {
            "basis": "parent",
            "agent": town.names["representative"],
            "valid_from": "2026-01-01",
            "valid_to": "2026-12-31",
        },
    ):
        town.problem(await town.call("representative", "POST", "/mandates", body), 422, "mandate-to-oneself")


async def test_the_first_version_of_the_list_shows_companies_alone(town: Any):
    offered = await town.given_by_company()
    town.read(await town.act("citizen", offered, "confirmation"))
    asked = await town.asked_of_citizen("mother", basis="child")
    town.read(await town.act("citizen", asked, "confirmation"))
    (listed,) = town.read(await town.call("citizen", "GET", "/mandates"))
    assert set(listed) == {"id", "legal_person", "items", "valid_from", "valid_to", "valid"}
    assert town.read(await town.call("mother", "GET", "/mandates")) == []


async def test_letting_somebody_act_needs_a_recent_sign_in_and_ending_it_none(town: Any, clock: Any):
    offered = await town.given_by_company()
    given = town.read(await town.act("citizen", offered, "confirmation"))
    clock.pass_(minutes=9, seconds=50)
    for who in (("representative", None), ("citizen", None)):
        tokens = await town.signed_in(*who)
        town.tokens[who] = (await town.browsers[who[0]].refresh(tokens["refresh_token"])).json()
    clock.pass_(seconds=15)
    body = {"credit_code": COMPANY, "agent": town.names["mother"], "valid_from": "2026-01-01"}
    town.problem(await town.call("representative", "POST", "/mandates", body), 401, "sign-in-too-old")
    town.problem(await town.act("citizen", given, "confirmation"), 401, "sign-in-too-old")
    town.read(await town.act("citizen", given, "withdrawal"))
