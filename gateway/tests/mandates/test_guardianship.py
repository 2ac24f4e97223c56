"""A guardian acts for a child until it is of age; a clerk has seen that he is its guardian."""

from datetime import timedelta
from typing import Any

import pytest

CHILD = {"name": "钱小满", "identity_number": "130371202006060415"}


async def record(town: Any, who: str = "clerk", **changes: Any) -> Any:
    body = {
        "guardian": town.names["citizen"],
        "ward": CHILD,
        "evidence": "household-register",
        **changes,
    }
    return await town.call(who, "POST", "/guardianships", body)


async def test_a_guardian_acts_for_a_child_that_has_no_account(town: Any):
    given = town.read(await record(town), 201)
    assert (given["state"], given["basis"], given["confirmation"]) == ("given", "ward", "window")
    assert (given["principal"]["name"], given["valid_to"]) == ("钱**", "2038-06-05")
    me = town.read(await town.call("citizen", "GET", "/me", act=given["principal"]["id"]))
    assert (me["act"]["name"], me["roles"]) == ("钱**", ["anonymous", "guardian", "proxy"])
    known = await town.pool.fetchrow(
        "SELECT password_hash, phone, assurance FROM person WHERE id = $1", given["principal"]["id"]
    )
    assert dict(known) == {"password_hash": None, "phone": None, "assurance": 3}
    detail = await town.pool.fetchval("SELECT detail FROM audit WHERE verb = 'mandate.given' ORDER BY id DESC LIMIT 1")
    assert detail == {"confirmation": "window", "evidence": "household-register"}


async def test_both_parents_act_for_the_same_child(town: Any):
    first = town.read(await record(town), 201)
    second = town.read(await record(town, guardian=town.names["nephew"]), 201)
    assert first["principal"] == second["principal"]
    town.problem(await record(town), 409, "mandate-exists")


async def test_it_ends_when_the_child_is_of_age(town: Any, clock: Any):
    given = town.read(await record(town, ward=town.names["boy"]), 201)
    assert given["valid_to"] == "2030-06-05"
    clock.at = clock.at.replace(year=2030, month=6, day=6)
    town.tokens.clear()
    assert not town.read(await town.call("citizen", "GET", f"/mandates/{given['id']}"))["valid"]


async def test_for_an_adult_a_judgment_is_needed(town: Any):
    refused = await record(town, ward=town.names["mother"])
    town.problem(refused, 422, "evidence-does-not-show")
    given = town.read(await record(town, ward=town.names["mother"], evidence="guardianship"), 201)
    assert given["valid_to"] is None


@pytest.mark.parametrize("evidence", ["identity-card", "letter", "word of honour"])
async def test_other_documents_show_nothing(town: Any, evidence: str):
    town.problem(await record(town, evidence=evidence), 422, "invalid-fields")


async def test_a_child_is_named_as_its_document_says(town: Any):
    wrong = await record(town, ward=CHILD | {"identity_number": "130371202006060416"})
    assert [it["pointer"] for it in town.problem(wrong, 422, "invalid-fields")["errors"]] == ["/ward/identity_number"]
    other = await record(town, ward=town.names["boy"] | {"name": "别人"})
    assert [it["pointer"] for it in town.problem(other, 422, "invalid-fields")["errors"]] == ["/ward"]


async def test_only_clerks_record_it_and_none_for_himself(town: Any):
    for who in ("citizen", "township_agent", "admin"):
        town.problem(await record(town, who), 403, "not-permitted")
    town.problem(await record(town, guardian=town.names["clerk"]), 403, "mandate-awaits-the-other-side")
    town.problem(await record(town, guardian=town.names["boy"]), 422, "guardian-needed")


async def test_a_clerk_ends_it_at_once(town: Any):
    given = town.read(await record(town), 201)
    tokens = await town.signed_in("citizen", given["principal"]["id"])
    town.problem(await town.act("nephew", given, "withdrawal"), 404, "mandate-not-found")
    town.read(await town.act("clerk", given, "withdrawal"))
    assert (await town.browsers["citizen"].userinfo(tokens["access_token"])).status_code == 401


async def test_an_end_that_the_document_names_counts(town: Any, clock: Any):
    ends = (clock().date() + timedelta(days=30)).isoformat()
    assert town.read(await record(town, valid_to=ends), 201)["valid_to"] == ends
    past = (clock().date() - timedelta(days=30)).isoformat()
    town.problem(await record(town, ward=town.names["boy"], valid_to=past), 422, "invalid-fields")
