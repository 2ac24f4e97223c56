"""Fills a gateway with the people, companies and clients of a file; people and companies that are there stay.

A client that the file has registered follows it, so that a newer version's scopes reach a stack that was made before;
one that somebody has changed by hand stays.

The file is JSON with `companies`, `people` (with passwords or their hashes, appointments and mandates) and `clients`; a
stack on one machine makes it with random secrets.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from gateway.clients.repository import client_by_id
from gateway.clients.schemas import NewClient
from gateway.clients.service import follow, register
from gateway.legal_persons import service as legal_persons
from gateway.legal_persons.domain import LegalPerson, Source
from gateway.mandates import service as mandates
from gateway.mandates.domain import Basis, Confirmation, Mandate, Principal, Terms
from gateway.people.repository import id_of_username, person_by_id
from gateway.people.service import NewPerson, register_person
from gateway.settings import GatewaySettings
from gateway.signin.passwords import hash_passwords
from gateway.staff import service as staff
from gateway.staff.domain import Post, StaffMember
from onestop_runtime.fields import FieldCipher, FileKeys, mask_name
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction

Transactions = Callable[[], AbstractAsyncContextManager[Transaction]]
log = logger(__name__)


async def seed(transactions: Transactions, data: dict[str, Any]) -> None:
    """Add what `data` names and the database lacks, all or nothing."""
    field_keys = GatewaySettings().field_keys
    if field_keys is None:
        raise ValueError("ONESTOP_GATEWAY_FIELD_KEYS 未设置：无法加密个人信息")
    await fill(transactions, FieldCipher(FileKeys(field_keys)), data)


async def fill(transactions: Transactions, cipher: FieldCipher, data: dict[str, Any]) -> None:
    """Add what `data` names and the database lacks, and have its clients follow it, all or nothing."""
    async with transactions() as tx:
        companies = [await _company(tx, entry) for entry in data.get("companies", ())]
        known = {company.credit_code: company for company in companies}
        people = data.get("people", ())
        new = [entry for entry in people if await id_of_username(tx.connection, entry["username"].lower()) is None]
        for entry, password_hash in zip(new, _password_hashes(new), strict=True):
            await _person(tx, cipher, entry, password_hash, known)
        for entry in data.get("companies", ()):
            await _represent(tx, known[entry["credit_code"]], entry.get("representative"))
        clients = [await _client(tx, entry) for entry in data.get("clients", ())]
    log.info("seeded", companies=len(companies), people=len(new), clients=sum(clients))


def _password_hashes(people: list[dict[str, Any]]) -> list[str]:
    """Return the hash of everybody's password: as given, or computed now."""
    computed = iter(hash_passwords(it["password"] for it in people if "password_hash" not in it))
    return [it["password_hash"] if "password_hash" in it else next(computed) for it in people]


async def _company(tx: Transaction, entry: dict[str, Any]) -> LegalPerson:
    return await legal_persons.register(tx, LegalPerson(_id(entry), entry["credit_code"], entry["name"]))


async def _represent(tx: Transaction, company: LegalPerson, entry: dict[str, Any] | None) -> None:
    """Register the representative that a company of the file has, unless somebody represents it already."""
    if entry is None or company.representative is not None:
        return
    person_id = await id_of_username(tx.connection, entry["username"].lower())
    person = await person_by_id(tx.connection, person_id) if person_id else None
    if person is None:
        raise ValueError(f"法定代表人 {entry['username']} 不在数据中")
    await legal_persons.represent(tx, company, person, date.fromisoformat(entry["since"]), Source.SEED)


async def _person(
    tx: Transaction,
    cipher: FieldCipher,
    entry: dict[str, Any],
    password_hash: str,
    companies: dict[str, LegalPerson],
) -> None:
    person = NewPerson(
        id=_id(entry),
        username=entry["username"],
        password_hash=password_hash,
        name=entry["name"],
        identity_number=entry["identity_number"],
        phone=entry["phone"],
        assurance=entry.get("assurance", 2),
    )
    await register_person(tx, cipher, person)
    if appointment := entry.get("appointment"):
        await staff.appoint(tx, _staff_member(person, appointment))
    for mandate in entry.get("mandates", ()):
        await mandates.place(tx, _mandate(person, mandate, companies, tx.now))


def _staff_member(person: NewPerson, entry: dict[str, Any]) -> StaffMember:
    roles, last = frozenset(entry["roles"]), _day(entry.get("valid_to"))
    post = Post(entry["region"], entry.get("hall"), roles, date.fromisoformat(entry["valid_from"]), last)
    return StaffMember(_id(entry), person.id, mask_name(person.name), entry["agency"], entry["agency_name"], post)


def _mandate(agent: NewPerson, entry: dict[str, Any], companies: dict[str, LegalPerson], now: datetime) -> Mandate:
    items, company = entry.get("items"), companies[entry["credit_code"]]
    first, last = date.fromisoformat(entry["valid_from"]), _day(entry.get("valid_to"))
    return Mandate.agreed(
        _id(entry),
        Principal(company.id, "legal", company.name, company.credit_code),
        (agent.id, mask_name(agent.name)),
        Terms(Basis.EMPLOYER, None if items is None else tuple(items), first, last),
        Confirmation.SEED,
        now,
    )


async def _client(tx: Transaction, entry: dict[str, Any]) -> bool:
    new = NewClient.model_validate({name: entry[name] for name in NewClient.model_fields if name in entry})
    if await client_by_id(tx.connection, entry["client_id"]) is not None:
        return await follow(tx, new)
    await register(tx, new.as_client(_id(entry)))
    return True


def _id(entry: dict[str, Any]) -> UUID:
    return UUID(entry["id"]) if "id" in entry else uuid7()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
