"""The exchange call."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from onestop_legal.credit_code import CreditCode
from onestop_legal.errors import NamedError
from onestop_legal.working_days import legal_day
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotSignedIn
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.accesses import service as accesses
from svc_datashare.accesses.domain import Access, Outcome
from svc_datashare.companies import service as companies
from svc_datashare.copies import service as copies
from svc_datashare.exchange.domain import Permit, ResourceNotCallable, SubjectNotFound, permit
from svc_datashare.grants import repository as grants
from svc_datashare.grants.domain import Use
from svc_datashare.permissions import PERMISSIONS
from svc_datashare.resources import repository as resources
from svc_datashare.resources.domain.resource import Resource, ResourceNotFound

Source = Callable[[Reader, CreditCode, frozenset[str], FieldCipher], Awaitable[Mapping[str, Any] | None]]

SOURCES: Mapping[str, Source] = {"business-licence": companies.read}
"""Connectors by the name a resource calls its source."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a system asks about a company.

    Attributes:
        consumer: credit code of the agency whose case it is.
        actor: the person behind the call, if one is known.
    """

    subject: CreditCode
    consumer: str
    case_id: UUID
    item_code: str
    purpose: str
    fields: tuple[str, ...]
    unmasked_fields: tuple[str, ...]
    actor: UUID | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the exchange shows."""

    access: Access
    grant_id: UUID
    resource: Resource
    data: dict[str, Any]
    masked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it shows nothing; returned, not raised, so that the record of the refusal is committed."""

    access: Access
    error: NamedError


async def ask(tx: Transaction, resource_code: str, question: Question, cipher: FieldCipher) -> Answer | Refusal:
    """Answer `question` under a grant, masked by default; write the access, answered or refused.

    Returns:
        The answer, or a refusal by `NotPermitted`, `ResourceNotPublished`, `ResourceNotShared`,
        `ResourceNotCallable`, `NoGrant`, `GrantNotInForce`, `PurposeNotGranted`, `ItemNotGranted`,
        `FieldsNotGranted`, `UnmaskingNotGranted` or `SubjectNotFound`.

    Raises:
        NotSignedIn: when nobody known asks; there is nobody to write down.
        ResourceNotFound: when there is no such resource; there is no data to write about.
    """
    if tx.caller.kind == "anonymous":
        raise NotSignedIn
    found = await resources.by_code(tx.connection, resource_code)
    if found is None:
        raise ResourceNotFound
    access = _access(tx, found, question)
    try:
        PERMISSIONS.require(tx.caller, "exchange.call")
        allowed = await _permit(tx, found, question)
        access = _permitted(access, allowed)
        data = await _read(tx, found, question, allowed, cipher)
    except NamedError as error:
        outcome = Outcome.NOT_FOUND if isinstance(error, SubjectNotFound) else Outcome.REFUSED
        access = replace(access, outcome=outcome, refusal=error.slug)
        if not access.consumer_name:
            access = replace(access, consumer_name=await copies.name_of_agency(tx, question.consumer))
        await accesses.write(tx, access)
        return Refusal(access, error)
    await accesses.write(tx, access)
    if access.unmasked_fields:
        tx.confidential = True
        tx.audit("exchange.unmasked", key=access.id, detail={"fields": list(access.unmasked_fields)})
    return Answer(access, allowed.grant.id, found, data, masked=tuple(item.key for item in allowed.masked))


async def _permit(tx: Transaction, found: Resource, question: Question) -> Permit:
    use = Use(
        consumer=question.consumer,
        service=tx.caller.client,
        item_code=question.item_code,
        purpose=question.purpose,
        fields=question.fields,
        unmasked_fields=question.unmasked_fields,
    )
    held = await grants.for_use(tx.connection, found.id, use.consumer, use.service)
    return permit(found, held, use, legal_day(tx.now))


async def _read(
    tx: Transaction, found: Resource, question: Question, allowed: Permit, cipher: FieldCipher
) -> dict[str, Any]:
    source = SOURCES.get(found.metadata.source or "")
    if source is None:
        raise ResourceNotCallable
    whole = frozenset(item.key for item in allowed.whole)
    facts = await source(tx, question.subject, whole, cipher)
    if facts is None:
        raise SubjectNotFound
    return allowed.show(facts)


def _access(tx: Transaction, found: Resource, question: Question) -> Access:
    return Access(
        id=uuid7(),
        at=tx.now,
        resource_code=found.code,
        resource_name=found.metadata.name,
        provider=found.provider.code,
        subject_kind="legal",
        subject_credit_code=question.subject,
        subject_party=None,
        consumer=question.consumer,
        consumer_name="",
        service=tx.caller.client,
        actor=question.actor or tx.caller.sub,
        case_id=question.case_id,
        item_code=question.item_code,
        purpose=question.purpose,
        fields=question.fields,
        unmasked_fields=question.unmasked_fields,
        grant_id=None,
        outcome=Outcome.ANSWERED,
    )


def _permitted(access: Access, allowed: Permit) -> Access:
    unmasked = tuple(item.key for item in allowed.whole if item.masked_by_default)
    grant = allowed.grant
    return replace(
        access,
        grant_id=grant.id,
        consumer_name=grant.terms.consumer.name,
        fields=allowed.fields,
        unmasked_fields=unmasked,
    )
