"""The registry of clients: who may read and extend it, and what it takes."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey, OctKey

PATH = "/api/gateway/v1/clients"
SECRET = "kZ3vQ8mT1xW6bN0rY5uJ2cH7fL4pS9dA"
KEY = ECKey.generate_key("P-256")


def archive(**changes: Any) -> dict[str, Any]:
    return {
        "client_id": "archive",
        "name": "档案管理系统",
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": SECRET,
        "redirect_uris": ["https://archive.test/callback"],
        **changes,
    }


async def register(browser: Any, headers: dict[str, str], new: dict[str, Any], key: str | None = None) -> Any:
    return await browser.post(PATH, json=new, headers=headers | {"Idempotency-Key": key or str(uuid4())})


async def test_an_administrator_registers_a_client_and_it_is_let_in(browser: Any, gateway: Any):
    admin = await browser.bearer("admin")
    registered = await register(browser, admin, archive(pkce_optional=True))
    assert registered.status_code == 201, registered.text
    shown = registered.json()
    assert (shown["client_id"], shown["state"], shown["pkce_optional"]) == ("archive", "active", True)
    assert SECRET not in registered.text
    pushed = browser.asked("archive", code_challenge=None, code_challenge_method=None).parameters
    accepted = await browser.post("/oauth/par", data=pushed, auth=("archive", SECRET))
    assert accepted.status_code == 201
    audit = await gateway.context.pool.fetchrow(
        "SELECT actor, actor_kind, detail FROM audit WHERE verb = 'client.registered' ORDER BY id DESC LIMIT 1"
    )
    assert (audit["actor_kind"], audit["detail"]) == ("staff", {"client": "archive", "changes": {}})
    assert audit["actor"] is not None


async def test_the_registry_is_read_page_by_page(browser: Any, seed: dict[str, Any]):
    admin = await browser.bearer("admin")
    names: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = (await browser.get(PATH, params={"limit": 3, **cursor}, headers=admin)).json()
        names += [it["client_id"] for it in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(names) == sorted(it["client_id"] for it in seed["clients"])
    whole = (await browser.get(PATH, params={"limit": 100}, headers=admin)).text
    assert "hash" not in whole
    shown = {it["client_id"]: it for it in (await browser.get(PATH, headers=admin)).json()["items"]}
    assert [name for name, it in shown.items() if it["pkce_optional"]] == ["old"]
    assert [name for name, it in shown.items() if it["require_pushed_authorization_requests"]] == ["pushing"]
    assert (await browser.get(PATH, params={"cursor": "x"}, headers=admin)).status_code == 400


async def test_nobody_else_reads_or_extends_it(browser: Any):
    for username in ("citizen", "reviewer"):
        headers = await browser.bearer(username)
        assert (await browser.get(PATH, headers=headers)).json()["type"] == "/problems/not-permitted"
        refused = await register(browser, headers, archive())
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")
    assert (await browser.get(PATH)).status_code == 401
    assert (await register(browser, {}, archive())).status_code == 401


async def test_an_administrator_who_is_not_known_by_his_real_name_is_asked_for_more(browser: Any):
    weak = await browser.bearer("weak_admin")
    assert (await browser.get(PATH, headers=weak)).status_code == 200
    refused = await register(browser, weak, archive())
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/insufficient-user-authentication")
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="2"'
    assert refused.headers["www-authenticate"] == challenge


async def test_of_ten_registrations_of_one_name_at_once_one_counts(browser: Any):
    admin = await browser.bearer("admin")
    answers = await asyncio.gather(*(register(browser, admin, archive()) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {"/problems/client-exists"}


async def test_a_repeat_under_the_same_key_gets_the_first_answer(browser: Any):
    admin = await browser.bearer("admin")
    first, second = [await register(browser, admin, archive(), "one-key") for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"client_secret": None}, "invalid-client-metadata"),
        ({"client_secret": "short"}, "invalid-client-metadata"),
        ({"token_endpoint_auth_method": "none"}, "invalid-client-metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid-client-metadata"),
        ({"jwks": {"keys": [KEY.as_dict(private=False)]}}, "invalid-client-metadata"),
        ({"redirect_uris": ["https://*.evil.test/"]}, "invalid-client-metadata"),
        ({"grant_types": ["password"]}, "invalid-client-metadata"),
        ({"scopes": ["everything"]}, "invalid-client-metadata"),
        ({"resources": ["x"]}, "invalid-client-metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid-fields"),
        ({"client_id": "a b"}, "invalid-fields"),
        ({"state": "suspended"}, "invalid-fields"),
        ({"name": ""}, "invalid-fields"),
    ],
)
async def test_what_cannot_be_registered_is_refused_with_its_reason(
    browser: Any, changes: dict[str, Any], problem: str
):
    admin = await browser.bearer("admin")
    refused = await register(browser, admin, archive(**changes))
    assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{problem}")


@pytest.mark.parametrize(
    "keys",
    [[], [KEY.as_dict(private=True)], [OctKey.generate_key(256).as_dict(private=True)], ["x"], [{"kty": "EC"}], "x"],
)
async def test_only_public_keys_are_registered(browser: Any, keys: Any):
    admin = await browser.bearer("admin")
    new = archive(token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": keys})
    refused = await register(browser, admin, new)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-client-metadata")
    sound = new | {"jwks": {"keys": [KEY.as_dict(private=False)]}}
    assert (await register(browser, admin, sound)).status_code == 201
