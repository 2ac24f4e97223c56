"""The notes service: everything the runtime offers, once."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from onestop_legal.errors import NamedError
from onestop_messages.base import Event
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.ids import uuid7
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.permissions import PermissionTable, allow, where
from onestop_runtime.problems import StaleVersion, errors
from onestop_runtime.routing import Cursor, IfMatch, Read, Write, command_router, query_router
from onestop_runtime.service import Service
from onestop_runtime.settings import ServiceSettings
from onestop_runtime.sql import Connection, Record, compiled
from onestop_runtime.transaction import Transaction

metadata = sa.MetaData()
note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("owner", sa.Uuid),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("text", name="note_text_once"),
)
ADD = compiled(
    sa.insert(note).values(
        id=sa.bindparam("id"), owner=sa.bindparam("owner"), text=sa.bindparam("text"), version=sa.bindparam("version")
    )
)
LOAD = compiled(sa.select(note).where(note.c.id == sa.bindparam("id")).with_for_update())
CHANGE = compiled(
    sa.update(note)
    .where(note.c.id == sa.bindparam("note_id"))
    .values(text=sa.bindparam("text"), version=sa.bindparam("version"))
)

PERMISSIONS = PermissionTable(
    allow("natural", "note.read", where(owner="party")),
    allow("natural", "note.change", where(owner="party")),
    allow("supervisor", "note.read"),
)
NOTE_TOPIC = "onestop.test.note"


class NoteWritten(Event):
    TYPE: ClassVar[str] = "cn.onestop.test.note.written.v1"
    TOPIC: ClassVar[str] = NOTE_TOPIC

    note_id: UUID
    text: str
    written_at: datetime


class NoteNotFound(NamedError):
    """There is no such note, or it is not the caller's."""

    slug = "note-not-found"
    title = "没有这条记录"
    status = 404


class NoteExists(NamedError):
    """A note with this text exists."""

    slug = "note-exists"
    title = "已有相同的记录"
    status = 409


class NoteForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


class NoteView(BaseModel):
    id: UUID
    text: str
    version: int


commands = command_router("/api/notes/v1", ["记录"])
shared = command_router("/api/notes/v1", ["记录"], sharing=True)
queries = query_router("/api/notes/v1", ["记录"])


@commands.post("/notes", status_code=201, responses=errors(NoteExists))
async def write_note(form: NoteForm, tx: Write) -> NoteView:
    return await add(tx, uuid7(), form.text)


@commands.put("/notes/{note_id}", responses=errors(NoteNotFound))
async def change_note(note_id: UUID, form: NoteForm, tx: Write, if_match: IfMatch) -> NoteView:
    row = await LOAD.fetchrow(tx.connection, id=note_id)
    if row is None or not PERMISSIONS.permits(tx.caller, "note.read", row):
        raise NoteNotFound
    PERMISSIONS.require(tx.caller, "note.change", row)
    if row["version"] != if_match:
        raise StaleVersion
    version = row["version"] + 1
    await CHANGE.execute(tx.connection, note_id=note_id, text=form.text, version=version)
    tx.emit(NoteWritten(note_id=note_id, text=form.text, written_at=tx.now), key=note_id, version=version)
    tx.audit("note.changed", key=note_id)
    return NoteView(id=note_id, text=form.text, version=version)


@shared.post("/notes/{note_id}/text", responses=errors(NoteNotFound, NoteExists))
async def rewrite_note(note_id: UUID, form: NoteForm, tx: Write) -> NoteView:
    row = await tx.together(lock_all, note_id)
    if row is None or not PERMISSIONS.permits(tx.caller, "note.change", row):
        raise NoteNotFound
    version = row["version"] + 1
    tx.later(change_all, (note_id, form.text, version))
    tx.emit(NoteWritten(note_id=note_id, text=form.text, written_at=tx.now), key=note_id, version=version)
    tx.audit("note.changed", key=note_id)
    return NoteView(id=note_id, text=form.text, version=version)


@queries.get("/notes/{note_id}", responses=errors(NoteNotFound))
async def read_note(note_id: UUID, tx: Read) -> NoteView:
    row = await LOAD.fetchrow(tx.connection, id=note_id)
    if row is None or not PERMISSIONS.permits(tx.caller, "note.read", row):
        raise NoteNotFound
    return NoteView(**{name: row[name] for name in ("id", "text", "version")})


@queries.get("/notes")
async def list_notes(tx: Read, cursor: Cursor = None, limit: int = 2) -> Page[NoteView]:
    conditions = PERMISSIONS.conditions(tx.caller, "note.read")
    after = decode_cursor(cursor, UUID)
    statement = sa.select(note).where(PERMISSIONS.clause(conditions, note)).order_by(note.c.id)
    values: dict[str, Any] = PERMISSIONS.parameters(conditions, tx.caller)
    if after:
        statement = statement.where(note.c.id > sa.bindparam("after", type_=sa.Uuid))
        values["after"] = after[0]
    rows = await compiled(statement.limit(limit + 1)).fetch(tx.connection, **values)
    page, more = page_of(rows, limit)
    items = [NoteView(id=row["id"], text=row["text"], version=row["version"]) for row in page]
    return Page(items=items, next=encode_cursor(page[-1]["id"]) if more else None)


async def lock_all(connection: Connection, ids: list[UUID]) -> list[Record | None]:
    rows = await connection.fetch("SELECT * FROM note WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", ids)
    found = {row["id"]: row for row in rows}
    return [found.get(note_id) for note_id in ids]


async def change_all(connection: Connection, changes: list[tuple[UUID, str, int]]) -> None:
    await connection.execute(
        "UPDATE note SET text = c.text, version = c.version "
        "FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS c (id, text, version) WHERE note.id = c.id",
        *zip(*changes, strict=True),
    )


async def add(tx: Transaction, note_id: UUID, text: str) -> NoteView:
    await ADD.execute(tx.connection, id=note_id, owner=tx.caller.party, text=text, version=1)
    tx.emit(NoteWritten(note_id=note_id, text=text, written_at=tx.now), key=note_id, version=1)
    tx.audit("note.written", key=note_id)
    return NoteView(id=note_id, text=text, version=1)


async def on_written(tx: Transaction, message: Message) -> None:
    """Copy the note, under the same id with a mark."""
    event = NoteWritten.model_validate(message.data)
    if event.text == "poison":
        raise ValueError("poison")
    await tx.connection.execute(
        "INSERT INTO note (id, text, version) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE "
        "SET text = excluded.text, version = note.version + 1",
        event.note_id,
        event.text,
        message.sequence,
    )


class Settings(ServiceSettings):
    SERVICE: ClassVar[str] = "notes"


def service(name: str = "notes", *, subscribed: bool = False) -> Service:
    return Service(
        name=name,
        package="notes",
        title=f"记录：{name}",
        settings=Settings,
        metadata=metadata,
        routers=(commands, shared, queries),
        permissions=PERMISSIONS,
        subscriptions=(Subscription(NOTE_TOPIC, {NoteWritten.TYPE: on_written}),) if subscribed else (),
        constraints={"note_text_once": NoteExists},
    )
