"""The pages on which a person protects his account: password, authenticator, passkeys, recovery codes."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.credentials import passkeys, service
from gateway.credentials.authenticator import address_of, as_text, qr_code
from gateway.credentials.domain import AuthenticatorExists, FactorNotFound, PasskeyRefused, WrongSecondFactor
from gateway.credentials.password import change_password
from gateway.credentials.repository import factors_of, secret_of
from gateway.identity.repository import phone_of
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people, json_for_script
from gateway.phones.domain import masked_phone
from gateway.phones.repository import open_change
from gateway.recovery.repository import open_recovery
from gateway.signin.domain import TooManyAttempts, WrongCredentials
from gateway.signin.onward import Onward, onward_of
from gateway.signin.own_pages import Visitor, visitor
from gateway.signin.password_rules import UnfitPassword
from onestop_legal.errors import NamedError
from onestop_runtime.problems import Overloaded
from onestop_runtime.transaction import acquired

SECURITY: Final = "/account/security"
_PASSWORD: Final = f"{SECURITY}/password"
_AUTHENTICATOR: Final = f"{SECURITY}/authenticator"
_PASSKEYS: Final = f"{SECURITY}/passkeys"
_MAKING: Final = f"{SECURITY}/passkeys/options"
RECOVERY: Final = f"{SECURITY}/recovery"
PHONE: Final = f"{SECURITY}/phone"
CANCEL_PHONE: Final = f"{PHONE}/cancel"
ERASURE: Final = f"{SECURITY}/erasure"
_CODES: Final = f"{SECURITY}/recovery-codes"

router = APIRouter(include_in_schema=False)


@for_people
async def show_security(request: Request) -> Response:
    """Show what protects the account."""
    return await _security_page(await visitor(request))


@for_people
async def show_password(request: Request) -> Response:
    """Ask for the old and the new password."""
    who = await visitor(request)
    who.require_recent()
    return _password_page(who)


@for_people
async def take_password(request: Request) -> Response:
    """Change the password; every other session ends."""
    who = await visitor(request)
    form = await who.form(_PASSWORD)
    who.require_recent()
    try:
        await change_password(who.provider, who.caller, who.session.id, form.get("old", ""), form.get("password", ""))
    except (WrongCredentials, UnfitPassword, TooManyAttempts, Overloaded) as error:
        return _password_page(who, error)
    return redirect(SECURITY, {"done": "password"})


@for_people
async def show_authenticator(request: Request) -> Response:
    """Begin to set up an authenticator: show its secret."""
    who = await visitor(request)
    who.require_recent()
    return await _authenticator_page(who, await onward_of(who.provider, request, query_of(request)))


@for_people
async def take_authenticator(request: Request) -> Response:
    """Have the authenticator count once it shows the right password, or take it away."""
    who = await visitor(request)
    form = await who.form(_AUTHENTICATOR)
    who.require_recent()
    onward, cipher = await onward_of(who.provider, request, form), who.provider.cipher
    if form.get("decision") == "remove":
        async with who.provider.transaction(who.caller) as tx:
            await service.remove_authenticator(tx, cipher, who.person.id)
        return redirect(SECURITY, {"done": "authenticator-removed"})
    try:
        async with who.provider.transaction(who.caller) as tx:
            codes = await service.confirm_authenticator(tx, cipher, who.session, form.get("code", ""))
    except WrongSecondFactor as error:
        return await _authenticator_page(who, onward, error)
    return _added(who, onward, codes)


@for_people
async def tell_what_to_make(request: Request) -> Response:
    """Tell the browser which passkey to have made."""
    who = await visitor(request)
    await who.form(_PASSKEYS)
    who.require_recent(SECURITY)
    async with who.provider.transaction(who.caller) as tx:
        options = await passkeys.options_to_make(tx, who.provider, who.visit, who.person)
    return json_for_script(options)


@for_people
async def take_passkey(request: Request) -> Response:
    """Keep a new passkey, rename one, or take one away."""
    who = await visitor(request)
    form = await who.form(_PASSKEYS)
    who.require_recent(SECURITY)
    if "credential" not in form:
        return await _change_passkey(who, form)
    try:
        async with who.provider.transaction(who.caller) as tx:
            codes = await passkeys.make(
                tx, who.provider, who.visit, who.session, form["credential"], form.get("name", "")
            )
    except PasskeyRefused as error:
        return await _security_page(who, error)
    return _added(who, Onward(), codes)


@for_people
async def take_codes(request: Request) -> Response:
    """Show new recovery codes, once; the old ones are void."""
    who = await visitor(request)
    await who.form(_CODES)
    who.require_recent(SECURITY)
    async with who.provider.transaction(who.caller) as tx:
        if not (await factors_of(tx.connection, who.person.id)).any:
            raise FactorNotFound
        codes = await service.renew_recovery_codes(tx, who.provider.cipher, who.person.id)
    return who.page("account_recovery_codes", codes=codes, onward=Onward())


async def _change_passkey(who: Visitor, form: dict[str, str]) -> Response:
    try:
        passkey_id = UUID(form.get("passkey", ""))
    except ValueError as error:
        raise FactorNotFound from error
    async with who.provider.transaction(who.caller) as tx:
        if form.get("decision") == "remove":
            await passkeys.remove(tx, who.provider.cipher, who.person.id, passkey_id)
        else:
            await passkeys.rename(tx, who.person.id, passkey_id, form.get("name", ""))
    return redirect(SECURITY, {"done": "passkey"})


async def _security_page(who: Visitor, error: NamedError | None = None) -> Response:
    async with acquired(who.provider.context.pool) as connection:
        factors = await factors_of(connection, who.person.id)
        phone = await phone_of(connection, who.provider.cipher, who.person.id)
        change = await open_change(connection, who.provider.cipher, who.person.id)
        asked = await open_recovery(connection, who.person.id, who.provider.context.clock())
    return who.page(
        "account_security",
        recovery=asked,
        phone=masked_phone(phone) if phone else None,
        change=change,
        new_phone=masked_phone(change.phone) if change else None,
        error=error,
        passkeys=True,
        factors=factors,
        done=who.request.query_params.get("done", ""),
        csrf={path: who.csrf(path) for path in (_AUTHENTICATOR, _PASSKEYS, _CODES, RECOVERY, CANCEL_PHONE)},
    )


def _password_page(who: Visitor, error: NamedError | None = None) -> Response:
    return who.page("account_password", error=error, csrf=who.csrf(_PASSWORD), username=who.person.username)


async def _authenticator_page(who: Visitor, onward: Onward, error: NamedError | None = None) -> Response:
    """Show the secret that waits to be confirmed; a new one each time the page is opened."""
    cipher, person = who.provider.cipher, who.person
    async with who.provider.transaction(who.caller) as tx:
        waiting = await secret_of(tx.connection, cipher, person.id) if error else None
        if waiting is not None and waiting.confirmed:
            raise AuthenticatorExists
        secret = waiting.value if waiting else await service.begin_authenticator(tx, cipher, person.id)
    address = address_of(secret, person.username)
    return who.page(
        "account_authenticator",
        error=error,
        csrf=who.csrf(_AUTHENTICATOR),
        onward=onward,
        secret=as_text(secret),
        address=address,
        picture=qr_code(address),
    )


def _added(who: Visitor, onward: Onward, codes: list[str]) -> Response:
    if codes:
        return who.page("account_recovery_codes", codes=codes, onward=onward)
    return redirect("/sign-in/continue", onward.fields) if onward.fields else redirect(SECURITY, {"done": "factor"})


router.add_route(SECURITY, show_security, methods=["GET"])
router.add_route(_PASSWORD, show_password, methods=["GET"])
router.add_route(_PASSWORD, take_password, methods=["POST"])
router.add_route(_AUTHENTICATOR, show_authenticator, methods=["GET"])
router.add_route(_AUTHENTICATOR, take_authenticator, methods=["POST"])
router.add_route(_PASSKEYS, take_passkey, methods=["POST"])
router.add_route(_MAKING, tell_what_to_make, methods=["POST"])
router.add_route(_CODES, take_codes, methods=["POST"])
