"""From a site to the sign-in page and back with a ticket, and what the site learns for it."""

import asyncio
from typing import Any

from gateway.clients.repository import client_by_id, save_client
from gateway.housekeeping import delete_what_is_over

HERE = "https://old.test/app/index.do?menu=%E7%A4%BE%E4%BF%9D&page=1"
ARCHIVE = "https://archive.test/login"
FOREIGN = "https://foreign.test/in"


async def test_a_person_signs_in_and_the_site_learns_who_he_is_once(sites: Any, registered: Any):
    answer = await sites.sign_in(HERE)
    assert answer.headers["location"].startswith(HERE + "&ticket=ST-")
    assert answer.headers["referrer-policy"] == "no-referrer"
    ticket = sites.ticket_in(answer)
    told = await sites.validate(ticket, HERE)
    citizen = await registered.context.pool.fetchval("SELECT id FROM person WHERE username = 'citizen'")
    assert f"<cas:user>{citizen}</cas:user>" in told
    for expected in ("name>赵晓梅<", "preferred_username>citizen<", "phone_number>", "acr>2<", "amr>pwd<"):
        assert f"<cas:{expected}" in told
    assert sites.failure_in(await sites.validate(ticket, HERE)) == "INVALID_TICKET"
    verbs = [it["verb"] for it in await registered.context.pool.fetch("SELECT verb FROM audit ORDER BY id")]
    assert verbs[-3:] == ["session.started", "ticket.given", "ticket.redeemed"]


async def test_who_is_signed_in_is_handed_over_without_being_asked(sites: Any):
    await sites.browser.tokens(sites.browser.asked())
    assert sites.ticket_in(await sites.login(HERE))
    assert sites.ticket_in(await sites.login(ARCHIVE))


async def test_a_site_learns_only_what_it_may_have(sites: Any):
    told = await sites.validate(await sites.ticket(ARCHIVE), ARCHIVE)
    assert "<cas:authenticationDate>" in told
    for withheld in ("赵晓梅", "citizen", "phone_number", "cas:name"):
        assert withheld not in told


async def test_attributes_belong_to_the_third_protocol(sites: Any):
    told = await sites.validate(await sites.ticket(HERE), HERE, "serviceValidate")
    assert "cas:user" in told
    assert "cas:attributes" not in told
    ticket = sites.ticket_in(await sites.login(HERE))
    assert (await sites.validate(ticket, HERE, "validate")).startswith("yes\n")
    assert await sites.validate(ticket, HERE, "validate") == "no\n\n"


async def test_the_answer_is_json_for_who_asks(sites: Any):
    ticket = await sites.ticket(HERE, "agent")
    answer = await sites.browser.get(
        "/cas/p3/serviceValidate", params={"ticket": ticket, "service": HERE, "format": "JSON"}
    )
    told = answer.json()["serviceResponse"]["authenticationSuccess"]["attributes"]
    assert told["act_credit_code"] == "91130371MA7001010P"
    assert told["act_name"] == "秦皇岛开发区山海食品有限公司"
    assert told["amr"] == ["pwd"]
    again = await sites.browser.get(
        "/cas/p3/serviceValidate", params={"ticket": ticket, "service": HERE, "format": "JSON"}
    )
    assert again.json()["serviceResponse"]["authenticationFailure"]["code"] == "INVALID_TICKET"


async def test_the_person_may_choose_for_whom_to_act(sites: Any):
    told = await sites.validate(await sites.ticket(HERE, "agent", act="self"), HERE)
    assert "act_name" not in told
    refused = await sites.login(HERE, act="91130371MA70083272")
    assert refused.status_code == 403


async def test_who_leaves_doubt_for_whom_he_acts_is_asked(sites: Any):
    asking = await sites.sign_in(HERE, "agent_of_two")
    shown = await sites.browser.follow(asking)
    assert "form-action 'self' https://old.test;" in shown.headers["content-security-policy"]
    chosen = await sites.browser.fill_in(shown, action="/choose", act="91130371MA70083272")
    told = await sites.validate(sites.ticket_in(await sites.browser.follow(chosen)), HERE)
    assert "<cas:act_credit_code>91130371MA70083272</cas:act_credit_code>" in told
    assert sites.ticket_in(await sites.login(ARCHIVE))


async def test_staff_are_handed_over_with_agency_and_roles(sites: Any):
    told = await sites.validate(await sites.ticket(HERE, "reviewer"), HERE)
    assert "<cas:agency>11130371037100371Q</cas:agency>" in told
    assert "<cas:roles>reviewer</cas:roles>" in told


async def test_a_site_that_wants_a_fresh_sign_in_gets_one_and_can_tell(sites: Any, clock: Any):
    await sites.browser.tokens(sites.browser.asked())
    old = sites.ticket_in(await sites.login(HERE))
    assert sites.failure_in(await sites.validate(old, HERE, renew="true")) == "INVALID_TICKET"
    shown = await sites.browser.follow(await sites.login(HERE, renew="true"))
    assert 'name="password"' in shown.text
    clock.pass_(seconds=5)
    signed_in = await sites.browser.fill_in(shown, username="citizen", password="碧海-金沙-2026")
    fresh = sites.ticket_in(await sites.browser.follow(signed_in))
    told = await sites.validate(fresh, HERE, renew="true")
    assert "<cas:isFromNewLogin>true</cas:isFromNewLogin>" in told


async def test_an_address_that_says_it_was_signed_in_for_is_not_believed(sites: Any):
    await sites.browser.tokens(sites.browser.asked())
    for mark in ({"since": "1", "mark": "x"}, {"since": "x"}, {"since": "1"}):
        answer = await sites.login(HERE, renew="true", **mark)
        assert answer.headers["location"].startswith("/sign-in?")


async def test_a_site_may_ask_without_anybody_being_asked(sites: Any):
    answer = await sites.login(HERE, gateway="true")
    assert answer.headers["location"] == HERE
    await sites.browser.tokens(sites.browser.asked())
    assert sites.ticket_in(await sites.login(HERE, gateway="true"))
    assert (await sites.login(FOREIGN, gateway="true")).headers["location"] == FOREIGN


async def test_a_ticket_is_posted_to_a_site_that_wants_it_so(sites: Any):
    await sites.browser.tokens(sites.browser.asked())
    shown = await sites.login(HERE, method="POST")
    assert f'action="{HERE.replace("&", "&amp;")}"' in shown.text
    assert "form-action 'self' https://old.test;" in shown.headers["content-security-policy"]
    assert "cas:user" in await sites.validate(sites.browser.hidden(shown)["ticket"], HERE)


async def test_the_sign_in_form_may_end_at_the_site(sites: Any):
    shown = await sites.browser.follow(await sites.login(HERE))
    assert "form-action 'self' https://old.test;" in shown.headers["content-security-policy"]


async def test_a_site_that_is_not_our_own_needs_consent_once(sites: Any):
    shown = await sites.sign_in(FOREIGN)
    assert "外单位系统" in shown.text
    assert "您的姓名和办理身份" in shown.text
    declined = await sites.browser.fill_in(shown, decision="deny")
    assert declined.headers["location"] == FOREIGN
    agreed = await sites.browser.fill_in(await sites.login(FOREIGN), decision="approve")
    assert "cas:name>赵晓梅<" in await sites.validate(sites.ticket_in(await sites.browser.follow(agreed)), FOREIGN)
    assert sites.ticket_in(await sites.login(FOREIGN))


async def test_consent_is_given_on_our_own_page_alone(sites: Any):
    await sites.browser.tokens(sites.browser.asked())
    await sites.login(FOREIGN)
    forged = await sites.browser.post("/cas/consent", params={"service": FOREIGN}, data={"decision": "approve"})
    assert forged.status_code == 403


async def test_nobody_is_sent_to_what_is_not_registered(sites: Any):
    await sites.browser.tokens(sites.browser.asked())
    for service in (
        "https://evil.test/",
        "https://old.test/",
        "https://old.test/app/../admin",
        "https://old.test@evil.test/app/",
        "https://old.test/app/?ticket=ST-1",
        "javascript:alert(1)",
    ):
        for more in ({}, {"gateway": "true"}, {"renew": "true"}, {"method": "POST"}):
            answer = await sites.login(service, **more)
            assert answer.status_code == 403
            assert "location" not in answer.headers
            assert "该服务未登记或已停用" in answer.text


async def test_a_ticket_is_consumed_by_whoever_shows_it_first_and_by_a_wrong_service_too(sites: Any):
    ticket = await sites.ticket(HERE)
    assert sites.failure_in(await sites.validate(ticket, ARCHIVE)) == "INVALID_SERVICE"
    assert sites.failure_in(await sites.validate(ticket, HERE)) == "INVALID_TICKET"
    ticket = sites.ticket_in(await sites.login(HERE))
    answers = await asyncio.gather(*(sites.validate(ticket, HERE) for _ in range(10)))
    assert sum("authenticationSuccess" in answer for answer in answers) == 1


async def test_a_ticket_dies_with_its_time_its_session_its_mandate_and_its_service(
    sites: Any, registered: Any, clock: Any
):
    late = await sites.ticket(HERE, "agent")
    clock.pass_(seconds=31)
    assert sites.failure_in(await sites.validate(late, HERE)) == "INVALID_TICKET"
    acting = sites.ticket_in(await sites.login(HERE))
    await registered.context.pool.execute("UPDATE mandate SET state = 'withdrawn', ended_at = now()")
    assert sites.failure_in(await sites.validate(acting, HERE)) == "INVALID_TICKET"
    suspended = sites.ticket_in(await sites.login(HERE))
    async with registered.transaction() as tx:
        client = await client_by_id(tx.connection, "cas-social", lock=True)
        await save_client(tx.connection, client.suspended(tx.now))
    assert sites.failure_in(await sites.validate(suspended, HERE)) == "INVALID_SERVICE"
    assert (await sites.login(HERE)).status_code == 403
    left = sites.ticket_in(await sites.login(ARCHIVE))
    await sites.browser.get("/cas/logout")
    assert sites.failure_in(await sites.validate(left, ARCHIVE)) == "INVALID_TICKET"


async def test_what_is_no_ticket_is_refused_by_its_code(sites: Any):
    here = "service=https://old.test/app/"
    for query, code in (
        ("", "INVALID_REQUEST"),
        ("ticket=ST-1", "INVALID_REQUEST"),
        (here, "INVALID_REQUEST"),
        (f"{here}&ticket=ST-1&ticket=ST-2", "INVALID_REQUEST"),
        (f"{here}&ticket=PT-1", "INVALID_TICKET_SPEC"),
        (f"{here}&ticket=ST-1", "INVALID_TICKET"),
        (f"{here}&ticket=ST-%3Cx%3E", "INVALID_TICKET"),
        (f"{here}&ticket=ST-{'x' * 5000}", "INVALID_TICKET"),
    ):
        answer = await sites.browser.get(f"/cas/p3/serviceValidate?{query}")
        assert sites.failure_in(answer.text) == code
        assert answer.headers["content-type"].startswith("application/xml")
        assert answer.headers["cache-control"] == "no-store"


async def test_signing_out_leads_back_to_a_registered_site_alone(sites: Any):
    for parameters, location in (
        ({"service": HERE}, HERE),
        ({"url": ARCHIVE}, ARCHIVE),
        ({"service": "https://evil.test/"}, None),
        ({}, None),
    ):
        await sites.browser.tokens(sites.browser.asked(prompt="login"))
        answer = await sites.browser.get("/cas/logout", params=parameters)
        assert answer.headers.get("location") == location
        assert (await sites.browser.get("/account")).headers["location"].startswith("/sign-in")


async def test_who_comes_for_no_service_is_shown_his_account(sites: Any):
    assert (await sites.browser.get("/cas/login")).headers["location"] == "/account"


async def test_one_sign_in_serves_sites_and_clients_alike(sites: Any):
    await sites.ticket(HERE)
    assert sites.browser.answer(await sites.browser.ask(sites.browser.asked()))["code"]


async def test_a_ticket_is_kept_so_that_nobody_can_use_it_and_only_as_long_as_it_matters(
    sites: Any, registered: Any, clock: Any
):
    unused = await sites.ticket(HERE)
    used = sites.ticket_in(await sites.login(HERE))
    rows = await registered.context.pool.fetch("SELECT * FROM service_ticket")
    assert not any(ticket in str([dict(row) for row in rows]) for ticket in (unused, used))
    await sites.validate(used, HERE)
    clock.pass_(minutes=1)
    await delete_what_is_over(registered.context.pool, clock())
    assert await registered.context.pool.fetch("SELECT shown FROM service_ticket") == [(used,)]
