"""The API of erasure: for oneself, and with four eyes for officials."""

from uuid import UUID

from fastapi import Request

from gateway.erasures import service
from gateway.erasures.domain import (
    ErasureDecided,
    ErasureExists,
    ErasureNotFound,
    ProposedErasureYourself,
    StillRepresents,
    StillServes,
)
from gateway.erasures.schemas import ErasureView, Proposal, Refusal
from gateway.identity.domain import PersonNotFound
from gateway.own_api import principal_of
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from gateway.signin.domain import SignInTooOld, require_recent
from gateway.signin.recent import recent_session
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router

queries = query_router(PREFIX, ["个人信息删除"])
commands = command_router(PREFIX, ["个人信息删除"])

_RELIED_ON = (StillServes, StillRepresents)
_DECIDING = (ErasureNotFound, ErasureDecided, NotKnownSurelyEnough)


@commands.post(
    "/me/erasure",
    summary="注销账号，删除我的信息",
    responses=errors(*_RELIED_ON, SignInTooOld, PersonNotFound),
)
async def erase_me(tx: Write, request: Request) -> ErasureView:
    """Erase the person who asks; cannot be undone. Cases, licences and what else the law keeps stays, by opaque id."""
    PERMISSIONS.require(tx.caller, "erasure.ask")
    await recent_session(tx.connection, request)
    provider = provider_of(request)
    done, ended = await service.ask(tx, provider.cipher)
    provider.revoked.add(ended)
    return ErasureView.of(done)


@commands.post(
    "/people/{person_id}/erasures",
    summary="提出删除个人信息",
    status_code=201,
    responses=errors(PersonNotFound, ErasureExists, NotKnownSurelyEnough, *_RELIED_ON),
)
async def propose(person_id: UUID, proposal: Proposal, tx: Write) -> ErasureView:
    """Propose to erase a person; nothing happens before another official agrees."""
    return ErasureView.of(await service.propose(tx, person_id, proposal.ground, proposal.reason))


@queries.get("/erasures", summary="待审核的删除")
async def list_waiting(tx: Read, cursor: Cursor = None, limit: Limit = 20) -> Page[ErasureView]:
    """Return what waits for a decision, the oldest first."""
    after = decode_cursor(cursor, UUID)
    shown, more = page_of(await service.waiting(tx, after[0] if after else None, limit + 1), limit)
    following = encode_cursor(shown[-1].id) if more else None
    return Page(items=[ErasureView.of(it) for it in shown], next=following)


@queries.get("/erasures/{erasure_id}", summary="一项删除", responses=errors(ErasureNotFound))
async def read(erasure_id: UUID, tx: Read) -> ErasureView:
    """Return an erasure."""
    return ErasureView.of(await service.read(tx, erasure_id))


@commands.post(
    "/erasures/{erasure_id}/approval",
    summary="同意删除",
    responses=errors(*_DECIDING, ProposedErasureYourself, PersonNotFound, SignInTooOld, *_RELIED_ON),
)
async def approve(erasure_id: UUID, tx: Write, if_match: IfMatch, request: Request) -> ErasureView:
    """Agree, and erase the person at once; cannot be undone."""
    PERMISSIONS.require(tx.caller, "erasure.approve")
    require_recent(principal_of(request), tx.now)
    provider = provider_of(request)
    done, ended = await service.approve(tx, provider.cipher, erasure_id, if_match)
    provider.revoked.add(ended)
    return ErasureView.of(done)


@commands.post("/erasures/{erasure_id}/refusal", summary="不予删除", responses=errors(*_DECIDING))
async def refuse(erasure_id: UUID, why: Refusal, tx: Write, if_match: IfMatch) -> ErasureView:
    """Turn down what was proposed, or take back what one proposed oneself."""
    return ErasureView.of(await service.refuse(tx, erasure_id, why.reason, if_match))
