"""The pages of coming back into one's account."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.codes.domain import InvalidPhone, Purpose, WrongCode, phone_number
from gateway.codes.service import Holder, prove
from gateway.credentials.domain import WrongSecondFactor
from gateway.credentials.pages import RECOVERY, SECURITY
from gateway.identity.domain import Facts
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.recovery import service
from gateway.recovery.domain import RecoveryNotRipe
from gateway.recovery.service import CANCEL
from gateway.signin.domain import TooManyAttempts
from gateway.signin.own_pages import Guest, guest, visitor
from gateway.signin.password_rules import UnfitPassword
from gateway.signin.routes import arrival_of
from onestop_legal.errors import FieldErrors, NamedError
from onestop_runtime.problems import Overloaded

_PHONE: Final = "/recover"
_CODE: Final = "/recover/code"
_STANDING: Final = "/recover/standing"
_CHOSEN: Final = "/recover/chosen"
_ZONE: Final = timedelta(hours=8)

router = APIRouter(include_in_schema=False)


@for_people
async def show_phone(request: Request) -> Response:
    """Ask for phone, name and identity number."""
    return _phone_page(guest(request), {})


@for_people
async def take_phone(request: Request) -> Response:
    """Send a code when they belong together."""
    here = guest(request)
    form = await here.form(_PHONE)
    try:
        facts = Facts.read(form.get("name", ""), form.get("identity_number", ""))
        await service.ask_to_recover(here.provider, _holder(here), phone_number(form.get("phone", "")), facts)
    except (InvalidPhone, FieldErrors, TooManyAttempts) as error:
        return _phone_page(here, form, error)
    return redirect(_CODE, {})


@for_people
async def show_code(request: Request) -> Response:
    """Ask for the code."""
    return _code_page(guest(request))


@for_people
async def take_code(request: Request) -> Response:
    """Check the code; a recovery begins, or goes on."""
    here = guest(request)
    form = await here.form(_CODE)
    try:
        await prove(here.provider, _holder(here), Purpose.RECOVER, form.get("code", ""))
        await service.standing(here.provider, _holder(here))
    except WrongCode as error:
        return _code_page(here, error)
    return redirect(_STANDING, {})


@for_people
async def show_standing(request: Request) -> Response:
    """Show from when on the new password may be set, or ask for it."""
    return await _standing_page(guest(request))


@for_people
async def take_second_factor(request: Request) -> Response:
    """Take a second factor in place of the wait."""
    here = guest(request)
    form = await here.form(_STANDING)
    try:
        arrival = arrival_of(here.provider, request, None)
        await service.hasten(here.provider, _holder(here), form.get("code", ""), arrival)
    except (WrongCode, WrongSecondFactor, TooManyAttempts) as error:
        return await _standing_page(here, error)
    return redirect(_STANDING, {})


@for_people
async def take_password(request: Request) -> Response:
    """Set the new password."""
    here = guest(request)
    form = await here.form(_CHOSEN)
    try:
        await service.set_password(here.provider, _holder(here), form.get("password", ""))
    except (WrongCode, UnfitPassword, RecoveryNotRipe, Overloaded) as error:
        return await _standing_page(here, error)
    return here.page("recovered")


@for_people
async def show_cancel(request: Request) -> Response:
    """Ask who got a notice whether it was not he who asked; programs that look at addresses cancel nothing."""
    here = guest(request)
    word = query_of(request).get("notice", "")
    await service.told_of(here.provider, word)
    return here.page("recovery_cancel", word=word, csrf=here.csrf(CANCEL))


@for_people
async def take_cancel(request: Request) -> Response:
    """Take the owner's no."""
    here = guest(request)
    form = await here.form(CANCEL)
    await service.cancel_by_notice(here.provider, form.get("notice", ""))
    return here.page("recovery_cancelled")


@for_people
async def take_own_cancel(request: Request) -> Response:
    """Take the no of the owner, who is signed in."""
    who = await visitor(request)
    await who.form(RECOVERY)
    async with who.provider.transaction(who.caller) as tx:
        await service.cancel_own(tx, who.provider.cipher, who.person.id)
    return redirect(SECURITY, {"done": "recovery"})


def _holder(here: Guest) -> Holder:
    return Holder(here.visit, here.address)


def _phone_page(here: Guest, entered: dict[str, str], error: NamedError | None = None) -> Response:
    fields = {name: entered.get(name, "") for name in ("phone", "name", "identity_number")}
    return here.page("recover", error=error, csrf=here.csrf(_PHONE), entered=fields)


def _code_page(here: Guest, error: NamedError | None = None) -> Response:
    return here.page("recover_code", error=error, csrf=here.csrf(_CODE))


async def _standing_page(here: Guest, error: NamedError | None = None) -> Response:
    """Return the page that says how far one is; who proved his phone too long ago begins anew."""
    try:
        found = await service.standing(here.provider, _holder(here))
    except WrongCode as expired:
        return _phone_page(here, {}, expired)
    return here.page(
        "recover_standing",
        error=error,
        ripe=found.recovery.ripe_at <= here.provider.context.clock(),
        ripe_at=f"{found.recovery.ripe_at + _ZONE:%Y-%m-%d %H:%M}",
        factors=found.factors,
        username=found.person.username,
        csrf=here.csrf(_STANDING),
        password_csrf=here.csrf(_CHOSEN),
    )


for _path, _show, _take in (
    (_PHONE, show_phone, take_phone),
    (_CODE, show_code, take_code),
    (_STANDING, show_standing, take_second_factor),
    (CANCEL, show_cancel, take_cancel),
):
    router.add_route(_path, _show, methods=["GET"])
    router.add_route(_path, _take, methods=["POST"])
router.add_route(_CHOSEN, take_password, methods=["POST"])
router.add_route(RECOVERY, take_own_cancel, methods=["POST"])
