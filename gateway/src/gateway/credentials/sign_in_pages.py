"""The pages of signing in with a second factor, a passkey, or a code sent to the phone."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.codes.domain import WrongCode
from gateway.codes.service import Holder
from gateway.credentials import passkeys
from gateway.credentials.domain import PasskeyRefused, WrongSecondFactor
from gateway.credentials.repository import factors_of, pending_in
from gateway.credentials.service import show_second_factor
from gateway.identity.service import ask_to_sign_in, sign_in_by_code
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people, json_for_script
from gateway.people.repository import person_by_id
from gateway.signin.cookies import SESSION
from gateway.signin.domain import TooManyAttempts
from gateway.signin.onward import Onward, onward_of, read_form
from gateway.signin.own_pages import Guest, guest, visitor
from gateway.signin.routes import OWED, SIGN_IN, arrival_of, arrive, form_page, go_in, go_on
from gateway.signin.service import current_session
from gateway.tokens.opaque import digest
from onestop_legal.errors import NamedError
from onestop_runtime.transaction import acquired

SECOND: Final = "/sign-in/second-factor"
_PASSKEY: Final = "/sign-in/passkey"
_SIGNING: Final = "/sign-in/passkey/options"
_CODE: Final = "/sign-in/code"
_TYPED: Final = "/sign-in/code/typed"

router = APIRouter(include_in_schema=False)


@for_people
async def show_second(request: Request) -> Response:
    """Ask for the second factor of who has shown the first in this browser."""
    here = guest(request)
    return await _second_page(here, await onward_of(here.provider, request, query_of(request)))


@for_people
async def take_second(request: Request) -> Response:
    """Check the second factor; then go on with what led here."""
    here = guest(request)
    provider = here.provider
    form, onward = await read_form(here, SIGN_IN)
    async with acquired(provider.context.pool) as connection:
        pending = await pending_in(connection, digest(here.visit), provider.context.clock())
        person = await person_by_id(connection, pending.person_id) if pending else None
    if pending is None or person is None:
        return redirect("/sign-in", onward.fields)
    arrival = arrival_of(provider, request, onward.under_way)
    current = await current_session(provider, provider.cookies.read(request, SESSION))
    try:
        signed_in = await show_second_factor(
            provider, here.visit, person, pending, form.get("code", ""), arrival=arrival, current=current
        )
    except (WrongSecondFactor, TooManyAttempts) as error:
        return await _second_page(here, onward, error)
    return await arrive(provider, request, onward.under_way, signed_in, onward.afterwards)


@for_people
async def tell_what_to_sign(request: Request) -> Response:
    """Tell the browser what to have signed with a passkey."""
    here = guest(request)
    await read_form(here, SIGN_IN)
    return json_for_script(await passkeys.options_to_use(here.provider, here.visit))


@for_people
async def take_passkey(request: Request) -> Response:
    """Let in who has signed with his passkey; it counts for both factors."""
    here = guest(request)
    form, onward = await read_form(here, SIGN_IN)
    try:
        person, methods = await passkeys.use(here.provider, here.visit, form.get("credential", ""))
    except PasskeyRefused as error:
        return form_page(here, onward, error=error)
    return await go_in(here, onward, person, methods)


@for_people
async def show_code(request: Request) -> Response:
    """Ask to whose phone a code is to be sent."""
    here = guest(request)
    return _code_page(here, await onward_of(here.provider, request, query_of(request)))


@for_people
async def take_code(request: Request) -> Response:
    """Send a code to the phone of an account, when there is one; the answer is the same when there is none."""
    here = guest(request)
    form, onward = await read_form(here, SIGN_IN)
    account = form.get("account", "")
    try:
        arrival = arrival_of(here.provider, request, onward.under_way)
        await ask_to_sign_in(here.provider, Holder(here.visit, here.address), account, arrival)
    except TooManyAttempts as error:
        return _code_page(here, onward, error, account=account)
    return redirect(_TYPED, onward.fields)


@for_people
async def show_typed(request: Request) -> Response:
    """Ask for the code."""
    here = guest(request)
    return _typed_page(here, await onward_of(here.provider, request, query_of(request)))


@for_people
async def take_typed(request: Request) -> Response:
    """Check the code; then go on with what led here."""
    here = guest(request)
    provider = here.provider
    form, onward = await read_form(here, SIGN_IN)
    holder = Holder(here.visit, here.address)
    try:
        person = await sign_in_by_code(provider, holder, form.get("code", ""))
    except WrongCode as error:
        return _typed_page(here, onward, error)
    return await go_in(here, onward, person, ("sms",))


@for_people
async def show_owed(request: Request) -> Response:
    """Tell somebody that his office asks for a second factor, which he has yet to set up."""
    who = await visitor(request)
    return who.page("second_factor_owed", onward=await onward_of(who.provider, request, query_of(request)))


@for_people
async def continue_now(request: Request) -> Response:
    """Go on with what led here, as who is signed in."""
    here = guest(request)
    onward = await onward_of(here.provider, request, query_of(request))
    session = await current_session(here.provider, here.provider.cookies.read(request, SESSION))
    if session is None:
        return redirect("/sign-in", onward.fields)
    return await go_on(here.provider, request, onward, session)


async def _second_page(here: Guest, onward: Onward, error: NamedError | None = None) -> Response:
    async with acquired(here.provider.context.pool) as connection:
        pending = await pending_in(connection, digest(here.visit), here.provider.context.clock())
        factors = await factors_of(connection, pending.person_id) if pending else None
    if factors is None:
        return redirect("/sign-in", onward.fields)
    return here.page(
        "second_factor",
        error=error,
        passkeys=bool(factors.passkeys),
        leads_to=onward.leads_to,
        onward=onward,
        csrf=here.csrf(onward.purpose(SIGN_IN)),
        factors=factors,
    )


def _code_page(here: Guest, onward: Onward, error: NamedError | None = None, *, account: str = "") -> Response:
    return here.page(
        "sign_in_code", error=error, onward=onward, csrf=here.csrf(onward.purpose(SIGN_IN)), account=account
    )


def _typed_page(here: Guest, onward: Onward, error: NamedError | None = None) -> Response:
    return here.page(
        "sign_in_code_typed",
        error=error,
        leads_to=onward.leads_to,
        onward=onward,
        csrf=here.csrf(onward.purpose(SIGN_IN)),
    )


router.add_route(OWED, show_owed, methods=["GET"])
router.add_route("/sign-in/continue", continue_now, methods=["GET"])
router.add_route(SECOND, show_second, methods=["GET"])
router.add_route(SECOND, take_second, methods=["POST"])
router.add_route(_SIGNING, tell_what_to_sign, methods=["POST"])
router.add_route(_PASSKEY, take_passkey, methods=["POST"])
router.add_route(_CODE, show_code, methods=["GET"])
router.add_route(_CODE, take_code, methods=["POST"])
router.add_route(_TYPED, show_typed, methods=["GET"])
router.add_route(_TYPED, take_typed, methods=["POST"])
