"""The pages of registering: the phone, its code, name and password."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.codes.domain import InvalidPhone, Purpose, WrongCode, phone_number
from gateway.codes.service import Holder, prove
from gateway.identity.domain import Registration, UsernameTaken
from gateway.identity.service import ask_to_register, register
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.signin.domain import TooManyAttempts
from gateway.signin.onward import Onward, onward_of, read_form
from gateway.signin.own_pages import Guest, guest
from gateway.signin.password_rules import UnfitPassword
from gateway.signin.routes import go_in
from onestop_legal.errors import FieldErrors, NamedError
from onestop_runtime.problems import Overloaded

router = APIRouter(include_in_schema=False)


@for_people
async def show_phone(request: Request) -> Response:
    """Ask for the phone."""
    here = guest(request)
    return _phone_page(here, await onward_of(here.provider, request, query_of(request)))


@for_people
async def take_phone(request: Request) -> Response:
    """Send a code to the phone."""
    here = guest(request)
    form, onward = await read_form(here, "register")
    try:
        await ask_to_register(here.provider, _holder(here), phone_number(form.get("phone", "")))
    except (InvalidPhone, TooManyAttempts) as error:
        return _phone_page(here, onward, error=error, phone=form.get("phone", ""))
    return redirect("/register/code", onward.fields)


@for_people
async def show_code(request: Request) -> Response:
    """Ask for the code."""
    here = guest(request)
    return _code_page(here, await onward_of(here.provider, request, query_of(request)))


@for_people
async def take_code(request: Request) -> Response:
    """Check the code."""
    here = guest(request)
    form, onward = await read_form(here, "register-code")
    try:
        await prove(here.provider, _holder(here), Purpose.REGISTER, form.get("code", ""))
    except WrongCode as error:
        return _code_page(here, onward, error=error)
    return redirect("/register/details", onward.fields)


@for_people
async def show_details(request: Request) -> Response:
    """Ask for name, identity number, user name and password."""
    here = guest(request)
    return _details_page(here, await onward_of(here.provider, request, query_of(request)), {})


@for_people
async def take_details(request: Request) -> Response:
    """Register, sign in, and go on."""
    here = guest(request)
    form, onward = await read_form(here, "register-details")
    try:
        names = (form.get(name, "") for name in ("username", "name", "identity_number"))
        person = await register(here.provider, _holder(here), Registration.read(*names), form.get("password", ""))
    except (FieldErrors, UnfitPassword, UsernameTaken, WrongCode, Overloaded) as error:
        return _details_page(here, onward, form, error=error)
    return await go_in(here, onward, person, ("pwd", "sms", "mfa"))


def _holder(here: Guest) -> Holder:
    return Holder(here.visit, here.address)


def _phone_page(here: Guest, onward: Onward, *, phone: str = "", error: NamedError | None = None) -> Response:
    csrf = here.csrf(onward.purpose("register"))
    return here.page("register", error=error, onward=onward, csrf=csrf, phone=phone)


def _code_page(here: Guest, onward: Onward, *, error: NamedError | None = None) -> Response:
    csrf = here.csrf(onward.purpose("register-code"))
    return here.page("register_code", error=error, onward=onward, csrf=csrf)


def _details_page(here: Guest, onward: Onward, entered: dict[str, str], *, error: NamedError | None = None) -> Response:
    csrf = here.csrf(onward.purpose("register-details"))
    return here.page(
        "register_details",
        error=error,
        leads_to=onward.leads_to,
        onward=onward,
        csrf=csrf,
        expired=isinstance(error, WrongCode),
        entered={name: entered.get(name, "") for name in ("username", "name", "identity_number")},
    )


for _path, _show, _take in (
    ("/register", show_phone, take_phone),
    ("/register/code", show_code, take_code),
    ("/register/details", show_details, take_details),
):
    router.add_route(_path, _show, methods=["GET"])
    router.add_route(_path, _take, methods=["POST"])
