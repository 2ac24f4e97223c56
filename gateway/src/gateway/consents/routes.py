"""The API of consents."""

from fastapi import Request

from gateway.consents import service
from gateway.consents.domain import AccessNotFound
from gateway.consents.schemas import AccessView
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Read, Write, command_router, query_router

queries = query_router(PREFIX, ["授权应用"])
commands = command_router(PREFIX, ["授权应用"])


@queries.get("/consents", summary="我授权的应用")
async def my_consents(tx: Read) -> list[AccessView]:
    """Return which applications may have something of the caller: what, since when, when they last used it."""
    return [AccessView.of(it) for it in await service.own(tx)]


@commands.delete("/consents/{client_id}", summary="收回对应用的授权", status_code=204, responses=errors(AccessNotFound))
async def withdraw_consent(client_id: str, tx: Write, request: Request) -> None:
    """Let an application have nothing any more; its tokens for the caller are refused within a second."""
    provider_of(request).revoked.add(await service.withdraw(tx, client_id))
