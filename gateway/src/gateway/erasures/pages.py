"""The page on which a person has his account and what is known of him erased."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.credentials.pages import ERASURE
from gateway.erasures import service
from gateway.erasures.domain import StillRepresents, StillServes
from gateway.pages import for_people
from gateway.pages.language import N_
from gateway.signin.cookies import SESSION
from gateway.signin.own_pages import Visitor, guest, own_visitor
from onestop_legal.errors import FieldError, FieldErrors, NamedError

_NOT_HIS_NAME: Final = N_("请输入您自己的用户名")

router = APIRouter(include_in_schema=False)


@for_people
async def show_erasure(request: Request) -> Response:
    """Say what goes and what stays, and ask for the user name, which nobody types by mistake."""
    who = await own_visitor(request)
    who.require_recent()
    return _page(who)


@for_people
async def take_erasure(request: Request) -> Response:
    """Erase who asks."""
    who = await own_visitor(request)
    form = await who.form(ERASURE)
    who.require_recent()
    if form.get("username", "").strip().lower() != who.person.username:
        return _page(who, FieldErrors([FieldError("/username", "wrong-username", _NOT_HIS_NAME)]))
    try:
        async with who.provider.transaction(who.caller) as tx:
            _, ended = await service.ask(tx, who.provider.cipher)
    except (StillServes, StillRepresents) as error:
        return _page(who, error)
    who.provider.revoked.add(ended)
    response = guest(request).page("account_erased")
    who.provider.cookies.drop(response, SESSION)
    return response


def _page(who: Visitor, error: NamedError | None = None) -> Response:
    return who.page("account_erasure", error=error, csrf=who.csrf(ERASURE))


router.add_route(ERASURE, show_erasure, methods=["GET"])
router.add_route(ERASURE, take_erasure, methods=["POST"])
