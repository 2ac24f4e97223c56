"""What the claims of a provider in our place mean, and what they cannot mean."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.federation.external import ExternalIssuer, principal_of, read

NAMES = {
    "client_id": "azp",
    "kind": "sort",
    "roles": "realm_access.roles",
    "agency": "office.code",
    "act": "party.id",
    "act_credit_code": "party.code",
    "mandate": "party.mandate",
    "name": "name",
}
EXTERNAL = ExternalIssuer(
    issuer="https://keycloak.test/realms/qhd",
    audience="onestop",
    claims=NAMES,
    levels={"loa2": 2},
    roles={"examiner": "reviewer"},
    first_party=["portal"],
)
SUBJECT = "0190a5f0-0000-7000-8000-00000000000a"
SOUND: dict[str, Any] = {"sub": SUBJECT, "azp": "portal", "acr": "loa2", "scope": "intake:read intake:write", "iat": 5}


def meant(**changes: Any) -> Any:
    return principal_of(EXTERNAL, SOUND | changes, "token", 60.0)


def test_who_is_known_by_our_ids_keeps_them_and_others_get_one_that_is_always_the_same():
    assert meant().caller.sub == UUID(SUBJECT)
    assert meant(sub="zhao").caller.sub == meant(sub="zhao").caller.sub != meant(sub="li").caller.sub


def test_levels_and_roles_count_as_mapped_and_not_otherwise():
    known = meant(office={"code": "11130371037100371Q"}, realm_access={"roles": ["examiner", "admin", 7]})
    assert (known.caller.kind, known.caller.acr, known.caller.given_roles) == ("staff", "2", {"reviewer"})
    stranger = meant(acr="loa9", realm_access={"roles": "admin operator"})
    assert (stranger.caller.kind, stranger.caller.acr, stranger.caller.given_roles) == ("natural", "0", frozenset())


def test_a_client_in_its_own_name_is_a_system():
    caller = meant(sub="archive", azp="archive", acr=None).caller
    assert (caller.kind, caller.acr, caller.client) == ("system", "2", "archive")


def test_for_whom_somebody_acts_is_known_by_id_or_by_credit_code():
    by_code = meant(party={"code": "91130371MA7001010P"}).caller
    assert by_code.credit_code == "91130371MA7001010P"
    assert by_code.act == meant(party={"code": "91130371MA7001010P"}).caller.act
    by_id = meant(party={"id": SUBJECT, "mandate": SUBJECT}).caller
    assert (by_id.act.id, by_id.mandate, by_id.act.kind) == (UUID(SUBJECT), UUID(SUBJECT), "natural")
    assert meant(party=None).caller.act is None


def test_names_are_masked_and_keys_bind():
    principal = meant(name="周海燕", cnf={"jkt": "thumbprint"})
    assert principal.caller.name == "周**"
    assert principal.key == "thumbprint"
    assert principal.first_party
    assert principal.scopes == {"intake:read", "intake:write"}
    assert not meant(azp="other").first_party


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None},
        {"sub": 7},
        {"azp": None},
        {"azp": ["portal"]},
        {"sort": "device"},
        {"sort": "admin"},
        {"acr": 2},
        {"office": {"code": 7}},
        {"party": {"id": SUBJECT, "mandate": "x"}},
        {"cnf": {}},
        {"scope": ["intake:read"]},
    ],
)
def test_claims_that_mean_nothing_make_nobody(changes: dict[str, Any]):
    with pytest.raises((KeyError, ValueError, TypeError)):
        meant(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://keycloak.test/realms/qhd"},
        {"issuer": "ldap://x"},
        {"algorithms": ["HS256"]},
        {"algorithms": []},
        {"levels": {"x": 4}},
        {"tokens": "opaque"},
        {"claims": {"subject": "sub"}},
        {"registration": {"issuer": "https://x.test", "client_id": "x", "key_file": "x"}},
    ],
)
def test_a_configuration_that_is_wrong_does_not_start(tmp_path: Path, changes: dict[str, Any]):
    file = tmp_path / "external.json"
    sound = {"issuer": "https://keycloak.test/realms/qhd", "audience": "onestop"}
    file.write_text(json.dumps(sound))
    assert read(file, production=True).types == ("at+jwt",)
    file.write_text(json.dumps(sound | changes))
    with pytest.raises(ValueError):  # noqa: PT011 - each says in its own words what is wrong
        read(file, production=True)
