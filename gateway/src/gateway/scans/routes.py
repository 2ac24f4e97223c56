"""The screen that shows a code, and the page that a phone opens by scanning it."""

from typing import Any, Final
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import Response

from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.pages.language import N_
from gateway.scans import service
from gateway.scans.domain import Scan, ScanGone
from gateway.signin.onward import Onward, onward_of, read_form
from gateway.signin.own_pages import Guest, guest, own_visitor
from gateway.signin.routes import arrival_of, go_in
from onestop_runtime.caller import Caller

SCREEN: Final = "/sign-in/scan"
PHONE: Final = "/scan/{code}"
_LOOK_SECONDS: Final = 3
"""How often a screen without script looks whether its phone has answered; at most for the two minutes of a code."""
_PURPOSE: Final = "scan"
_APPROVED: Final = N_("已确认，请看电脑或终端的屏幕，那里会自动继续。")
_REFUSED: Final = N_("已拒绝，那台设备不会以您的身份登录。")
_WRONG: Final = N_("数字与屏幕上的不一致，本次登录已取消。如果这不是您本人操作，请不要再次扫描。")


@for_people
async def show_code(request: Request) -> Response:
    """Let this browser wait for a phone."""
    here = guest(request)
    _, onward = await read_form(here, "sign-in")
    if not onward.scannable:
        return redirect(f"/sign-in{onward.query}", {})
    arrival = arrival_of(here.provider, request, onward.under_way)
    async with here.provider.transaction(Caller(client=arrival.client_id, channel="web")) as tx:
        scan_id = await service.show(tx, here.provider, arrival, onward.client_name or "", here.visit)
    return redirect(SCREEN, {"scan": str(scan_id), **onward.fields})


@for_people
async def wait_for_phone(request: Request) -> Response:
    """Show the code, then the number that the phone has to repeat; once it has, sign in and go on."""
    here, query = guest(request), query_of(request)
    onward = await onward_of(here.provider, request, query)
    async with here.provider.transaction(Caller(client="", channel="web")) as tx:
        scan = await service.scan_at(tx, _id_of(query), here.visit)
        approver = await service.take(tx, scan) if scan.approved_at else None
    if approver is None:
        return _screen(here, onward, scan)
    return await go_in(here, onward, approver.person, approver.methods, approver.signed_in_at)


@for_people
async def show_scan(request: Request) -> Response:
    """Show the phone who asks to be signed in."""
    who = await own_visitor(request)
    async with who.provider.transaction(who.caller) as tx:
        opened = await service.open_scan(tx, who.provider, request.path_params["code"], who.address)
    return who.page(
        "scan",
        csrf=who.csrf(_PURPOSE),
        application=opened.scan.application,
        device=opened.scan.device,
        network=opened.scan.network,
        same_network=opened.same_network,
    )


@for_people
async def take_scan(request: Request) -> Response:
    """Take the phone's answer."""
    who = await own_visitor(request)
    form = await who.form(_PURPOSE)
    approves = form.get("decision") == "approve"
    number = form.get("number", "") if approves else None
    async with who.provider.transaction(who.caller) as tx:
        answered = await service.answer(tx, request.path_params["code"], who.session, number)
    approved = answered.approved_at is not None
    text = _APPROVED if approved else _WRONG if approves else _REFUSED
    return who.page("scan_answered", approved=approved, text=text)


def _id_of(query: dict[str, str]) -> UUID:
    try:
        return UUID(query.get("scan", ""))
    except ValueError as error:
        raise ScanGone from error


def _screen(here: Guest, onward: Onward, scan: Scan) -> Response:
    request, issuer = here.request, here.provider.issuer
    waits, by_hand = scan.waits(here.provider.context.clock()), "by_hand" in request.query_params
    shown: dict[str, Any] = {
        "picture": _picture(f"{issuer}{PHONE.format(code=service.code_of(scan.id, here.visit))}"),
        "number": scan.number if scan.person_id else None,
        "waits": waits,
        "refused": scan.refused_at is not None,
        "by_hand": by_hand,
        "again": str(request.url.include_query_params(by_hand="1").replace(scheme="", netloc="")),
        "csrf": here.csrf(onward.purpose("sign-in")),
        "onward": onward,
    }
    response = here.page("scan_screen", leads_to=onward.leads_to, **shown)
    if waits and not by_hand:
        response.headers["Refresh"] = str(_LOOK_SECONDS)
    return response


def _picture(address: str) -> str:
    """Return a QR code of an address as a `data:` address of an SVG."""
    return segno.make(address, error="m", micro=False).svg_data_uri(omitsize=True, border=4)
