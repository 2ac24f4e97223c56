"""One kind of proof passed off as another: codes, tokens, hints, assertions and proofs open only their own door."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Loot:
    """Everything that somebody may have got hold of, by kind."""

    code: str
    access: str
    identity: str
    refresh: str
    assertion: str
    proof: str
    pushed: str
    logout: str

    def but(self, *names: str) -> list[str]:
        """Return all of it except for what belongs here."""
        return [value for name, value in vars(self).items() if name not in names]


def assertion(clock: Callable[[], Any], key: ECKey, **changes: Any) -> str:
    now = int(clock().timestamp())
    claims = {"iss": "department", "sub": "department", "aud": "http://gateway.test", "iat": now, "exp": now + 60}
    header = {"alg": "ES256", "kid": key.kid} | changes.pop("header", {})
    return jwt.encode(header, claims | {"jti": str(uuid4())} | changes, key, algorithms=["ES256"])


@pytest.fixture
async def loot(browser: Any, gateway: Any, clock: Any, department_key: ECKey, key_holder: Any) -> Loot:
    asked = browser.asked()
    tokens = await browser.tokens(asked)
    unused = browser.answer(await browser.ask(browser.asked()))["code"]
    pushed = await browser.push(browser.asked())
    about = gateway.context.state.id_tokens.read_hint(tokens["id_token"])
    return Loot(
        code=unused,
        access=tokens["access_token"],
        identity=tokens["id_token"],
        refresh=tokens["refresh_token"],
        assertion=assertion(clock, department_key),
        proof=key_holder.proof(),
        pushed=pushed.json()["request_uri"],
        logout=gateway.context.state.id_tokens.logout_token("web", about.subject, about.session_id),
    )


async def test_only_a_code_is_redeemed_and_only_a_refresh_token_refreshes(browser: Any, loot: Loot):
    for other in loot.but("code"):
        assert (await browser.redeem(browser.asked(), other)).json()["error"] == "invalid_grant"
    for other in loot.but("refresh"):
        assert (await browser.refresh(other)).json()["error"] == "invalid_grant"
    assert (await browser.refresh(loot.refresh)).status_code == 200


async def test_only_an_access_token_opens_anything(browser: Any, loot: Loot):
    for other in loot.but("access"):
        for scheme in ("Bearer", "DPoP", "Basic"):
            headers = {"Authorization": f"{scheme} {other}"}
            assert (await browser.get("/oauth/userinfo", headers=headers)).status_code == 401
            assert (await browser.get("/api/gateway/v1/me", headers=headers)).status_code == 401
    assert (await browser.userinfo(loot.access)).status_code == 200


async def test_only_an_assertion_proves_a_client(browser: Any, loot: Loot):
    for other in loot.but("assertion"):
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": other}
        for more in ({}, {"client_id": "department"}):
            refused = await browser.post("/oauth/token", data=form | more)
            assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_only_a_proof_binds_a_token(browser: Any, loot: Loot):
    asked = browser.asked(prompt="login")
    code = await browser.code(asked)
    for other in loot.but("proof", "pushed"):
        refused = await browser.redeem(asked, code, {"DPoP": other})
        assert refused.json()["error"] == "invalid_dpop_proof"
    assert (await browser.redeem(asked, code)).status_code == 200


async def test_only_an_id_token_is_a_hint(browser: Any, loot: Loot):
    for other in loot.but("identity"):
        refused = await browser.get("/oauth/end-session", params={"id_token_hint": other})
        assert refused.status_code == 400
        asked = browser.asked(id_token_hint=other)
        assert browser.answer(await browser.ask(asked))["error"] == "invalid_request"


async def test_what_is_asked_about_is_a_token_of_the_client_or_nothing(browser: Any, loot: Loot):
    for value in loot.but():
        told = await browser.post("/oauth/introspect", data={"token": value}, headers=browser.proof_of("hall"))
        assert told.json() == {"active": False}
        revoked = await browser.post("/oauth/revoke", data={"token": value}, headers=browser.proof_of("hall"))
        assert (revoked.status_code, revoked.json()) == (200, {})
    assert (await browser.userinfo(loot.access)).status_code == 200
    assert (await browser.refresh(loot.refresh)).status_code == 200


def encoded(part: Any) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def forgeries(token: str, public: dict[str, Any]) -> list[str]:
    """Return a token of ours as others write it: unsigned, or signed by our public key as a secret, or by their key."""
    payload = token.split(".")[1]
    header = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))
    own = ECKey.generate_key("P-256")
    made = [f"{encoded(header | {'alg': algorithm})}.{payload}." for algorithm in ("none", "None", "NONE", "")]
    for secret in (json.dumps(public).encode(), ECKey.import_key(public).as_pem(private=False)):
        signed = f"{encoded(header | {'alg': 'HS256'})}.{payload}"
        made.append(f"{signed}.{encoded(hmac.digest(secret, signed.encode(), sha256))}")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    brought = ({"jwk": own.as_dict(private=False)}, {"kid": own.thumbprint()}, {"x5u": "https://evil.test/x"})
    made += [jwt.encode(header | more, claims, own, algorithms=["ES256"]) for more in brought]
    return [*made, token[:-2] + ("AA" if not token.endswith("AA") else "BB"), token + "A"]


async def test_a_forged_token_is_no_token_and_a_forged_hint_no_hint(browser: Any, loot: Loot, gateway: Any):
    for token in (loot.access, loot.identity):
        kid = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
        public = next(key for key in gateway.context.state.ring.jwks()["keys"] if key["kid"] == kid)
        for forged in forgeries(token, public):
            assert (await browser.userinfo(forged)).status_code == 401
            assert (await browser.get("/oauth/end-session", params={"id_token_hint": forged})).status_code == 400
            told = await browser.post("/oauth/introspect", data={"token": forged}, headers=browser.proof_of("hall"))
            assert told.json() == {"active": False}


async def test_a_token_is_not_believed_by_the_key_of_another_algorithm(browser: Any, loot: Loot, gateway: Any):
    keys = KeySet.import_key_set(gateway.context.state.ring.jwks())
    assert {key.get("alg") for key in keys} == {"ES256", "RS256"}
    other = next(key.kid for key in keys if key.get("alg") == "RS256")
    header, payload, signature = loot.access.split(".")
    read = json.loads(base64.urlsafe_b64decode(header + "=="))
    for changed in (read | {"kid": other}, read | {"kid": other, "alg": "RS256"}, read | {"alg": "RS256"}):
        assert (await browser.userinfo(f"{encoded(changed)}.{payload}.{signature}")).status_code == 401
