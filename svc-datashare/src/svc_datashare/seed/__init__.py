"""Fills an empty database by the service's own use cases; what is there already stays."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import Transaction
from svc_datashare.companies import service as companies
from svc_datashare.copies import repository as copies
from svc_datashare.grants import repository as grants
from svc_datashare.requests import service as requests
from svc_datashare.requests.domain.limits import Step
from svc_datashare.requests.domain.request import RequestState, Terms
from svc_datashare.resources import repository as stored
from svc_datashare.resources import service as resources
from svc_datashare.resources.domain.resource import Agency, Resource, ResourceState
from svc_datashare.seed import directory, made_up
from svc_datashare.settings import Settings
from svc_datashare.startup import cipher

People = Mapping[tuple[str, str], UUID]
Transactions = Callable[[], AbstractAsyncContextManager[Transaction]]


async def seed(transactions: Transactions, data: dict[str, Any]) -> None:
    """Fill the business licence base, publish it in the directory and grant its use to those who need it.

    Every step is a transaction of the person who may do it, and goes on from where an interrupted run has stopped.

    Args:
        transactions: opens a transaction of the service.
        data: the seed file: `people` who act, `companies` with their names; may be empty.
    """
    keys = cipher(Settings().field_keys)
    people = _people(data)
    async with transactions() as tx:
        await _keep_agencies(tx)
        await companies.fill(tx, made_up.companies(data.get("companies", ())), keys)
    await _publish(transactions, people)
    for consumer in directory.CONSUMERS:
        await _grant(transactions, people, consumer)


async def _keep_agencies(tx: Transaction) -> None:
    for agency in directory.AGENCIES:
        await copies.keep_agency(
            tx.connection,
            agency,
            region=directory.REGION,
            parent_code=None,
            valid_from=directory.SINCE,
            valid_to=None,
            replace=False,
        )
    await copies.set_authority(tx.connection, directory.REGION, directory.AUTHORITY.code)


async def _publish(transactions: Transactions, people: People) -> None:
    steward = _staff(people, "data_steward", directory.PROVIDER)
    admin = _staff(people, "admin", directory.AUTHORITY)
    code = directory.RESOURCE_CODE
    async with _acting(transactions, steward) as tx:
        found = await stored.by_code(tx.connection, code)
        found = found or await resources.create(tx, code, directory.LICENCE_BASE)
        if found.state is ResourceState.CREATED:
            found = await resources.submit(tx, code, found.version)
    if found.state is ResourceState.PUBLICATION_REVIEW:
        async with _acting(transactions, admin) as tx:
            await resources.review_publication(tx, code, found.version, None)


async def _grant(transactions: Transactions, people: People, consumer: Agency) -> None:
    async with _acting(transactions, _staff(people, "head", consumer)) as tx:
        resource = await resources.read(tx, directory.RESOURCE_CODE)
        held = await grants.for_use(tx.connection, resource.id, consumer.code, directory.SERVICE)
        if any(grant.in_force(legal_day(tx.now)) for grant in held):
            return
        open_ones = await requests.page(
            tx, state=RequestState.PENDING, resource_code=resource.code, after=None, limit=1
        )
        asked = open_ones[0] if open_ones else await _ask(tx, resource, consumer)
    reviewers = {
        Step.PLATFORM: _staff(people, "admin", directory.AUTHORITY),
        Step.PROVIDER: _staff(people, "data_steward", directory.PROVIDER),
    }
    while asked.request.step in reviewers:
        async with _acting(transactions, reviewers[asked.request.step]) as tx:
            asked = await requests.review(tx, asked.request.id, asked.request.version, None)


async def _ask(tx: Transaction, resource: Resource, consumer: Agency) -> requests.Dated:
    today = legal_day(tx.now)
    terms = Terms(
        consumer=consumer,
        service=directory.SERVICE,
        item_codes=None,
        fields=directory.FIELDS,
        unmasked_fields=(),
        purpose=directory.PURPOSE,
        valid_from=today.replace(month=1, day=1),
        valid_to=date(today.year + 1, 12, 31),
    )
    return await requests.receive(tx, resource.code, terms, directory.BASIS)


@asynccontextmanager
async def _acting(transactions: Transactions, caller: Caller) -> AsyncIterator[Transaction]:
    async with transactions() as tx:
        tx.caller = caller
        yield tx


def _people(data: dict[str, Any]) -> People:
    """Return the seed file's members of staff by role key and agency."""
    appointed = [person for person in data.get("people", ()) if person.get("appointment")]
    return {(person["key"], person["appointment"]["agency"]): UUID(person["id"]) for person in appointed}


def _staff(people: People, key: str, agency: Agency) -> Caller:
    """Return the member of staff who does a step; where the seed names none, somebody made up for it."""
    person = people.get((key, agency.code)) or uuid5(NAMESPACE_URL, f"urn:onestop:seed:{key}:{agency.code}")
    return Caller(
        sub=person,
        kind="staff",
        agency=agency.code,
        region=directory.REGION,
        client="svc-datashare",
        channel="internal",
        given_roles=frozenset({key}),
    )
