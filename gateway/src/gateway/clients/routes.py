"""The API of the registry of clients: for administrators, and for departments as far as their own systems go."""

from typing import Annotated, Final

from fastapi import Query, Request, Response

from gateway.clients import service
from gateway.clients.domain import ClientExists, ClientNotFound, ClientState, ProposedByYourself, WrongClientState
from gateway.clients.metadata import InvalidClientMetadata
from gateway.clients.schemas import (
    ChangedClient,
    ChangeView,
    ClientView,
    NewClient,
    NewSecret,
    Reason,
    SecretRenewal,
)
from gateway.own_api import principal_of
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.signin.domain import SignInTooOld, require_recent
from gateway.tokens.principal import name_of_client
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router

queries = query_router(PREFIX, ["应用"])
commands = command_router(PREFIX, ["应用"])

_LATEST: Final = 1 << 62
_CHANGING = (ClientNotFound, WrongClientState, NotKnownSurelyEnough)
_OPENING = (*_CHANGING, SignInTooOld)
"""What opens the door to a program takes a sign-in not older than ten minutes; to shut it does not."""


@queries.get("/clients", summary="已登记的应用")
async def list_clients(
    tx: Read,
    *,
    state: Annotated[ClientState | None, Query(description="状态，例如 proposed 为待审核")] = None,
    agency: Annotated[str | None, Query(max_length=18, description="所属部门的统一社会信用代码")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ClientView]:
    """Return the registered clients in the order of their client ids; departments see their own."""
    after = decode_cursor(cursor, str) or ("",)
    rows = await service.page(tx, after[0], limit + 1, state=state, agency=agency)
    shown, more = page_of(rows, limit)
    following = encode_cursor(shown[-1].client_id) if more else None
    return Page(items=[ClientView.of(it) for it in shown], next=following)


@queries.get("/clients/{client_id}", summary="一个应用", responses=errors(ClientNotFound))
async def read_client(client_id: str, tx: Read) -> ClientView:
    """Return a client, with the change that waits for approval."""
    return ClientView.of(await service.read(tx, client_id))


@queries.get("/clients/{client_id}/history", summary="变更记录", responses=errors(ClientNotFound))
async def read_history(client_id: str, tx: Read, cursor: Cursor = None, limit: Limit = 20) -> Page[ChangeView]:
    """Return what was changed of a client, the latest first."""
    before = decode_cursor(cursor, int) or (_LATEST,)
    shown, more = page_of(await service.history(tx, client_id, before[0], limit + 1), limit)
    following = encode_cursor(shown[-1].version) if more else None
    return Page(items=[ChangeView.of(it) for it in shown], next=following)


@commands.post(
    "/clients",
    summary="登记应用",
    status_code=201,
    responses=errors(InvalidClientMetadata, ClientExists, NotKnownSurelyEnough, SignInTooOld),
)
async def register_client(new: NewClient, tx: Write, request: Request) -> ClientView:
    """Register a client, or propose that (`state` says which); its secret is not shown again."""
    require_recent(principal_of(request), tx.now)
    return ClientView.of(await service.register_by_hand(tx, provider_of(request).rules, new))


@commands.put(
    "/clients/{client_id}",
    summary="变更登记",
    responses=errors(*_OPENING, InvalidClientMetadata),
)
async def change_client(
    client_id: str, wanted: ChangedClient, tx: Write, if_match: IfMatch, request: Request
) -> ClientView:
    """Register a client with this metadata from now on, or propose that (`draft`); its secrets stay."""
    require_recent(principal_of(request), tx.now)
    return ClientView.of(await service.change(tx, provider_of(request).rules, client_id, if_match, wanted))


@commands.post(
    "/clients/{client_id}/approval",
    summary="同意登记或变更",
    responses=errors(*_OPENING, ProposedByYourself, InvalidClientMetadata),
)
async def approve_client(client_id: str, tx: Write, if_match: IfMatch, request: Request) -> ClientView:
    """Agree to what waits of a client: its registration, or its draft."""
    require_recent(principal_of(request), tx.now)
    return ClientView.of(await service.approve(tx, provider_of(request).rules, client_id, if_match))


@commands.post("/clients/{client_id}/refusal", summary="不同意登记或变更", responses=errors(*_CHANGING))
async def refuse_client(client_id: str, why: Reason, tx: Write, if_match: IfMatch) -> ClientView:
    """Turn down what waits of a client: a registration ends, a draft is dropped."""
    return ClientView.of(await service.refuse(tx, client_id, if_match, why.reason))


@commands.post("/clients/{client_id}/suspension", summary="立即停用", responses=errors(*_CHANGING))
async def suspend_client(client_id: str, why: Reason, tx: Write, request: Request) -> ClientView:
    """Let a client in no more; its tokens and all grants are void at once, in every process within a second."""
    suspended = ClientView.of(await service.suspend(tx, client_id, why.reason))
    provider_of(request).revoked.add([name_of_client(client_id)])
    return suspended


@commands.post("/clients/{client_id}/resumption", summary="恢复使用", responses=errors(*_OPENING))
async def resume_client(client_id: str, why: Reason, tx: Write, if_match: IfMatch, request: Request) -> ClientView:
    """Let a suspended client in again, within a second; people sign in anew."""
    require_recent(principal_of(request), tx.now)
    return ClientView.of(await service.resume(tx, client_id, if_match, why.reason))


@commands.post("/clients/{client_id}/termination", summary="注销应用", responses=errors(*_OPENING))
async def end_client(client_id: str, why: Reason, tx: Write, if_match: IfMatch, request: Request) -> ClientView:
    """Let a client in never again; its name stays taken."""
    require_recent(principal_of(request), tx.now)
    ended = ClientView.of(await service.end(tx, client_id, if_match, why.reason))
    provider_of(request).revoked.add([name_of_client(client_id)])
    return ended


@commands.post("/clients/{client_id}/secret", summary="更换密钥", status_code=201, responses=errors(*_OPENING))
async def renew_secret(
    client_id: str, renewal: SecretRenewal, tx: Write, request: Request, response: Response
) -> NewSecret:
    """Make a new secret, shown this once; the one so far is good beside it for a while."""
    require_recent(principal_of(request), tx.now)
    client, secret = await service.renew_secret(tx, client_id, renewal.overlap)
    response.headers["Cache-Control"] = "no-store"
    return NewSecret.model_validate(
        {
            "client_id": client.client_id,
            "client_secret": secret,
            "former_secrets_valid_until": client.former_secrets_until,
        }
    )
