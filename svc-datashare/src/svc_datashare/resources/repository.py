"""Reads and writes resources, their data items and the authoritative sources."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection, Record, compiled
from svc_datashare.listing import Listing
from svc_datashare.resources.domain.metadata import (
    Classification,
    DataItem,
    DataType,
    Masking,
    Means,
    Node,
    Openness,
    ShareType,
    UpdateCycle,
)
from svc_datashare.resources.domain.resource import Agency, Metadata, Resource, ResourceState
from svc_datashare.tables import authoritative_source, data_item, resource, resource_history

_ITEM_COLUMNS = ("key", "name", "type", "length", "sensitivity", "masking", "element")


def _item_object() -> sa.ColumnElement[Any]:
    named: list[Any] = []
    for name in _ITEM_COLUMNS:
        named += [sa.literal_column(f"'{name}'"), data_item.c[name]]
    return sa.func.jsonb_build_object(*named)


_ITEMS = (
    sa.select(sa.func.jsonb_agg(pg.aggregate_order_by(_item_object(), data_item.c.position)))
    .where(data_item.c.resource_id == resource.c.id)
    .scalar_subquery()
    .label("items")
)
_BY_CODE = compiled(sa.select(resource, _ITEMS).where(resource.c.code == sa.bindparam("code")))
_LOCK = compiled(
    sa.select(resource, _ITEMS).where(resource.c.code == sa.bindparam("code")).with_for_update(of=resource)
)
_LIST = Listing(
    "resource.read",
    resource,
    resource.c.code,
    {
        "state": resource.c.state == sa.bindparam("state"),
        "provider": resource.c.provider == sa.bindparam("provider"),
        "share_type": resource.c.share_type == sa.bindparam("share_type"),
        "q": sa.func.strpos(resource.c.name, sa.bindparam("q", type_=sa.Text)) > 0,
    },
    columns=(_ITEMS,),
    descending=False,
)
_ADD = compiled(sa.insert(resource))
_SAVE = compiled(
    sa.update(resource)
    .where(resource.c.id == sa.bindparam("resource_id"))
    .values({column.name: sa.bindparam(column.name) for column in resource.c if column.name not in ("id", "code")})
)
_ADD_ITEM = compiled(sa.insert(data_item))
_DROP_ITEMS = compiled(sa.delete(data_item).where(data_item.c.resource_id == sa.bindparam("owner")))
_ADD_HISTORY = compiled(sa.insert(resource_history))
_SOURCES = compiled(
    sa.select(authoritative_source)
    .where(authoritative_source.c.element == sa.any_(sa.bindparam("elements", type_=pg.ARRAY(sa.Text))))
    .order_by(authoritative_source.c.element)
)
_CLAIM = compiled(sa.insert(authoritative_source))
_GIVE_UP = compiled(sa.delete(authoritative_source).where(authoritative_source.c.resource_id == sa.bindparam("owner")))


async def by_code(connection: Connection, code: str, *, lock: bool = False) -> Resource | None:
    """Return a resource; with `lock` nobody else changes it until the transaction ends."""
    row = await (_LOCK if lock else _BY_CODE).fetchrow(connection, code=code)
    return entity(row) if row else None


async def page(connection: Connection, caller: Caller, **wanted: Any) -> list[Resource]:
    """Return the resources `caller` may see, by code; see `Listing.fetch`."""
    return [entity(row) for row in await _LIST.fetch(connection, caller, **wanted)]


async def add(connection: Connection, new: Resource) -> None:
    """Store a new resource."""
    await _ADD.execute(connection, id=new.id, code=new.code, **_columns(new))
    await _add_items(connection, new)


async def save(connection: Connection, changed: Resource, *, items: bool = False) -> None:
    """Store a changed resource; its data items only when `items` says that they changed too."""
    await _SAVE.execute(connection, resource_id=changed.id, **_columns(changed))
    if items:
        await _DROP_ITEMS.execute(connection, owner=changed.id)
        await _add_items(connection, changed)


async def note(connection: Connection, changed: Resource, actor: UUID | None, at: datetime) -> None:
    """Write the history of a change."""
    await _ADD_HISTORY.execute(
        connection,
        resource_id=changed.id,
        version=changed.version,
        state=changed.state.value,
        actor=actor,
        reason=changed.reason,
        at=at,
    )


async def sources(connection: Connection, elements: Iterable[str]) -> list[Record]:
    """Return the authoritative sources of data elements: `element`, `item_name`, `resource_id`, `provider_name`."""
    return await _SOURCES.fetch(connection, elements=list(elements))


async def claim(connection: Connection, owner: Resource, at: datetime) -> None:
    """Make `owner` the authoritative source of what it claims; a database constraint keeps it the only one."""
    await _CLAIM.executemany(
        connection,
        [
            {
                "element": item.element,
                "item_name": item.name,
                "resource_id": owner.id,
                "provider": owner.provider.code,
                "provider_name": owner.provider.name,
                "since": at,
            }
            for item in owner.claims
        ],
    )


async def give_up(connection: Connection, owner: Resource) -> None:
    """End all claims of `owner`."""
    await _GIVE_UP.execute(connection, owner=owner.id)


async def _add_items(connection: Connection, owner: Resource) -> None:
    await _ADD_ITEM.executemany(
        connection,
        [
            asdict(item)
            | {"type": item.type.value, "masking": item.masking.value, "resource_id": owner.id, "position": position}
            for position, item in enumerate(owner.metadata.items)
        ],
    )


def _columns(stored: Resource) -> dict[str, Any]:
    said = stored.metadata
    return {
        "provider": stored.provider.code,
        "provider_name": stored.provider.name,
        "authority": stored.authority,
        "name": said.name,
        "catalogue_code": said.classification.code,
        "classification": asdict(said.classification),
        "abstract": said.abstract,
        "format": said.format,
        "share_type": said.share_type.value,
        "share_condition": said.share_condition,
        "share_basis": said.share_basis,
        "means": said.means.value,
        "openness": said.openness.value,
        "open_condition": said.open_condition,
        "update_cycle": said.update_cycle.value,
        "source": said.source,
        "state": stored.state.value,
        "submitted_by": stored.submitted_by,
        "reason": stored.reason,
        "published_at": stored.published_at,
        "version": stored.version,
    }


def entity(row: Record) -> Resource:
    """Return the resource of a row."""
    return Resource(
        id=row["id"],
        code=row["code"],
        provider=Agency(row["provider"], row["provider_name"]),
        authority=row["authority"],
        metadata=Metadata(
            name=row["name"],
            classification=_classification(row["classification"]),
            abstract=row["abstract"],
            format=row["format"],
            items=tuple(_item(item) for item in row["items"]),
            share_type=ShareType(row["share_type"]),
            share_condition=row["share_condition"],
            share_basis=row["share_basis"],
            means=Means(row["means"]),
            openness=Openness(row["openness"]),
            open_condition=row["open_condition"],
            update_cycle=UpdateCycle(row["update_cycle"]),
            source=row["source"],
        ),
        state=ResourceState(row["state"]),
        submitted_by=row["submitted_by"],
        reason=row["reason"],
        published_at=row["published_at"],
        version=row["version"],
    )


def _classification(stored: dict[str, Any]) -> Classification:
    levels = {name: Node(**stored[name]) for name in ("kind", "group", "category", "detail")}
    return Classification(**levels, serial=stored["serial"])


def _item(stored: dict[str, Any]) -> DataItem:
    return DataItem(**stored | {"type": DataType(stored["type"]), "masking": Masking(stored["masking"])})
