"""Use cases of the directory."""

from typing import Any
from uuid import UUID

from onestop_messages.base import AgencyRef
from onestop_messages.datashare import ResourcePublished, ResourceWithdrawn
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.copies import service as copies
from svc_datashare.permissions import PERMISSIONS
from svc_datashare.resources import repository
from svc_datashare.resources.domain.resource import (
    AuthoritativeSourceTaken,
    Metadata,
    Resource,
    ResourceCodeTaken,
    ResourceNotFound,
)


async def create(tx: Transaction, code: str, metadata: Metadata) -> Resource:
    """Enter a resource of the caller's agency into the directory, not yet visible to others.

    Raises:
        NotPermitted: when the caller is no data steward.
        FieldErrors: for metadata that contradicts itself.
        ResourceCodeTaken: when the code is in use.
    """
    PERMISSIONS.require(tx.caller, "resource.write", {"provider": tx.caller.agency})
    provider, region = await copies.known_agency(tx, tx.caller.agency, "")
    metadata.check()
    if await repository.by_code(tx.connection, code):
        raise ResourceCodeTaken(f"编号 {code} 已被使用。")
    authority = await copies.authority_of(tx, region)
    created = Resource(uuid7(), code, provider, authority, metadata)
    await repository.add(tx.connection, created)
    await repository.note(tx.connection, created, tx.caller.sub, tx.now)
    tx.audit("resource.created", key=created.id)
    return created


async def describe(tx: Transaction, code: str, version: int, metadata: Metadata) -> Resource:
    """Replace the metadata of a resource that is not yet published.

    Raises:
        ResourceNotFound, NotPermitted, StaleVersion, WrongResourceState, FieldErrors.
    """
    found = await _locked(tx, code, version, "resource.write")
    found.describe(metadata)
    return await _saved(tx, found, "resource.described", items=True)


async def submit(tx: Transaction, code: str, version: int) -> Resource:
    """Ask for the publication.

    Raises:
        ResourceNotFound, NotPermitted, StaleVersion, WrongResourceState.
        AuthoritativeSourceTaken: when another resource is the source of one of its data elements.
    """
    found = await _locked(tx, code, version, "resource.write")
    found.submit(tx.caller.sub)
    await _check_sources(tx, found)
    return await _saved(tx, found, "resource.submitted")


async def review_publication(tx: Transaction, code: str, version: int, refusal: str | None) -> Resource:
    """Publish the resource, or send it back for the reason `refusal`.

    Raises:
        ResourceNotFound, NotPermitted, StaleVersion, WrongResourceState, ReviewedBySubmitter.
        AuthoritativeSourceTaken: when another resource became the source meanwhile.
    """
    found = await _locked(tx, code, version, "resource.review")
    if refusal:
        found.refuse_publication(tx.caller.sub, refusal)
        return await _saved(tx, found, "resource.returned")
    found.publish(tx.caller.sub, tx.now)
    await _check_sources(tx, found)
    await repository.claim(tx.connection, found, tx.now)
    await _saved(tx, found, "resource.published")
    event = ResourcePublished(
        resource_id=found.id,
        code=found.code,
        name=found.metadata.name,
        provider=AgencyRef(code=found.provider.code, name=found.provider.name),
        share_type=found.metadata.share_type.value,
        published_at=tx.now,
    )
    tx.emit(event, key=found.id, version=found.version)
    return found


async def ask_withdrawal(tx: Transaction, code: str, version: int, reason: str) -> Resource:
    """Ask for taking the resource out of the directory.

    Raises:
        ResourceNotFound, NotPermitted, StaleVersion, WrongResourceState.
    """
    found = await _locked(tx, code, version, "resource.write")
    found.ask_withdrawal(tx.caller.sub, reason)
    return await _saved(tx, found, "resource.withdrawal-asked")


async def review_withdrawal(tx: Transaction, code: str, version: int, refusal: str | None) -> Resource:
    """Take the resource out of the directory, or keep it for the reason `refusal`.

    Raises:
        ResourceNotFound, NotPermitted, StaleVersion, WrongResourceState, ReviewedBySubmitter.
    """
    found = await _locked(tx, code, version, "resource.review")
    if refusal:
        found.refuse_withdrawal(tx.caller.sub, refusal)
        return await _saved(tx, found, "resource.withdrawal-refused")
    found.withdraw(tx.caller.sub)
    await repository.give_up(tx.connection, found)
    await _saved(tx, found, "resource.withdrawn")
    event = ResourceWithdrawn(resource_id=found.id, code=found.code, withdrawn_at=tx.now)
    tx.emit(event, key=found.id, version=found.version)
    return found


async def read(tx: Reader, code: str) -> Resource:
    """Return a resource; raises `ResourceNotFound` when the caller may not see it."""
    found = await repository.by_code(tx.connection, code)
    if found is None or not PERMISSIONS.permits(tx.caller, "resource.read", permission_row(found)):
        raise ResourceNotFound
    return found


async def page(tx: Reader, **wanted: Any) -> list[Resource]:
    """Return the resources the caller may see."""
    return await repository.page(tx.connection, tx.caller, **wanted)


def permission_row(found: Resource) -> dict[str, str | UUID | None]:
    """Return what the permission table looks at."""
    return {
        "state": found.state.value,
        "openness": found.metadata.openness.value,
        "provider": found.provider.code,
        "authority": found.authority,
    }


async def _locked(tx: Transaction, code: str, version: int, action: str) -> Resource:
    found = await repository.by_code(tx.connection, code, lock=True)
    if found is None or not PERMISSIONS.permits(tx.caller, "resource.read", permission_row(found)):
        raise ResourceNotFound
    PERMISSIONS.require(tx.caller, action, permission_row(found))
    if found.version != version:
        raise StaleVersion
    return found


async def _saved(tx: Transaction, changed: Resource, verb: str, *, items: bool = False) -> Resource:
    await repository.save(tx.connection, changed, items=items)
    await repository.note(tx.connection, changed, tx.caller.sub, tx.now)
    tx.audit(verb, key=changed.id)
    return changed


async def _check_sources(tx: Transaction, claimant: Resource) -> None:
    elements = [item.element for item in claimant.claims if item.element]
    for row in await repository.sources(tx.connection, elements):
        if row["resource_id"] != claimant.id:
            name, provider = row["item_name"], row["provider_name"]
            raise AuthoritativeSourceTaken(f"“{name}”的权威来源已登记为{provider}，请改为引用该来源。")
