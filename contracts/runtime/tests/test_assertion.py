"""Services believe the gateway's assertion for themselves, within its minute, and nothing else."""

import base64
import json
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from onestop_runtime.assertion import AssertionVerifier, InvalidAssertion, claims_of, load_signing_key, make_assertion
from onestop_runtime.caller import ANONYMOUS, Caller, Party

KEY = OKPKey.generate_key("Ed25519", {"kid": "gateway-1", "use": "sig"})
CLERK = Caller(
    sub=uuid4(),
    kind="staff",
    acr="2",
    agency="11130371037107039Y",
    region="130371",
    hall="130371-H01",
    client="hall",
    channel="hall",
    given_roles=frozenset({"window_clerk"}),
)
AGENT = Caller(
    sub=uuid4(),
    kind="natural",
    act=Party(uuid4(), "91130371MA7001010P", "秦皇岛开发区山海食品有限公司"),
    mandate=uuid4(),
    client="web",
)


def verifier(key: OKPKey = KEY, audience: str = "svc-intake") -> AssertionVerifier:
    return AssertionVerifier(KeySet([OKPKey.import_key(key.as_dict(private=False))]), audience)


@pytest.mark.parametrize("caller", [CLERK, AGENT], ids=["clerk", "agent"])
def test_what_the_gateway_states_is_what_the_service_learns(caller: Caller):
    token = make_assertion(caller, KEY, issuer="onestop-gateway", audience="svc-intake")
    checks = verifier()
    assert checks.verify(token) == caller
    assert checks.verify(token) == caller


def test_the_signing_key_is_read_from_a_file_with_a_jwk(tmp_path: Path):
    file = tmp_path / "key.json"
    file.write_text(json.dumps(KEY.as_dict(private=True)))
    token = make_assertion(CLERK, load_signing_key(file), issuer="onestop-gateway", audience="svc-intake")
    assert verifier().verify(token) == CLERK


def test_no_assertion_is_the_anonymous_caller():
    assert verifier().verify(None) is ANONYMOUS


def test_an_assertion_for_another_service_is_refused():
    token = make_assertion(CLERK, KEY, issuer="onestop-gateway", audience="svc-credit")
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


def test_an_assertion_of_an_unknown_key_is_refused():
    stranger = OKPKey.generate_key("Ed25519", {"kid": "gateway-1", "use": "sig"})
    with pytest.raises(InvalidAssertion):
        verifier().verify(make_assertion(CLERK, stranger, issuer="onestop-gateway", audience="svc-intake"))


def test_an_expired_assertion_is_refused():
    claims = claims_of(CLERK) | {"aud": "svc-intake", "iat": 1, "exp": 61}
    token = jwt.encode({"alg": "Ed25519", "kid": "gateway-1"}, claims, KEY, algorithms=["Ed25519"])
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


def test_an_unsigned_assertion_is_refused():
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = claims_of(CLERK) | {"aud": "svc-intake", "exp": 4_000_000_000}
    with pytest.raises(InvalidAssertion):
        verifier().verify(f"{part({'alg': 'none'})}.{part(claims)}.")


def test_a_symmetric_signature_made_of_the_public_key_is_refused():
    public = json.dumps(KEY.as_dict(private=False)).encode()
    claims = claims_of(CLERK) | {"aud": "svc-intake", "exp": 4_000_000_000}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public), algorithms=["HS256"])
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


def test_roles_carry_the_kind_and_the_mandate():
    assert CLERK.roles == {"staff", "window_clerk"}
    assert AGENT.roles == {"natural", "agent"}
    assert AGENT.party == AGENT.act.id if AGENT.act else False
