"""The pages on which a person changes his phone number, and on which who got the notice says no."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.codes.domain import InvalidPhone, WrongCode, phone_number
from gateway.codes.service import Holder
from gateway.credentials.pages import CANCEL_PHONE, PHONE, SECURITY
from gateway.identity.repository import phone_of
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.phones import service
from gateway.phones.domain import PhoneUnchanged, masked_phone
from gateway.phones.service import CANCEL
from gateway.signin.domain import TooManyAttempts
from gateway.signin.own_pages import Visitor, guest, visitor
from onestop_legal.errors import NamedError
from onestop_runtime.transaction import acquired

_CODE: Final = f"{PHONE}/code"

router = APIRouter(include_in_schema=False)


@for_people
async def show_phone(request: Request) -> Response:
    """Ask for the new number."""
    who = await visitor(request)
    who.require_recent()
    return await _phone_page(who)


@for_people
async def take_phone(request: Request) -> Response:
    """Send a code to it."""
    who = await visitor(request)
    form = await who.form(PHONE)
    who.require_recent(PHONE)
    typed = form.get("phone", "")
    try:
        await service.ask_to_change(who.provider, _holder(who), who.caller, phone_number(typed))
    except (InvalidPhone, PhoneUnchanged, TooManyAttempts) as error:
        return await _phone_page(who, typed, error)
    return redirect(_CODE, {})


@for_people
async def show_code(request: Request) -> Response:
    """Ask for the code."""
    who = await visitor(request)
    who.require_recent(PHONE)
    return _code_page(who)


@for_people
async def take_code(request: Request) -> Response:
    """Check the code; the number counts at once, or after the wait."""
    who = await visitor(request)
    form = await who.form(_CODE)
    who.require_recent(PHONE)
    try:
        await service.prove_new(who.provider, _holder(who), who.caller, form.get("code", ""), strong=who.session.strong)
    except WrongCode as error:
        return _code_page(who, error)
    return redirect(SECURITY, {"done": "phone"})


@for_people
async def take_own_cancel(request: Request) -> Response:
    """Take the no of the owner, who is signed in."""
    who = await visitor(request)
    await who.form(CANCEL_PHONE)
    async with who.provider.transaction(who.caller) as tx:
        await service.cancel_own(tx, who.provider.cipher, who.person.id)
    return redirect(SECURITY, {"done": "phone-cancelled"})


@for_people
async def show_cancel(request: Request) -> Response:
    """Ask who got a notice whether it was not he who asked; programs that look at addresses cancel nothing."""
    here = guest(request)
    word = query_of(request).get("notice", "")
    await service.require_told_of(here.provider, word)
    return here.page("phone_cancel", word=word, csrf=here.csrf(CANCEL))


@for_people
async def take_cancel(request: Request) -> Response:
    """Take the no of the old number."""
    here = guest(request)
    form = await here.form(CANCEL)
    await service.cancel_by_notice(here.provider, form.get("notice", ""))
    return here.page("phone_cancelled")


def _holder(who: Visitor) -> Holder:
    return Holder(who.visit, who.address)


async def _phone_page(who: Visitor, typed: str = "", error: NamedError | None = None) -> Response:
    async with acquired(who.provider.context.pool) as connection:
        known = await phone_of(connection, who.provider.cipher, who.person.id)
    return who.page(
        "account_phone",
        error=error,
        csrf=who.csrf(PHONE),
        present=masked_phone(known) if known else None,
        phone=typed,
        waits=known is not None and not who.session.strong,
    )


def _code_page(who: Visitor, error: NamedError | None = None) -> Response:
    return who.page("account_phone_code", error=error, csrf=who.csrf(_CODE))


for _path, _show, _take in (
    (PHONE, show_phone, take_phone),
    (_CODE, show_code, take_code),
    (CANCEL, show_cancel, take_cancel),
):
    router.add_route(_path, _show, methods=["GET"])
    router.add_route(_path, _take, methods=["POST"])
router.add_route(CANCEL_PHONE, take_own_cancel, methods=["POST"])
