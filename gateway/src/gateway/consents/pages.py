"""The page that says who was given access: applications, and people by mandates."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.consents import service
from gateway.consents.domain import AccessNotFound
from gateway.consents.repository import access_of
from gateway.mandates import repository as mandates
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.signin.own_pages import Visitor, own_visitor
from gateway.signin.routes import SCOPE_TEXTS
from onestop_legal.errors import NamedError
from onestop_runtime.transaction import acquired

ACCESS: Final = "/account/access"

router = APIRouter(include_in_schema=False)


@for_people
async def show_access(request: Request) -> Response:
    """Show which applications and people have access."""
    return await _page(await own_visitor(request))


@for_people
async def take_back(request: Request) -> Response:
    """Let an application have nothing any more."""
    who = await own_visitor(request)
    form = await who.form(ACCESS)
    try:
        async with who.provider.transaction(who.caller) as tx:
            ended = await service.withdraw(tx, form.get("client", ""))
    except AccessNotFound as error:
        return await _page(who, error)
    who.provider.revoked.add(ended)
    return redirect(ACCESS, {"done": "withdrawn"})


async def _page(who: Visitor, error: NamedError | None = None) -> Response:
    today = who.provider.today()
    async with acquired(who.provider.context.pool) as connection:
        access = await access_of(connection, who.person.id, who.provider.context.clock())
        given = await mandates.given(connection, who.person.id)
        held = await mandates.held(connection, who.person.id)
    return who.page(
        "access",
        error=error,
        access=[(it, [SCOPE_TEXTS[scope] for scope in sorted(it.scopes) if scope in SCOPE_TEXTS]) for it in access],
        given=[it for it in given if not it.over_on(today)],
        held=[it for it in held if not it.over_on(today)],
        done=query_of(who.request).get("done") if who.request.method == "GET" else None,
        csrf=who.csrf(ACCESS),
    )


router.add_route(ACCESS, show_access, methods=["GET"])
router.add_route(ACCESS, take_back, methods=["POST"])
