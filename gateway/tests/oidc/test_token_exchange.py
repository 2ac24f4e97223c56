"""A system goes on in a person's name with less than the person let its client do (RFC 8693)."""

from typing import Any

import pytest
from joserfc import jws

from gateway.parts import open_parts
from onestop_runtime.codec import loads

API = "http://gateway.test"
PUSHING = "https://pushing.test/api"
ARCHIVE = "https://archive.test/api"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture(autouse=True)
async def systems(gateway: Any) -> None:
    """The licence system (`pushing`) goes on to our API and to the archive (`old`), which goes on to our API."""
    statement = """
        UPDATE client SET grant_types = grant_types || $2::text, scopes = scopes || $3::text[], resources = $4,
               exchange_resources = $5 WHERE client_id = $1
    """
    pool = gateway.context.pool
    scopes = ["intake:read", "catalog:read"]
    await pool.execute(statement, "pushing", GRANT, scopes, [PUSHING], [API, ARCHIVE])
    await pool.execute(statement, "old", GRANT, scopes, [ARCHIVE], [API])
    await pool.execute(statement, "hall", GRANT, scopes, ["https://hall.test/api"], [API, PUSHING])


def read(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = loads(jws.extract_compact(token.encode()).payload)
    return claims


async def held(browser: Any, username: str = "agent", resource: str | None = PUSHING, **changes: Any) -> str:
    """Return the access token that the portal got for the licence system."""
    tokens = await browser.tokens(browser.asked(prompt="login", resource=resource, **changes), username)
    return str(tokens["access_token"])


async def exchange(
    browser: Any, token: str, client_id: str = "pushing", headers: dict[str, str] | None = None, **changes: str | None
) -> Any:
    form = {
        "grant_type": GRANT,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "scope": "intake:read",
        **changes,
    }
    given = {name: value for name, value in form.items() if value is not None}
    return await browser.post("/oauth/token", data=given, headers=browser.proof_of(client_id) | (headers or {}))


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


async def test_the_new_token_says_who_for_whom_and_through_which_clients(browser: Any, gateway: Any):
    subject = await held(browser)
    answer = await exchange(browser, subject)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) == {"access_token", "issued_token_type", "token_type", "expires_in", "scope"}
    assert (told["issued_token_type"], told["token_type"], told["scope"]) == (ACCESS_TOKEN, "Bearer", "intake:read")
    before, after = read(subject), read(told["access_token"])
    for name in ("sub", "kind", "act", "mandate", "acr", "auth_time", "grant", "channel"):
        assert after[name] == before[name], name
    assert (after["aud"], after["client_id"], after["via"]) == (API, "pushing", {"client_id": "web"})
    assert after["exp"] <= before["exp"]
    assert "first_party" not in after
    audit = await gateway.context.pool.fetchrow(
        "SELECT actor, client, detail FROM audit WHERE verb = 'token.exchanged'"
    )
    assert (str(audit["actor"]), audit["client"]) == (before["sub"], "pushing")
    assert audit["detail"] == {"client": "pushing", "through": ["web"], "scopes": ["intake:read"]}


async def test_it_is_good_for_its_scopes_alone_even_where_the_first_client_was_our_own(browser: Any):
    told = (await exchange(browser, await held(browser))).json()
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    for path in ("/api/gateway/v1/mandates/held", "/api/gateway/v1/me"):
        refused = await browser.get(path, headers=bearer)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope"), path
    assert (await browser.userinfo(told["access_token"])).status_code == 403


async def test_a_chain_of_systems_is_kept_and_ends(browser: Any):
    first = (await exchange(browser, await held(browser), resource=ARCHIVE)).json()["access_token"]
    second = await exchange(browser, first, "old")
    assert read(second.json()["access_token"])["via"] == {"client_id": "pushing", "via": {"client_id": "web"}}
    at_hall = await held(browser, resource="https://hall.test/api")
    through_hall = (await exchange(browser, at_hall, "hall", resource=PUSHING)).json()["access_token"]
    third = (await exchange(browser, through_hall, resource=ARCHIVE)).json()["access_token"]
    assert error(await exchange(browser, third, "old")) == (400, "invalid_request")
    told = await browser.post("/oauth/introspect", data={"token": third}, headers=browser.proof_of("old"))
    assert told.json()["via"] == {"client_id": "hall", "via": {"client_id": "web"}}


async def test_it_does_not_outlive_the_token_it_was_made_from(browser: Any, clock: Any):
    subject = await held(browser)
    clock.pass_(minutes=8)
    answer = (await exchange(browser, subject)).json()
    assert 110 <= answer["expires_in"] <= 120
    assert read(answer["access_token"])["exp"] == read(subject)["exp"]
    clock.pass_(minutes=3)
    assert error(await exchange(browser, subject)) == (400, "invalid_request")


@pytest.mark.parametrize("end", ["sign-out", "revoke", "suspend-first", "suspend-between"])
async def test_it_is_void_with_the_persons_grant_and_with_any_client_it_came_through(
    browser: Any, gateway: Any, end: str
):
    tokens = await browser.tokens(browser.asked(resource=PUSHING), "agent")
    first = (await exchange(browser, tokens["access_token"], resource=ARCHIVE)).json()["access_token"]
    second = (await exchange(browser, first, "old")).json()["access_token"]
    bearer = {"Authorization": f"Bearer {second}"}
    path = "/api/gateway/v1/me"
    assert (await browser.get(path, headers=bearer)).json()["type"] == "/problems/insufficient-scope"
    if end == "sign-out":
        await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
    elif end == "revoke":
        form = {"token": tokens["refresh_token"], "client_id": "web"}
        await browser.post("/oauth/revoke", data=form)
    else:
        shut = "web" if end == "suspend-first" else "pushing"
        gateway.context.state.revoked.add([f"client:{shut}"])
    assert (await browser.get(path, headers=bearer)).json()["type"] == "/problems/invalid-token"
    assert error(await exchange(browser, first, "old")) == (400, "invalid_request")


async def test_a_grant_that_was_taken_back_elsewhere_gives_nothing_here(browser: Any, gateway: Any):
    subject = await held(browser)
    await gateway.context.pool.execute("UPDATE access_grant SET revoked_at = now()")
    assert error(await exchange(browser, subject)) == (400, "invalid_request")
    subject = await held(browser)
    await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'web'")
    async with open_parts(gateway.context):
        assert error(await exchange(browser, subject)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "x"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x"}, "invalid_request"),
        ({"scope": "intake:write"}, "invalid_scope"),
        ({"scope": "intake:read openid"}, "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_scope"),
        ({"resource": "https://nowhere.test/api"}, "invalid_target"),
        ({"resource": PUSHING}, "invalid_target"),
    ],
)
async def test_what_goes_beyond_is_refused(browser: Any, changes: dict[str, str | None], told: str):
    assert error(await exchange(browser, await held(browser), **changes)) == (400, told)


async def test_other_tokens_are_not_exchanged(browser: Any, gateway: Any):
    tokens = await browser.tokens(browser.asked(prompt="login", resource=PUSHING), "agent")
    for other in (tokens["id_token"], tokens["refresh_token"], await held(browser, resource=None)):
        assert error(await exchange(browser, other)) == (400, "invalid_request")
    await gateway.context.pool.execute(
        "UPDATE client SET grant_types = grant_types || 'client_credentials'::text WHERE client_id = 'pushing'"
    )
    own = await browser.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers=browser.proof_of("pushing")
    )
    assert error(await exchange(browser, own.json()["access_token"])) == (400, "invalid_request")


async def test_who_is_not_registered_for_it_exchanges_nothing(browser: Any):
    subject = await held(browser)
    form = {"grant_type": GRANT, "subject_token": subject, "subject_token_type": ACCESS_TOKEN, "client_id": "web"}
    assert error(await browser.post("/oauth/token", data=form)) == (400, "unauthorized_client")
    assert error(await exchange(browser, subject, "hall")) == (400, "invalid_request")


async def test_a_client_narrows_its_own_token(browser: Any):
    asked = browser.asked("pushing", scope="openid intake:read catalog:read")
    page = await browser.fill_in(
        await browser.follow(await browser.ask_pushed(await browser.push(asked), "pushing")),
        username="citizen",
        password="碧海-金沙-2026",
    )
    tokens = (await browser.redeem(asked, browser.answer(page)["code"], browser.proof_of("pushing"))).json()
    narrowed = await exchange(browser, tokens["access_token"])
    assert narrowed.status_code == 200, narrowed.text
    assert read(narrowed.json()["access_token"])["scope"] == "intake:read"


async def test_a_token_that_is_bound_to_a_key_becomes_no_bearer_token(
    browser: Any, key_holder: Any, new_key_holder: Any
):
    asked = browser.asked(resource=PUSHING)
    redeemed = await browser.redeem(asked, await browser.code(asked, "agent"), key_holder.headers())
    subject = redeemed.json()["access_token"]
    assert error(await exchange(browser, subject)) == (400, "invalid_request")
    system = new_key_holder()
    bound = (await exchange(browser, subject, headers=system.headers())).json()
    assert bound["token_type"] == "DPoP"
    assert read(bound["access_token"])["cnf"] == {"jkt": system.thumbprint}
