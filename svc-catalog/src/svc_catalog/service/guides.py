"""A guide version is written, checked, approved, published, suspended, withdrawn."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import jsonschema_rs

from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.working_days import legal_day
from onestop_messages.catalog import Guide, GuidePublished, GuideSuspended, GuideWithdrawn
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_catalog.domain.guide_version import GuideState, GuideVersion, GuideVersionNotFound, UnknownItem
from svc_catalog.domain.search import query_terms
from svc_catalog.domain.vague import Finding
from svc_catalog.permissions import PERMISSIONS
from svc_catalog.repository import guides, places


async def write(tx: Transaction, guide: Mapping[str, Any], author: UUID) -> GuideVersion:
    """Begin a new version of an item's guide as a draft; a new code begins a new item.

    Raises:
        NotSignedIn, NotPermitted: when the caller is no editor of the guide's agency.
        FieldErrors: when the agency is unknown, the code is another agency's, or the form is no JSON Schema.
    """
    PERMISSIONS.require(tx.caller, "guide-version.write", {"agency_code": guide["agency"]["code"]})
    await _registered(tx, guide)
    item = await guides.lock_item(tx.connection, guide["code"])
    if item and item["agency_code"] != guide["agency"]["code"]:
        raise FieldErrors([FieldError("/guide/code", "other-agency", "该实施编码属于其他部门")])
    item_id = item["id"] if item else uuid7()
    if item is None:
        await guides.add_item(tx.connection, item_id, dict(guide))
    version = GuideVersion(uuid7(), item_id, guide["code"], guide["agency"]["code"], dict(guide), author)
    await guides.add(tx.connection, version, tx.now)
    tx.audit("guide-version.written", key=version.id)
    return version


async def rewrite(tx: Transaction, version_id: UUID, guide: Mapping[str, Any], writer: UUID, seen: int) -> GuideVersion:
    """Put another text in place of a draft's; raises as `_changeable`, and `FieldErrors` for another code or agency."""
    version = await _changeable(tx, version_id, "guide-version.write", seen)
    if guide["agency"]["code"] != version.agency_code:
        raise FieldErrors([FieldError("/guide/agency/code", "fixed", "同一版本不能更换部门")])
    await _registered(tx, guide)
    version.rewrite(dict(guide), writer)
    await _save(tx, version, "guide-version.rewritten")
    return version


async def check(tx: Transaction, version_id: UUID, seen: int) -> tuple[GuideVersion, list[Finding]]:
    """Put a version through the quality gate; without errors it is checked."""
    version = await _changeable(tx, version_id, "guide-version.write", seen)
    found = version.check()
    await _save(tx, version, "guide-version.checked")
    return version, found


async def approve(tx: Transaction, version_id: UUID, approver: UUID, seen: int) -> GuideVersion:
    """Approve a checked version; raises `FourEyesNeeded` when the author does."""
    version = await _changeable(tx, version_id, "guide-version.approve", seen)
    version.approve(approver)
    await _save(tx, version, "guide-version.approved")
    return version


async def publish(tx: Transaction, version_id: UUID, seen: int) -> GuideVersion:
    """Put an approved version in force in place of the one before; channels and services are told."""
    version = await _changeable(tx, version_id, "guide-version.publish", seen)
    item = await guides.lock_item(tx.connection, version.code)
    if item is None:
        raise GuideVersionNotFound
    former = await guides.lock(tx.connection, item["current_id"]) if item["current_id"] else None
    if former and former.state is GuideState.WITHDRAWN:
        former = None
    version.publish(item["numbers"] + 1, tx.now, legal_day(tx.now), former)
    if former:
        await guides.change(tx.connection, former)
    await _save(tx, version, "guide.published")
    await guides.show(tx.connection, item, version)
    tx.emit(
        GuidePublished(
            item_id=version.item_id,
            guide_version_id=version.id,
            version_number=version.number,
            content_hash=version.content_hash,
            guide=Guide.model_validate(version.guide),
            published_at=tx.now,
        ),
        key=version.item_id,
        version=item["version"] + 1,
    )
    return version


async def suspend(tx: Transaction, version_id: UUID, reason: str, seen: int) -> GuideVersion:
    """Suspend a published version 挂起: the item cannot be applied for until another is published."""
    version = await _changeable(tx, version_id, "guide-version.publish", seen)
    version.suspend(reason)
    number = await _show(tx, version, "guide.suspended")
    tx.emit(
        GuideSuspended(
            item_id=version.item_id,
            guide_version_id=version.id,
            code=version.code,
            reason=reason,
            suspended_at=tx.now,
        ),
        key=version.item_id,
        version=number,
    )
    return version


async def withdraw(tx: Transaction, version_id: UUID, reason: str, seen: int) -> GuideVersion:
    """Withdraw a version 取消: none is in force after it."""
    version = await _changeable(tx, version_id, "guide-version.publish", seen)
    version.withdraw(reason, tx.now)
    number = await _show(tx, version, "guide.withdrawn")
    tx.emit(
        GuideWithdrawn(
            item_id=version.item_id,
            guide_version_id=version.id,
            code=version.code,
            reason=reason,
            withdrawn_at=tx.now,
        ),
        key=version.item_id,
        version=number,
    )
    return version


async def read(reader: Reader, version_id: UUID) -> GuideVersion:
    """Return a version; raises `GuideVersionNotFound` when there is none that the caller may see."""
    version = await guides.get(reader.connection, version_id)
    if version is None or not PERMISSIONS.permits(reader.caller, "guide-version.read", version):
        raise GuideVersionNotFound
    return version


async def published_versions(reader: Reader, code: str) -> list[Any]:
    """Return the published versions of an item, newest first; raises `UnknownItem` when there is none."""
    found = await guides.of_item(reader.connection, code)
    if not found:
        raise UnknownItem
    return found


async def search(
    reader: Reader, text: str, filters: dict[str, str], after: tuple[int, str] | None, limit: int
) -> list[Any]:
    """Return published items that have every part of `text` in name, synonyms or agency; shortest name first."""
    terms = query_terms(text)
    if text.strip() and not terms:
        return []  # nothing but punctuation: there is nothing to look for
    return await guides.search(reader.connection, terms, filters, after, limit, day=legal_day(reader.now))


async def _changeable(tx: Transaction, version_id: UUID, action: str, seen: int) -> GuideVersion:
    version = await guides.lock(tx.connection, version_id)
    if version is None or not PERMISSIONS.permits(tx.caller, "guide-version.read", version):
        raise GuideVersionNotFound
    PERMISSIONS.require(tx.caller, action, version)
    if version.version != seen:
        raise StaleVersion
    return version


async def _registered(tx: Transaction, guide: Mapping[str, Any]) -> None:
    """Take only guides of agencies we know, under their own name, and forms that a form can be checked against."""
    name = await places.agency_name(tx.connection, guide["agency"]["code"])
    if name is None:
        raise FieldErrors([FieldError("/guide/agency/code", "unknown-agency", "没有登记这个部门")])
    if name != guide["agency"]["name"]:
        raise FieldErrors([FieldError("/guide/agency/name", "other-name", f"该部门登记的名称是“{name}”")])
    try:  # as svc-intake will: a reference that leads nowhere or a wrong pattern shows only now
        jsonschema_rs.Draft202012Validator(guide["form"], offline=True)
    except jsonschema_rs.ValidationError as error:
        raise FieldErrors([FieldError("/guide/form", "not-a-schema", "申请表不是有效的 JSON Schema")]) from error


async def _save(tx: Transaction, version: GuideVersion, verb: str) -> None:
    await guides.change(tx.connection, version)
    tx.audit(verb, key=version.id)


async def _show(tx: Transaction, version: GuideVersion, verb: str) -> int:
    """Save a version in force and let its item show it; return the item's new version."""
    await _save(tx, version, verb)
    item = await guides.lock_item(tx.connection, version.code)
    if item is None:
        raise GuideVersionNotFound
    await guides.show(tx.connection, item, version)
    number: int = item["version"] + 1
    return number
