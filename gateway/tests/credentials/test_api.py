"""Applications of our own change what protects an account as the pages do."""

from base64 import b32decode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

API = "/api/gateway/v1"
PASSWORD = "碧海-金沙-2026"
NEW = "山海关的老龙头真好看"


@pytest.fixture
def call(browser: Any) -> Callable[..., Any]:
    """Return a function that calls the API as the citizen, who signed in at the first call."""
    held: dict[str, str] = {}

    async def call(method: str, path: str, **content: str) -> httpx.Response:
        if not held:
            held["Authorization"] = f"Bearer {(await browser.tokens(browser.asked()))['access_token']}"
        headers = {**held, "Idempotency-Key": str(uuid4())}
        response: httpx.Response = await browser.request(method, API + path, json=content or None, headers=headers)
        return response

    return call


async def test_an_authenticator_is_set_up_and_removed(call: Any, clock: Any):
    begun = (await call("POST", "/authenticator")).json()
    assert begun["address"].startswith("otpauth://totp/")
    totp = TOTP(b32decode(begun["secret"].replace(" ", "")), 6, SHA1(), 30)  # noqa: S303 - what apps know
    wrong = await call("POST", "/authenticator/confirmation", code="000000x")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    shown = totp.generate(int(clock().timestamp())).decode()
    codes = (await call("POST", "/authenticator/confirmation", code=shown)).json()["codes"]
    known = (await call("GET", "/second-factors")).json()
    assert (known["authenticator_since"] is not None, known["recovery_codes"]) == (True, 10)
    assert not set(codes) & set((await call("POST", "/recovery-codes")).json()["codes"])
    assert (await call("POST", "/authenticator")).json()["type"] == "/problems/authenticator-exists"
    assert (await call("DELETE", "/authenticator")).status_code == 204
    assert (await call("DELETE", "/authenticator")).status_code == 404
    assert (await call("POST", "/recovery-codes")).status_code == 404


async def test_a_password_is_changed(call: Any, browser: Any):
    wrong = await call("PUT", "/password", old="falsch", password=NEW)
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/wrong-credentials")
    easy = await call("PUT", "/password", old=PASSWORD, password="12345678")
    assert (easy.status_code, easy.json()["errors"][0]["pointer"]) == (422, "/password")
    assert (await call("PUT", "/password", old=PASSWORD, password=NEW)).status_code == 204
    assert (await call("GET", "/second-factors")).status_code == 200
    assert (await browser.sign_in(browser.asked(prompt="login"))).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/authenticator"),
        ("DELETE", "/authenticator"),
        ("POST", "/recovery-codes"),
        ("DELETE", "/passkeys/0190a5f0-0000-7000-8000-000000000005"),
    ],
)
async def test_an_old_sign_in_changes_nothing_and_the_client_is_told_what_to_ask_for(
    browser: Any, clock: Any, method: str, path: str
):
    await browser.sign_in(browser.asked())
    clock.pass_(minutes=11)
    asked = browser.asked()
    fresh = (await browser.redeem(asked, browser.answer(await browser.ask(asked))["code"])).json()
    refused = await browser.request(
        method,
        API + path,
        headers={"Authorization": f"Bearer {fresh['access_token']}", "Idempotency-Key": str(uuid4())},
    )
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/sign-in-too-old")
    assert 'error="insufficient_user_authentication", max_age="600"' in refused.headers["www-authenticate"]


async def test_somebody_elses_passkey_is_not_found(call: Any):
    path = "/passkeys/0190a5f0-0000-7000-8000-000000000005"
    assert (await call("DELETE", path)).status_code == 404
    assert (await call("PATCH", path, name="x")).status_code == 404


async def test_nobody_asks_for_others(browser: Any):
    assert (await browser.get(f"{API}/second-factors")).status_code == 401
