"""Passkeys, with an authenticator in software that keeps to WebAuthn, or breaks it where a test says so."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ISSUER = "http://gateway.test"
SECURITY = "/account/security"
PASSKEYS = f"{SECURITY}/passkeys"
USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Device:
    """A phone or security key that makes one passkey and signs with it.

    Attributes:
        origin: where its browser believes to be.
        flags: what it says of its owner: present, verified.
    """

    origin: str = ISSUER
    flags: int = USER_PRESENT | USER_VERIFIED
    count: int = 0
    credential_id: bytes = b"credential-0123456789"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: bytes = b""

    def make(self, options: dict[str, Any]) -> str:
        """Return what the browser sends for `navigator.credentials.create`."""
        self.user = base64url_to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        return self._answer(
            {
                "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
                "attestationObject": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
            }
        )

    def sign(self, options: dict[str, Any]) -> str:
        """Return what the browser sends for `navigator.credentials.get`."""
        self.count += 1 if self.count else 0
        data = self._data(options["rpId"])
        told = self._client_data("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": told, "authenticatorData": data, "signature": signature, "userHandle": self.user}
        )

    def _data(self, host: str, more: int = 0) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        name = bytes_to_base64url(self.credential_id)
        told = {key: bytes_to_base64url(value) for key, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": told})


async def options(browser: Any, page: httpx.Response, path: str, action: str) -> dict[str, Any]:
    answer = await browser.post(path, data=browser.hidden(page, action))
    assert answer.headers["content-type"] == "application/json"
    content: dict[str, Any] = answer.json()
    return content


async def add(browser: Any, device: Device, name: str = "我的手机") -> httpx.Response:
    """Add a passkey to the account of who is signed in."""
    page = await browser.get(SECURITY)
    asked = await options(browser, page, f"{PASSKEYS}/options", PASSKEYS)
    response: httpx.Response = await browser.fill_in(page, PASSKEYS, credential=device.make(asked), name=name)
    return response


async def enter(browser: Any, device: Device, **asked: str) -> httpx.Response:
    """Sign in with a passkey from the page with the sign-in form."""
    page = await browser.follow(await browser.ask(browser.asked(prompt="login", **asked)))
    told = await options(browser, page, "/sign-in/passkey/options", "/sign-in/passkey")
    response: httpx.Response = await browser.fill_in(page, "/sign-in/passkey", credential=device.sign(told))
    return response


@pytest.fixture
async def device(browser: Any) -> Device:
    """Return a device whose passkey the citizen has added."""
    await browser.sign_in(browser.asked())
    device = Device()
    added = await add(browser, device)
    assert "恢复码" in added.text
    return device


async def test_a_passkey_signs_in_without_password_and_counts_for_two_factors(
    gateway: Any, open_browser: Callable[[], Any], device: Device
):
    other = open_browser()
    assert other.answer(await enter(other, device))["code"]
    row = await gateway.context.pool.fetchrow("SELECT methods FROM session ORDER BY id DESC LIMIT 1")
    assert row["methods"] == ["hwk", "user", "mfa"]


async def test_who_has_a_passkey_is_asked_for_it_after_the_password(open_browser: Callable[[], Any], device: Device):
    other = open_browser()
    page = await other.follow(await other.sign_in(other.asked()))
    assert "第二步验证" in page.text
    told = await options(other, page, "/sign-in/passkey/options", "/sign-in/passkey")
    assert other.answer(await other.fill_in(page, "/sign-in/passkey", credential=device.sign(told)))["code"]


async def test_a_challenge_is_signed_once(open_browser: Callable[[], Any], device: Device):
    other = open_browser()
    page = await other.get("/sign-in")
    told = await options(other, page, "/sign-in/passkey/options", "/sign-in/passkey")
    signed = device.sign(told)
    assert (await other.fill_in(page, "/sign-in/passkey", credential=signed)).status_code == 303
    other.cookies.delete("onestop-session")
    assert (await other.fill_in(page, "/sign-in/passkey", credential=signed)).status_code == 422


async def test_a_challenge_of_another_browser_is_refused(open_browser: Callable[[], Any], device: Device):
    victim, thief = open_browser(), open_browser()
    page = await victim.get("/sign-in")
    signed = device.sign(await options(victim, page, "/sign-in/passkey/options", "/sign-in/passkey"))
    stolen = await thief.get("/sign-in")
    assert (await thief.fill_in(stolen, "/sign-in/passkey", credential=signed)).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://gateway-test.evil"},
        {"flags": USER_PRESENT},
        {"flags": USER_VERIFIED},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"user": b"somebody-else"},
        {"credential_id": b"unknown"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_was_not_signed_by_the_key_for_us_before_its_owner_is_refused(
    open_browser: Callable[[], Any], device: Device, change: dict[str, Any]
):
    for name, value in change.items():
        setattr(device, name, value)
    refused = await enter(open_browser(), device)
    assert refused.status_code == 422
    assert "通行密钥" in refused.text


async def test_a_copied_key_that_counts_backwards_is_refused(open_browser: Callable[[], Any], device: Device):
    device.count = 7
    other = open_browser()
    assert (await enter(other, device)).status_code == 303
    assert (await enter(open_browser(), device)).status_code == 303
    device.count = 5
    assert (await enter(open_browser(), device)).status_code == 422


@pytest.mark.parametrize("credential", ["", "{}", "null", "[1]", '{"rawId": 1}', "x" * 40_000, '{"rawId":"é"}'])
async def test_what_is_no_credential_is_refused(browser: Any, credential: str):
    page = await browser.get("/sign-in")
    await options(browser, page, "/sign-in/passkey/options", "/sign-in/passkey")
    assert (await browser.fill_in(page, "/sign-in/passkey", credential=credential)).status_code == 422
    await browser.sign_in(browser.asked())
    page = await browser.get(SECURITY)
    await options(browser, page, f"{PASSKEYS}/options", PASSKEYS)
    assert (await browser.fill_in(page, PASSKEYS, credential=credential or "?")).status_code == 422


@pytest.mark.parametrize("change", [{"origin": "https://evil.test"}, {"flags": USER_PRESENT}])
async def test_a_passkey_that_was_not_made_for_us_is_not_kept(browser: Any, gateway: Any, change: dict[str, Any]):
    await browser.sign_in(browser.asked())
    assert (await add(browser, Device(**change))).status_code == 422
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM passkey") == 0


async def test_a_key_of_a_password_manager_says_so(gateway: Any, browser: Any, open_browser: Callable[[], Any]):
    await browser.sign_in(browser.asked())
    device = Device(flags=USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP)
    await add(browser, device)
    await enter(open_browser(), device)
    row = await gateway.context.pool.fetchrow("SELECT methods FROM session ORDER BY id DESC LIMIT 1")
    assert row["methods"] == ["swk", "user", "mfa"]


async def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(
    gateway: Any, browser: Any, open_browser: Callable[[], Any], device: Device
):
    shown = await browser.get(SECURITY)
    assert 'value="我的手机"' in shown.text
    mine = re.search(r'name="passkey" value="([^"]+)"', shown.text)
    assert mine
    stranger = open_browser()
    await stranger.sign_in(stranger.asked(), "agent")
    foreign = {"csrf": stranger.hidden(await stranger.get(SECURITY), PASSKEYS)["csrf"], "passkey": mine[1]}
    for decision in ("rename", "remove"):
        refused = await stranger.post(PASSKEYS, data={**foreign, "decision": decision, "name": "偷"})
        assert refused.status_code == 404
    await browser.fill_in(shown, PASSKEYS, decision="rename", name="办公室  的钥匙")
    assert 'value="办公室 的钥匙"' in (await browser.get(SECURITY)).text
    await browser.fill_in(shown, PASSKEYS, decision="remove")
    assert (await enter(open_browser(), device)).status_code == 422
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM recovery_code") == 0


async def test_a_device_that_has_a_passkey_of_the_account_is_told_so(browser: Any, device: Device):
    page = await browser.get(SECURITY)
    asked = await options(browser, page, f"{PASSKEYS}/options", PASSKEYS)
    assert [it["id"] for it in asked["excludeCredentials"]] == [bytes_to_base64url(device.credential_id)]
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["rp"]["id"] == "gateway.test"
