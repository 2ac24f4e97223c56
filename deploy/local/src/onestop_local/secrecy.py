"""Everything secret of a stack: random, made once, kept in its folder for nobody else to read."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from onestop_local.clients import CLIENTS, registration
from onestop_local.people import COMPANIES, PEOPLE, REPRESENTED_SINCE, SINCE, Company, DemoPerson
from onestop_local.workspace import SERVICES

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike
ASSERTION_ISSUERS = {"gateway": "onestop-gateway", "intake": "svc-intake", "workflow": "svc-workflow"}
"""Who makes internal assertions: the issuer his key is bound to, and its `kid`."""


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def password() -> str:
    """Return a password that a person can type: four groups, 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


class Secrets:
    """The secrets of one stack.

    What a newer version of the platform needs in addition is made when it is first missing; nothing that exists is
    changed, so a stack keeps its passwords over every restart.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._file = folder / "secrets.json"
        self._known: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}
        before = json.dumps(self._known)
        self._complete()
        if json.dumps(self._known) != before:
            write_private(self._file, json.dumps(self._known, indent=1))
        self._write_keys()

    def database_password(self, service: str) -> str:
        """Return the password of the database role of a service."""
        found: str = self._known["databases"][service]
        return found

    def person_password(self, key: str) -> str:
        """Return the password of a demo person."""
        found: str = self._known["people"][key]["password"]
        return found

    def client_credentials(self, key: str) -> dict[str, Any]:
        """Return what `stack.json` says about how a client proves itself; empty for a public one."""
        found: dict[str, Any] = self._known["clients"].get(key, {})
        return found

    def key_file(self, name: str) -> Path:
        """Return the path of a file with keys: `assertion-keys`, `field-<service>` or `assertion-<issuer>`."""
        return self._folder / f"{name}.json"

    @property
    def seed_file(self) -> Path:
        """What `prepare` fills the databases with."""
        return self._folder / "seed.json"

    def _complete(self) -> None:
        known = self._known
        for part in ("databases", "people", "companies", "clients", "assertion", "fields"):
            known.setdefault(part, {})
        for service in ("gateway", *SERVICES):
            known["databases"].setdefault(service, secrets.token_urlsafe(24))
            known["fields"].setdefault(service, _field_keys())
        for company in COMPANIES:
            known["companies"].setdefault(company.credit_code, _new_id())
        self._complete_people()
        for client in CLIENTS:
            if client.authentication == "client_secret_basic":
                known["clients"].setdefault(client.key, {"client_secret": secrets.token_urlsafe(32)})
            elif client.authentication == "private_key_jwt":
                known["clients"].setdefault(client.key, {"private_jwk": _client_key()})
        for name, kid in ASSERTION_ISSUERS.items():
            known["assertion"].setdefault(name, _assertion_key(kid))

    def _complete_people(self) -> None:
        people = self._known["people"]
        for person in PEOPLE:
            own = people.setdefault(person.key, {"id": _new_id(), "password": password()})
            if person.appointment:
                own.setdefault("appointment", _new_id())
            for company in person.mandates:
                own.setdefault(f"mandate {company.credit_code}", _new_id())

    def _write_keys(self) -> None:
        known = self._known
        for name, key in known["assertion"].items():
            write_private(self.key_file(f"assertion-{name}"), json.dumps(key))
        public = [_published(key, ASSERTION_ISSUERS[name]) for name, key in known["assertion"].items()]
        write_private(self.key_file("assertion-keys"), json.dumps({"keys": public}))
        for service, keys in known["fields"].items():
            write_private(self.key_file(f"field-{service}"), json.dumps(keys))
        write_private(self.seed_file, json.dumps(self._seed(), ensure_ascii=False, indent=1))

    def _seed(self) -> dict[str, Any]:
        return {
            "format": 1,
            "companies": [
                {
                    "id": self._known["companies"][one.credit_code],
                    "credit_code": one.credit_code,
                    "name": one.name,
                    "representative": {"username": _representative(one), "since": REPRESENTED_SINCE},
                }
                for one in COMPANIES
            ],
            "people": [self._person(one) for one in PEOPLE],
            "clients": [self._client(one.key) for one in CLIENTS],
        }

    def _person(self, person: DemoPerson) -> dict[str, Any]:
        own = self._known["people"][person.key]
        given = person.appointment
        return {
            "key": person.key,
            "id": own["id"],
            "username": person.key,
            "password": own["password"],
            "name": person.name,
            "identity_number": person.identity_number,
            "phone": person.phone,
            "assurance": person.assurance,
            "appointment": given
            and {
                "id": own["appointment"],
                "agency": given.agency,
                "agency_name": given.agency_name,
                "region": given.region,
                "hall": given.hall,
                "roles": list(given.roles),
                "valid_from": SINCE,
            },
            "mandates": [
                {
                    "id": own[f"mandate {company.credit_code}"],
                    "legal_person_id": self._known["companies"][company.credit_code],
                    "credit_code": company.credit_code,
                    "valid_from": SINCE,
                }
                for company in person.mandates
            ],
        }

    def _client(self, key: str) -> dict[str, Any]:
        client = next(one for one in CLIENTS if one.key == key)
        own = self.client_credentials(key)
        private = own.get("private_jwk")
        public = {part: private[part] for part in private if part != "d"} if private else None
        return registration(client, own.get("client_secret"), public)


def _representative(company: Company) -> str:
    return next(person.key for person in PEOPLE if company in person.represents)


def _new_id() -> str:
    from onestop_runtime.ids import uuid7  # noqa: PLC0415 - only a first start makes ids

    return str(uuid7())


def _field_keys() -> dict[str, Any]:
    return {"current": 1, "keys": {"1": secrets.token_hex(32)}, "index": secrets.token_hex(32)}


def _assertion_key(kid: str) -> dict[str, Any]:
    from joserfc.jwk import OKPKey  # noqa: PLC0415 - only a first start makes keys

    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"}, private=True)
    return dict(key.as_dict(private=True))


def _published(key: dict[str, Any], issuer: str) -> dict[str, Any]:
    return {part: value for part, value in key.items() if part != "d"} | {"iss": issuer}


def _client_key() -> dict[str, Any]:
    from joserfc.jwk import ECKey  # noqa: PLC0415 - only a first start makes keys

    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    return dict(key.as_dict(private=True))
