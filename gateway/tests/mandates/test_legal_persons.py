"""Who represents a company is registered by those who have seen its registration."""

from typing import Any

import pytest

COMPANY = "91130371MA7001010P"
NEW = {"credit_code": "91130371MA79999920", "name": "秦皇岛开发区新海贸易有限公司"}


async def represent(town: Any, who: str, named: str, code: str = COMPANY, version: int = 2) -> Any:
    body = {"representative": town.names[named], "since": "2026-01-05"}
    return await town.call(who, "PUT", f"/legal-persons/{code}/representative", body, version=version)


@pytest.mark.parametrize(("who", "source"), [("admin", "administrator"), ("clerk", "window")])
async def test_a_new_representative_takes_the_place_of_the_old_one_at_once(town: Any, who: str, source: str):
    tokens = await town.signed_in("representative", COMPANY)
    changed = town.read(await represent(town, who, "nephew"))
    assert changed["representative"] == {
        **changed["representative"],
        "name": "孙**",
        "since": "2026-01-05",
        "source": source,
    }
    old = town.browsers["representative"]
    assert (await old.userinfo(tokens["access_token"])).status_code == 401
    assert old.answer(await old.ask(old.asked(act=COMPANY)))["error"] == "access_denied"
    me = town.read(await town.call("nephew", "GET", "/me"))
    assert me["act"]["credit_code"] == COMPANY
    detail = await town.pool.fetchval(
        "SELECT detail FROM audit WHERE verb = 'representative.registered' ORDER BY id DESC LIMIT 1"
    )
    assert detail == {"person": me["sub"], "since": "2026-01-05", "source": source}
    town.problem(await represent(town, who, "mother"), 412, "stale-version")


async def test_nobody_else_registers_representatives_and_nobody_himself(town: Any):
    for who in ("representative", "citizen", "reviewer", "township_agent"):
        town.problem(await represent(town, who, "nephew"), 403, "not-permitted")
    town.problem(await represent(town, "clerk", "clerk"), 403, "own-representative")
    town.problem(await represent(town, "weak_admin", "nephew"), 401, "insufficient-user-authentication")


async def test_who_is_known_by_a_phone_alone_represents_nobody(town: Any):
    refused = await represent(town, "admin", "weak_admin")
    assert [it["pointer"] for it in town.problem(refused, 422, "invalid-fields")["errors"]] == ["/representative"]


async def test_a_company_is_registered_once(town: Any):
    made = town.read(await town.call("clerk", "POST", "/legal-persons", NEW), 201)
    assert (made["representative"], made["version"]) == (None, 1)
    town.problem(await town.call("admin", "POST", "/legal-persons", NEW), 409, "legal-person-exists")
    town.problem(await town.call("citizen", "POST", "/legal-persons", NEW), 403, "not-permitted")
    wrong = NEW | {"credit_code": "91130371MA7001011P"}
    town.problem(await town.call("clerk", "POST", "/legal-persons", wrong), 422, "invalid-credit-code")


async def test_a_company_is_shown_to_who_registers_it_or_represents_it(town: Any):
    for who in ("clerk", "admin", "representative"):
        shown = town.read(await town.call(who, "GET", f"/legal-persons/{COMPANY}"))
        assert shown["representative"]["name"] == "张**"
        assert "张海山" not in str(shown)
    for who, code in (("agent", COMPANY), ("clerk", "91130371MA7001011P")):
        town.problem(await town.call(who, "GET", f"/legal-persons/{code}"), 404, "legal-person-not-found")
