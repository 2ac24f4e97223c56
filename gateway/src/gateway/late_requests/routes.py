"""The API by which a terminal hands in what it kept while its line was lost."""

from fastapi import Request

from gateway.late_requests import service
from gateway.late_requests.carrying import Carrier
from gateway.late_requests.domain import BrokenChain
from gateway.late_requests.schemas import BatchReport, TerminalBatch
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.terminals.domain import TerminalNotFound
from onestop_legal.errors import FieldErrors
from onestop_runtime.problems import errors
from onestop_runtime.routing import Who, stream_router

router = stream_router(PREFIX, ["自助终端"])


@router.post(
    "/terminal-batches",
    summary="提交断网期间保存的请求",
    responses=errors(FieldErrors, BrokenChain, TerminalNotFound),
)
async def hand_in(batch: TerminalBatch, caller: Who, request: Request) -> BatchReport:
    """Carry out signed requests in their order, each once; who hands them in again gets the same answers."""
    provider = provider_of(request)
    carrier = Carrier(request.app.state.edge, provider, request.client.host if request.client else "")
    return BatchReport.of(await service.hand_in(provider, carrier, caller, batch.requests))
