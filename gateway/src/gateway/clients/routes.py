"""The API of the registry of clients, for administrators."""

from typing import Annotated

from fastapi import Query

from gateway.clients import service
from gateway.clients.domain import ClientExists, InvalidClientMetadata
from gateway.clients.schemas import ClientView, NewClient
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import InvalidCursor, errors
from onestop_runtime.routing import Read, Write, command_router, query_router

queries = query_router(PREFIX, ["应用"])
commands = command_router(PREFIX, ["应用"])


@queries.get("/clients", summary="已登记的应用", responses=errors(InvalidCursor))
async def list_clients(
    tx: Read, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Page[ClientView]:
    """Return the registered clients in the order of their client ids."""
    after = decode_cursor(cursor, str) or ("",)
    shown, more = page_of(await service.page(tx, after[0], limit + 1), limit)
    following = encode_cursor(shown[-1].client_id) if more else None
    return Page(items=[ClientView.of(it) for it in shown], next=following)


@commands.post(
    "/clients",
    summary="登记应用",
    status_code=201,
    responses=errors(InvalidClientMetadata, ClientExists, NotKnownSurelyEnough),
)
async def register_client(new: NewClient, tx: Write) -> ClientView:
    """Register a client; its secret is not shown again."""
    return ClientView.of(await service.register_by_hand(tx, new.as_client(uuid7())))
