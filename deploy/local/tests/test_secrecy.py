"""The secrets of a stack: random, kept, private."""

import json
import re
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from onestop_legal.identity_number import IdentityNumber
from onestop_local.clients import CLIENTS
from onestop_local.environment import Addresses, environment, preparing
from onestop_local.people import COMPANIES, PEOPLE
from onestop_local.secrecy import Secrets, password
from onestop_local.stack import Home
from onestop_local.workspace import SERVICES
from onestop_runtime.assertion import AssertionVerifier, InvalidAssertion, load_signing_key, make_assertion
from onestop_runtime.caller import Caller, system

ADDRESSES = Addresses(
    ports={name: 10_000 + number for number, name in enumerate(("gateway", *SERVICES))},
    dsns={name: f"postgresql://{name}@127.0.0.1/{name}" for name in ("gateway", *SERVICES)},
    kafka="127.0.0.1:9092",
)
KEYS = (
    *("citizen", "citizen_2", "agent", "agent_2", "window_clerk", "reviewer", "inspector", "inspector_2"),
    *("approver", "head", "catalog_editor", "catalog_publisher", "data_steward", "supervisor"),
    *("township_agent", "operator", "admin", "representative", "representative_2"),
)


def test_two_stacks_share_no_secret(tmp_path: Path):
    one, other = Secrets(tmp_path / "one"), Secrets(tmp_path / "other")
    assert one.person_password("agent") != other.person_password("agent")
    assert one.database_password("intake") != other.database_password("intake")
    assert one.client_credentials("hall") != other.client_credentials("hall")
    assert one.key_file("field-intake").read_text() != other.key_file("field-intake").read_text()


def test_a_stack_keeps_its_secrets_over_a_restart(tmp_path: Path):
    before = {file.name: file.read_text() for file in Secrets(tmp_path).seed_file.parent.iterdir()}
    after = {file.name: file.read_text() for file in Secrets(tmp_path).seed_file.parent.iterdir()}
    assert before == after


def test_a_newer_version_adds_what_it_needs_and_changes_nothing(tmp_path: Path):
    password_before = Secrets(tmp_path).person_password("agent")
    known = json.loads((tmp_path / "secrets.json").read_text())
    del known["people"]["citizen"], known["clients"]["hall"]
    (tmp_path / "secrets.json").write_text(json.dumps(known))
    after = Secrets(tmp_path)
    assert after.person_password("agent") == password_before
    assert after.person_password("citizen")
    assert after.client_credentials("hall")["client_secret"]


def test_only_the_owner_can_read_what_is_secret(tmp_path: Path):
    folder = tmp_path / "secrets"
    Secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_passwords_can_be_typed():
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password())


def test_the_public_keys_hold_no_private_part(tmp_path: Path):
    keys = json.loads(Secrets(tmp_path).key_file("assertion-keys").read_text())["keys"]
    assert {key["kid"] for key in keys} == {"onestop-gateway", "svc-intake", "svc-workflow"}
    assert all("d" not in key for key in keys)
    seed = json.loads(Secrets(tmp_path).seed_file.read_text())
    (department,) = (client for client in seed["clients"] if client["client_id"] == "onestop-department")
    assert "d" not in department["jwks"]["keys"][0]


def test_everybody_of_the_whole_case_is_there():
    assert tuple(person.key for person in PEOPLE) == KEYS
    assert [client.key for client in CLIENTS] == ["web", "web_2", "mobile", "hall", "department"]


def test_identity_numbers_are_valid_and_all_different():
    numbers = [IdentityNumber.parse(person.identity_number) for person in PEOPLE]
    assert len(set(numbers)) == len(PEOPLE)
    assert len({person.phone for person in PEOPLE}) == len(PEOPLE)


def test_the_seed_ties_agents_to_their_companies(tmp_path: Path):
    seed = json.loads(Secrets(tmp_path).seed_file.read_text())
    people = {person["key"]: person for person in seed["people"]}
    companies = {company["id"]: company["credit_code"] for company in seed["companies"]}
    (mandate,) = people["agent"]["mandates"]
    assert companies[mandate["legal_person_id"]] == "91130371MA7001010P"
    assert set(companies.values()) == {company.credit_code for company in COMPANIES}
    assert {company["representative"]["username"] for company in seed["companies"]} == {
        "representative",
        "representative_2",
    }
    assert people["citizen"]["appointment"] is None
    assert people["window_clerk"]["appointment"]["hall"] == "130371-H01"


def test_a_process_is_told_nobody_elses_secrets(tmp_path: Path):
    secrets, home = Secrets(tmp_path / "secrets"), Home("default", tmp_path)
    for service in ("gateway", *SERVICES):
        told = environment(service, home, ADDRESSES, secrets)
        ours = {name: value for name, value in told.items() if name.startswith("ONESTOP_")}
        others = [f"//{other}@" for other in ("gateway", *SERVICES) if other != service]
        assert not any(other in value for value in ours.values() for other in others)
        assert "ONESTOP_SEED_FILE" not in ours  # it holds everybody's passwords
        signing = [value for name, value in ours.items() if name.endswith(("ASSERTION_KEY", "SYSTEM_KEY"))]
        assert len(signing) == (1 if service in {"gateway", "intake", "workflow"} else 0)
    assert preparing("gateway", home, ADDRESSES, secrets)["ONESTOP_SEED_FILE"] == str(secrets.seed_file)


def test_the_key_of_a_service_states_that_service_only(tmp_path: Path):
    secrets = Secrets(tmp_path)
    verifier = AssertionVerifier.from_file(secrets.key_file("assertion-keys"), "svc-datashare")
    key = load_signing_key(secrets.key_file("assertion-intake"))

    def stated(caller: Caller) -> Caller:
        return verifier.verify(make_assertion(caller, key, issuer="svc-intake", audience="svc-datashare"))

    assert stated(system("svc-intake")) == system("svc-intake")
    for other in (Caller(sub=uuid4(), kind="natural", client="web"), system("svc-workflow")):
        with pytest.raises(InvalidAssertion):
            stated(other)
