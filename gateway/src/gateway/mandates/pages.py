"""The pages on which a person lets others act for him, acts for others, and ends either."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.codes.domain import WrongCode
from gateway.identity.named import Named
from gateway.mandates import by_code, repository, service
from gateway.mandates.domain import (
    RELATIVES,
    TOWNSHIP_AGENT,
    Basis,
    GuardianNeeded,
    Mandate,
    MandateEnded,
    MandateExists,
    MandateNotFound,
    MandateNotWaiting,
    MandateToOneself,
    NoPhone,
    NotARepresentative,
    NotYoursToConfirm,
    Side,
    Terms,
)
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.people.callers import caller_as
from gateway.people.domain import SELF, NotKnownSurelyEnough
from gateway.signin.domain import TooManyAttempts
from gateway.signin.own_pages import Visitor, own_visitor
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_runtime.caller import Caller
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import acquired

MANDATES: Final = "/account/mandates"
_GIVE: Final = f"{MANDATES}/give"
_ASK: Final = f"{MANDATES}/ask"
_REFUSALS: Final = (
    FieldErrors, NotKnownSurelyEnough, NotARepresentative, MandateToOneself, GuardianNeeded, MandateExists,
)  # fmt: skip
_TROUBLES: Final = (
    StaleVersion, MandateNotWaiting, MandateEnded, NotYoursToConfirm, NotKnownSurelyEnough, NoPhone, WrongCode,
    TooManyAttempts,
)  # fmt: skip

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A mandate as one of its sides sees it.

    Attributes:
        mine: whether it waits for who looks at it.
        living: whether it can still be ended.
        by_code: whether he may confirm it by a code that the other side reads to him.
        csrf: of its forms.
    """

    mandate: Mandate
    mine: bool
    living: bool
    by_code: bool
    csrf: str


@for_people
async def show_mandates(request: Request) -> Response:
    """Show who may act for the person, and for whom he may."""
    return await _overview(await own_visitor(request))


@for_people
async def take_decision(request: Request) -> Response:
    """Confirm, decline or end a mandate, or have a code sent to its principal."""
    who = await own_visitor(request)
    mandate_id: UUID = request.path_params["mandate_id"]
    form = await who.form(_purpose(mandate_id))
    decision = form.get("decision", "")
    if decision == "confirm":
        who.require_recent(MANDATES)
    try:
        await _decide(who, mandate_id, decision, form)
    except _TROUBLES as error:
        return await _overview(who, error)
    return redirect(MANDATES, {"done": decision})


@for_people
async def show_giving(request: Request) -> Response:
    """Ask whom the person, or a company that he represents, lets act."""
    who = await own_visitor(request)
    who.require_recent()
    return _form_page(who, _GIVE, {})


@for_people
async def take_giving(request: Request) -> Response:
    """Offer a mandate."""
    who = await own_visitor(request)
    form = await who.form(_GIVE)
    who.require_recent(_GIVE)
    credit_code = None if form.get("principal", SELF) == SELF else form["principal"]
    try:
        terms = _terms(form, Basis.EMPLOYER if credit_code else _basis(form, RELATIVES))
        async with who.provider.transaction(who.caller) as tx:
            await service.give(tx, who.provider.cipher, terms, _named(form), credit_code)
    except _REFUSALS as error:
        return _form_page(who, _GIVE, form, error)
    return redirect(MANDATES, {"done": "offer"})


@for_people
async def show_asking(request: Request) -> Response:
    """Ask for whom the person wants to act."""
    return _form_page(await own_visitor(request), _ASK, {})


@for_people
async def take_asking(request: Request) -> Response:
    """Ask somebody for a mandate."""
    who = await own_visitor(request)
    form = await who.form(_ASK)
    try:
        terms = _terms(form, _basis(form, _may_ask(who)))
        caller = _serving(who) if terms.basis is Basis.RESIDENT else who.caller
        async with who.provider.transaction(caller) as tx:
            await service.ask(tx, who.provider.cipher, terms, _named(form))
    except _REFUSALS as error:
        return _form_page(who, _ASK, form, error)
    return redirect(MANDATES, {"done": "offer"})


async def _decide(who: Visitor, mandate_id: UUID, decision: str, form: Mapping[str, str]) -> None:
    provider, typed = who.provider, form.get("version", "")
    version = int(typed) if typed.isdecimal() else 0
    if decision == "send-code":
        await by_code.send_code(provider, who.caller, mandate_id, who.address)
    elif decision == "code":
        await by_code.confirm(provider, who.caller, mandate_id, version, form.get("code", ""), who.address)
    else:
        ended: tuple[str, ...] = ()
        async with provider.transaction(who.caller) as tx:
            if decision == "confirm":
                await service.confirm(tx, provider.cipher, mandate_id, version)
            elif decision == "decline":
                await service.decline(tx, mandate_id, version)
            elif decision == "withdraw":
                _, ended = await service.withdraw(tx, mandate_id, version)
            else:
                raise MandateNotFound
        provider.revoked.add(ended)


async def _overview(who: Visitor, error: NamedError | None = None) -> Response:
    async with acquired(who.provider.context.pool) as connection:
        held = await repository.held(connection, who.person.id)
        given = await repository.given(connection, who.person.id)
    return who.page(
        "mandates",
        error=error,
        held=[_card(who, it, Side.AGENT) for it in held],
        given=[_card(who, it, Side.PRINCIPAL) for it in given],
        done=query_of(who.request).get("done") if who.request.method == "GET" else None,
    )


def _card(who: Visitor, mandate: Mandate, side: Side) -> Card:
    waits_for_principal = mandate.awaits is Side.PRINCIPAL and mandate.principal.speaker_id is not None
    return Card(
        mandate=mandate,
        mine=mandate.awaits is side,
        living=not mandate.over_on(who.provider.today()),
        by_code=side is Side.AGENT and waits_for_principal,
        csrf=who.csrf(_purpose(mandate.id)),
    )


def _form_page(who: Visitor, action: str, entered: Mapping[str, str], error: NamedError | None = None) -> Response:
    giving = action == _GIVE
    return who.page(
        "mandate_form",
        error=_in_form(error),
        giving=giving,
        action=action,
        entered=entered,
        companies=who.person.represents if giving else (),
        bases=RELATIVES if giving else _may_ask(who),
        today=who.provider.today(),
        csrf=who.csrf(action),
    )


def _may_ask(who: Visitor) -> tuple[Basis, ...]:
    sent = who.capacity.serves and TOWNSHIP_AGENT in who.capacity.roles
    return (Basis.RESIDENT, *RELATIVES) if sent else RELATIVES


def _serving(who: Visitor) -> Caller:
    return caller_as(who.person, who.capacity, client_id="", channel="web")


def _purpose(mandate_id: UUID) -> str:
    return f"mandate:{mandate_id}"


def _named(form: Mapping[str, str]) -> Named:
    return Named(form.get("name", ""), form.get("identity_number", ""))


def _basis(form: Mapping[str, str], allowed: tuple[Basis, ...]) -> Basis:
    found = next((it for it in allowed if it == form.get("basis")), None)
    if found is None:
        raise FieldErrors([FieldError("/basis", "required", "请选择双方的关系")])
    return found


def _terms(form: Mapping[str, str], basis: Basis) -> Terms:
    items = tuple(form.get("items", "").split()) or None
    first = _day(form, "valid_from")
    if first is None:
        raise FieldErrors([FieldError("/valid_from", "required", "请填写起始日期")])
    return Terms(basis, items, first, _day(form, "valid_to"))


def _day(form: Mapping[str, str], name: str) -> date | None:
    text = form.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FieldErrors([FieldError(f"/{name}", "wrong-format", "日期格式应为 2026-03-02")]) from error


def _in_form(error: NamedError | None) -> NamedError | None:
    """Return an error that points at the fields of the page, where the person is named without a group around him."""
    if not isinstance(error, FieldErrors):
        return error
    shortened = [
        FieldError("/name" if group in {"/agent", "/principal"} else group, it.code, it.detail)
        for it in error.wrong
        for group in [it.pointer.replace("/agent/", "/").replace("/principal/", "/")]
    ]
    return FieldErrors(shortened, error.detail)


router.add_route(MANDATES, show_mandates, methods=["GET"])
router.add_route(_GIVE, show_giving, methods=["GET"])
router.add_route(_GIVE, take_giving, methods=["POST"])
router.add_route(_ASK, show_asking, methods=["GET"])
router.add_route(_ASK, take_asking, methods=["POST"])
router.add_route(MANDATES + "/{mandate_id:uuid}", take_decision, methods=["POST"])
