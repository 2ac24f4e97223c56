"""ID tokens are signed by what their client is registered for, and believed by no other algorithm."""

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry

CLIENTS = [("hall", "ES256"), ("old", "RS256")]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def tokens_of(browser: Any, client_id: str) -> dict[str, Any]:
    asked = browser.asked(client_id, prompt="login")
    tokens: dict[str, Any] = (
        await browser.redeem(asked, await browser.code(asked), browser.proof_of(client_id))
    ).json()
    return tokens


async def published(browser: Any) -> KeySet:
    return KeySet.import_key_set((await browser.get("/oauth/jwks")).json())


def headers(token: str) -> dict[str, Any]:
    return jws.extract_compact(token.encode()).headers()


@pytest.mark.parametrize(("client_id", "algorithm"), CLIENTS)
async def test_a_client_gets_what_it_is_registered_for(browser: Any, client_id: str, algorithm: str):
    """OpenID Connect Core, 2, 3.1.3.6 and 15.1; an access token is ours to read and stays as it is."""
    tokens = await tokens_of(browser, client_id)
    again = await browser.refresh(tokens["refresh_token"], client_id, browser.proof_of(client_id))
    for answer in (tokens, again.json()):
        claims = jwt.decode(answer["id_token"], await published(browser), algorithms=[algorithm]).claims
        half = sha256(answer["access_token"].encode()).digest()[:16]
        assert claims["at_hash"] == encoded(half)
        assert claims["aud"] == client_id
        assert headers(answer["access_token"])["alg"] == "ES256"


async def test_the_key_set_has_one_key_for_each_algorithm_and_says_which(browser: Any):
    """The keys of the conformance plan: `kid` once, `use`, `alg`, nothing private, RSA of 2048 bits or more."""
    keys = (await browser.get("/oauth/jwks")).json()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [("EC", "ES256", "sig"), ("RSA", "RS256", "sig")]
    assert len({key["kid"] for key in keys}) == 2
    assert all({"d", "p", "q", "dp", "dq", "qi", "k"}.isdisjoint(key) for key in keys)
    modulus = base64.urlsafe_b64decode(keys[1]["n"] + "==")
    assert int.from_bytes(modulus).bit_length() >= 2048
    told = (await browser.get("/.well-known/openid-configuration")).json()
    assert told["id_token_signing_alg_values_supported"] == [key["alg"] for key in keys]


@pytest.mark.parametrize(("client_id", "_"), CLIENTS)
async def test_a_hint_is_recognised_whatever_it_is_signed_by(browser: Any, client_id: str, _: str):
    hint = (await tokens_of(browser, client_id))["id_token"]
    told = browser.answer(await browser.ask(browser.asked(client_id, prompt="none", id_token_hint=hint)))
    assert "code" in told


@pytest.mark.parametrize(
    ("algorithm", "named"),
    [
        ("RS256", "ES256"),
        ("RS256", None),
        ("PS256", "RS256"),
        ("HS256", "RS256"),
        ("HS256", "ES256"),
        ("none", "RS256"),
    ],
)
async def test_no_algorithm_passes_for_another(browser: Any, gateway: Any, algorithm: str, named: str | None):
    signers = gateway.context.state.ring.signers
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": signers[named].kid} if named else {})
    payload = (await tokens_of(browser, "old"))["id_token"].split(".")[1]
    signed = f"{encoded(json.dumps(header).encode())}.{payload}"
    if algorithm == "HS256":
        signature = hmac.digest(signers[named].as_pem(private=False), signed.encode(), "sha256")
    elif algorithm == "none":
        signature = b""
    else:
        bare = RSAKey.import_key(signers["RS256"].as_pem(private=True))
        signature = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm).sign(signed.encode(), bare)
    hint = f"{signed}.{encoded(signature)}"
    told = browser.answer(await browser.ask(browser.asked("old", id_token_hint=hint)))
    assert told["error"] == "invalid_request"


async def test_the_key_for_id_tokens_signs_no_access_token(browser: Any, gateway: Any):
    state = gateway.context.state
    claims = state.access_tokens.read((await tokens_of(browser, "old"))["access_token"])
    key = state.ring.signers["RS256"]
    forged = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=["RS256"])
    assert (await browser.userinfo(forged)).status_code == 401


async def test_the_registry_takes_both_and_no_other(browser: Any):
    admin = await browser.bearer("admin")
    new = {"client_id": "archive", "name": "档案馆", "token_endpoint_auth_method": "none"}
    new |= {"redirect_uris": ["https://archive.test/callback"], "id_token_signed_response_alg": "HS256"}
    path = "/api/gateway/v1/clients"
    refused = await browser.post(path, json=new, headers=admin | {"Idempotency-Key": "1"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/id_token_signed_response_alg"
    new["id_token_signed_response_alg"] = "RS256"
    taken = await browser.post(path, json=new, headers=admin | {"Idempotency-Key": "2"})
    assert (taken.status_code, taken.json()["id_token_signed_response_alg"]) == (201, "RS256")


def test_a_key_is_believed_by_its_own_algorithm_alone():
    """What `read_hint` relies on: the library looks at the `alg` of the key that a token names."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    bare = RSAKey.import_key(key.as_pem(private=True))
    signed = jwt.encode({"alg": "PS256", "kid": key.kid}, {}, bare, algorithms=["PS256"])
    with pytest.raises(JoseError):
        jwt.decode(signed, KeySet([key]), algorithms=["RS256", "PS256"])
