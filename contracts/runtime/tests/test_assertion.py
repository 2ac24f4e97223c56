"""Services believe the gateway's assertion for themselves, within its minute, and nothing else."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from onestop_runtime.assertion import (
    GATEWAY,
    AssertionVerifier,
    InvalidAssertion,
    claims_of,
    load_signing_key,
    make_assertion,
    published,
)
from onestop_runtime.caller import ANONYMOUS, Caller, Party, system

KEY = OKPKey.generate_key("Ed25519", {"kid": "gateway-1", "use": "sig"})
INTAKE = OKPKey.generate_key("Ed25519", {"kid": "intake-1", "use": "sig"})
WORKFLOW = OKPKey.generate_key("Ed25519", {"kid": "workflow-1", "use": "sig"})
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
PROXY = Caller(
    sub=uuid4(),
    kind="staff",
    act=Party(uuid4(), None, "赵**"),
    mandate=uuid4(),
    agency="1113037103710740XG",
    client="web",
    given_roles=frozenset({"township_agent"}),
)
REGISTERED = Caller(
    sub=uuid4(), kind="system", acr="2", agency="11130371037107039Y", client="department", channel="api"
)


def verifier(audience: str = "svc-intake") -> AssertionVerifier:
    keys = [published(KEY, GATEWAY), published(INTAKE, "svc-intake"), published(WORKFLOW, "svc-workflow")]
    return AssertionVerifier(KeySet([OKPKey.import_key(key.as_dict()) for key in keys]), audience)


def signed(caller: Caller, key: OKPKey, issuer: str) -> str:
    return make_assertion(caller, key, issuer=issuer, audience="svc-datashare")


@pytest.mark.parametrize("caller", [CLERK, AGENT, PROXY, REGISTERED], ids=["clerk", "agent", "proxy", "system"])
def test_what_the_gateway_states_is_what_the_service_learns(caller: Caller):
    token = make_assertion(caller, KEY, issuer=GATEWAY, audience="svc-intake")
    checks = verifier()
    assert checks.verify(token) == caller
    assert checks.verify(token) == caller


def test_the_signing_key_is_read_from_a_file_with_a_jwk(tmp_path: Path):
    file = tmp_path / "key.json"
    file.write_text(json.dumps(KEY.as_dict(private=True)))
    token = make_assertion(CLERK, load_signing_key(file), issuer=GATEWAY, audience="svc-intake")
    assert verifier().verify(token) == CLERK


def test_no_assertion_is_the_anonymous_caller():
    assert verifier().verify(None) is ANONYMOUS


def test_an_assertion_for_another_service_is_refused():
    token = make_assertion(CLERK, KEY, issuer=GATEWAY, audience="svc-credit")
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


def test_an_assertion_of_an_unknown_key_is_refused():
    stranger = OKPKey.generate_key("Ed25519", {"kid": "gateway-1", "use": "sig"})
    with pytest.raises(InvalidAssertion):
        verifier().verify(make_assertion(CLERK, stranger, issuer=GATEWAY, audience="svc-intake"))


def test_an_expired_assertion_is_refused():
    claims = claims_of(CLERK) | {"iss": GATEWAY, "aud": "svc-intake", "iat": 1, "exp": 61}
    token = jwt.encode({"alg": "Ed25519", "kid": "gateway-1"}, claims, KEY, algorithms=["Ed25519"])
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


def test_an_unsigned_assertion_is_refused():
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = claims_of(CLERK) | {"iss": GATEWAY, "aud": "svc-intake", "exp": 4_000_000_000}
    with pytest.raises(InvalidAssertion):
        verifier().verify(f"{part({'alg': 'none', 'kid': 'gateway-1'})}.{part(claims)}.")


def test_a_symmetric_signature_made_of_the_public_key_is_refused():
    public = json.dumps(KEY.as_dict(private=False)).encode()
    claims = claims_of(CLERK) | {"iss": GATEWAY, "aud": "svc-intake", "exp": 4_000_000_000}
    token = jwt.encode({"alg": "HS256", "kid": "gateway-1"}, claims, OctKey.import_key(public), algorithms=["HS256"])
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


def test_a_service_states_itself_for_an_agency():
    itself = replace(system("svc-intake"), agency="11130371037107039Y")
    assert verifier("svc-datashare").verify(signed(itself, INTAKE, "svc-intake")) == itself


@pytest.mark.parametrize(
    "caller",
    [
        AGENT,
        CLERK,
        Caller(sub=uuid4(), kind="natural", client="svc-intake", channel="internal"),
        REGISTERED,
        system("svc-workflow"),
        replace(system("svc-intake"), sub=uuid4()),
        replace(system("svc-intake"), given_roles=frozenset({"admin"})),
    ],
    ids=["agent", "clerk", "citizen", "registered system", "another service", "with a subject", "with a role"],
)
def test_a_service_states_nobody_but_itself(caller: Caller):
    with pytest.raises(InvalidAssertion):
        verifier("svc-datashare").verify(signed(caller, INTAKE, "svc-intake"))


@pytest.mark.parametrize(
    ("caller", "key", "issuer"),
    [
        (AGENT, INTAKE, GATEWAY),
        (system("svc-workflow"), INTAKE, "svc-workflow"),
        (system("svc-intake"), KEY, "svc-intake"),
        (system("svc-intake"), INTAKE, GATEWAY),
        (AGENT, KEY, "svc-intake"),
    ],
    ids=[
        "a service as the gateway",
        "a service as another",
        "the gateway as a service",
        "itself in the gateway's name",
        "a person in a service's name",
    ],
)
def test_a_key_signs_for_its_own_issuer_only(caller: Caller, key: OKPKey, issuer: str):
    with pytest.raises(InvalidAssertion):
        verifier("svc-datashare").verify(signed(caller, key, issuer))


def test_no_registered_system_passes_for_a_service():
    with pytest.raises(InvalidAssertion):
        verifier("svc-datashare").verify(signed(replace(REGISTERED, client="svc-intake"), KEY, GATEWAY))


@pytest.mark.parametrize("left_out", ["iss", "kid"])
def test_an_assertion_says_whose_it_is_and_by_which_key(left_out: str):
    claims = claims_of(CLERK) | {"iss": GATEWAY, "aud": "svc-intake", "exp": 4_000_000_000}
    header = {"alg": "Ed25519", "kid": "gateway-1"}
    claims.pop(left_out, None)
    header.pop(left_out, None)
    token = jwt.encode(header, claims, KEY, algorithms=["Ed25519"])
    with pytest.raises(InvalidAssertion):
        verifier().verify(token)


@pytest.mark.parametrize(
    "keys",
    [
        [OKPKey.import_key(KEY.as_dict(private=False))],
        [published(KEY, GATEWAY), published(KEY, "svc-intake")],
    ],
    ids=["bound to nobody", "bound to two"],
)
def test_a_key_that_is_not_bound_to_one_issuer_stops_the_start(keys: list[OKPKey]):
    with pytest.raises(ValueError, match="iss"):
        AssertionVerifier(KeySet(list(keys)), "svc-intake")


def test_roles_carry_the_kind_and_the_mandate():
    assert CLERK.roles == {"staff", "window_clerk"}
    assert AGENT.roles == {"natural", "agent"}
    assert AGENT.party == AGENT.act.id if AGENT.act else False
