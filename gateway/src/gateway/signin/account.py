"""The first pages of a person's own account: what there is, and where he is signed in."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.identity.domain import Level
from gateway.oidc.http import redirect
from gateway.pages import for_people
from gateway.pages.language import N_
from gateway.signin.domain import SessionNotFound
from gateway.signin.own_pages import visitor
from gateway.signin.repository import living_session, sessions_of
from gateway.signin.service import end, end_all
from onestop_runtime.transaction import acquired

ACCOUNT_HOME: Final = "/account"
SESSIONS: Final = "/account/sessions"
_LEVELS: Final = {
    Level.SELF_DECLARED: N_("未核验"),
    Level.PHONE: N_("已验证手机，尚未实名"),
    Level.REAL_NAME: N_("已实名"),
    Level.IN_PERSON: N_("已实名（当面核验）"),
}
_ZONE: Final = timedelta(hours=8)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_BROWSERS: Final = (
    ("MicroMessenger", N_("微信")),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


async def go_to_account(_request: Request) -> Response:
    """Lead who knows nothing but our origin to what there is for him."""
    return redirect(ACCOUNT_HOME, {})


@for_people
async def show_account(request: Request) -> Response:
    """Show who is signed in, how surely he is known, and how he is known more surely."""
    who = await visitor(request)
    level = Level(who.person.assurance)
    return who.page(
        "account_home",
        username=who.person.username,
        level=_LEVELS[level],
        unknown=level < Level.REAL_NAME,
        providers=[it.name for it in who.provider.upstreams.values()],
    )


@for_people
async def show_sessions(request: Request) -> Response:
    """Show where the person is signed in."""
    who = await visitor(request)
    async with acquired(who.provider.context.pool) as connection:
        living = await sessions_of(connection, who.person.id, who.provider.context.clock())
    shown = [
        {
            "id": it.id,
            "system": _first(_SYSTEMS, it.device),
            "browser": _first(_BROWSERS, it.device),
            "at": f"{it.signed_in_at + _ZONE:%Y-%m-%d %H:%M}",
            "here": it.id == who.session.id,
        }
        for it in living
    ]
    return who.page("account_sessions", sessions=shown, csrf=who.csrf(SESSIONS))


@for_people
async def take_sessions(request: Request) -> Response:
    """End one session, or all but this one."""
    who = await visitor(request)
    form = await who.form(SESSIONS)
    async with who.provider.transaction(who.caller) as tx:
        if form.get("decision") == "all":
            revoked = await end_all(tx, who.person.id, but=who.session.id)
        else:
            session = await living_session(tx.connection, _id(form.get("session", "")), tx.now)
            if session is None or session.person_id != who.person.id:
                raise SessionNotFound
            revoked = await end(tx, session.id)
    who.provider.revoked.add(revoked)
    return redirect(SESSIONS, {})


def _first(known: tuple[tuple[str, str], ...], device: str) -> str:
    """Return how a browser's name for itself is shown to people."""
    return next((shown for mark, shown in known if mark in device), "")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise SessionNotFound from error
