"""The API by which our app on a phone approves what it has scanned."""

from typing import Annotated

from fastapi import Path, Request

from gateway.clients.our_app import NotOurApp, session_in_our_app
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.scans import service
from gateway.scans.domain import Scan, ScanGone
from gateway.scans.schemas import ScanAnswer, ScanApproval, ScanView
from onestop_runtime.problems import errors
from onestop_runtime.routing import Write, command_router

commands = command_router(PREFIX, ["扫码登录"], idempotency=False)
Code = Annotated[str, Path(description="二维码地址的最后一段", max_length=64)]
_ERRORS = errors(ScanGone, NotOurApp)


@commands.post("/scans/{code}/opening", summary="打开扫到的登录二维码", responses=_ERRORS)
async def open_scan(code: Code, tx: Write, request: Request) -> ScanView:
    """Open a code for this person alone, and return who asks to be signed in."""
    await session_in_our_app(tx, request)
    address = request.client.host if request.client else ""
    opened = await service.open_scan(tx, provider_of(request), code, address)
    scan = opened.scan
    return ScanView(
        application=scan.application,
        device=scan.device,
        network=scan.network,
        same_network=opened.same_network,
        asked_at=scan.asked_at,
        expires_at=scan.expires_at,
    )


@commands.post("/scans/{code}/approval", summary="同意扫码登录", responses=_ERRORS)
async def approve_scan(code: Code, approval: ScanApproval, tx: Write, request: Request) -> ScanAnswer:
    """Sign the person in at the screen that shows this number; another number refuses."""
    session = await session_in_our_app(tx, request)
    return _answer(await service.answer(tx, code, session, approval.number))


@commands.post("/scans/{code}/refusal", summary="拒绝扫码登录", responses=_ERRORS)
async def refuse_scan(code: Code, tx: Write, request: Request) -> ScanAnswer:
    """Refuse the screen."""
    session = await session_in_our_app(tx, request)
    return _answer(await service.answer(tx, code, session, None))


def _answer(scan: Scan) -> ScanAnswer:
    return ScanAnswer(state="approved" if scan.approved_at else "refused")
