"""Our own pages: who looks at them, and whether a form comes from them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.choices.repository import OWN_PAGES, chosen_in_session
from gateway.oidc.errors import FormNotOurs
from gateway.oidc.http import form_of
from gateway.pages import SignInFirst, page, told, translated
from gateway.people.domain import Capacity, Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider, provider_of
from gateway.signin.cookies import SESSION, VISIT
from gateway.signin.domain import Session, SignInTooOld, TooManyAttempts, require_recent
from gateway.signin.service import current_session
from gateway.terminals.domain import NotAtTerminal
from gateway.tokens.opaque import form_token, new_secret, same
from onestop_legal.errors import FieldError, NamedError
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import acquired

_OWN: Final = re.compile(
    r"/(account|cas|choose|device|scan)(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*(\?[A-Za-z0-9_.~%&=+:/-]*)?"
)
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Guest:
    """A browser that looks at a page of ours.

    Attributes:
        visit: value of the visit cookie, which forms are bound to; a new one when the browser has none.
    """

    provider: Provider
    request: Request
    visit: str

    @property
    def address(self) -> str:
        """The network address."""
        return self.request.client.host if self.request.client else ""

    def csrf(self, purpose: str) -> str:
        """Return the token of a form."""
        return form_token(self.visit, purpose)

    async def form(self, purpose: str) -> dict[str, str]:
        """Return the parameters of a form of ours.

        Raises:
            FormNotOurs: when another site made the browser send it.
            OAuthError: when it cannot be read.
        """
        form = await form_of(self.request)
        require_own_form(self.provider, self.request, form, purpose)
        return form

    def page(self, template: str, status: int = 200, *, error: NamedError | None = None, **values: Any) -> Response:
        """Return a page; one that tells an error has its status, and says beside each field what is wrong there."""
        told_here: dict[str, Any] = {
            "error": told(self.request, error) if error else None,
            "paused": isinstance(error, TooManyAttempts),
            "wrong": {it.pointer.removeprefix("/"): translated(self.request, it.detail) for it in _errors(error)},
        }
        response = page(self.request, template, error.status if error else status, **told_here, **values)
        self.provider.cookies.set(response, VISIT, self.visit)
        if error and error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response


@dataclass(frozen=True, slots=True)
class Visitor(Guest):
    """A person who is signed in and looks at a page of ours.

    Attributes:
        capacity: as what he has chosen to act here, or usually acts.
    """

    session: Session
    person: Person
    capacity: Capacity

    @property
    def caller(self) -> Caller:
        """The person, acting for himself."""
        person = self.person
        return Caller(sub=person.id, kind="natural", acr=str(person.assurance), channel="web", name=person.masked_name)

    def require_recent(self, afterwards: str | None = None) -> None:
        """Do nothing shortly after a sign-in; else the person signs in again and comes back.

        Args:
            afterwards: the page to come back to; by default this one.

        Raises:
            SignInFirst: when the sign-in is older than ten minutes.
        """
        try:
            require_recent(self.session, self.provider.context.clock())
        except SignInTooOld as error:
            raise SignInFirst(afterwards) from error

    def page(self, template: str, status: int = 200, *, error: NamedError | None = None, **values: Any) -> Response:
        """Return a page of the account, with the name of whom it is and the way out."""
        several = len(self.person.capacities(self.provider.today())) > 1
        values |= {
            "name": self.person.masked_name,
            "acting_for": self.capacity.shown_name,
            "may_choose": several,
            "sign_out_csrf": self.csrf("sign-out"),
        }
        return Guest.page(self, template, status, error=error, **values)


def guest(request: Request) -> Guest:
    """Return the browser that looks at a page of ours."""
    provider = provider_of(request)
    return Guest(provider, request, visit_of(provider, request))


async def visitor(request: Request) -> Visitor:
    """Return who looks at a page of ours.

    Raises:
        SignInFirst: when nobody is signed in.
    """
    provider = provider_of(request)
    session = await current_session(provider, provider.cookies.read(request, SESSION))
    if session is None:
        raise SignInFirst
    async with acquired(provider.context.pool) as connection:
        person = await person_by_id(connection, session.person_id)
        chosen = await chosen_in_session(connection, session.id, OWN_PAGES)
    if person is None:
        raise SignInFirst
    known = provider.as_proved(person, session.methods)
    capacity = known.usual(chosen, provider.today())
    return Visitor(provider, request, visit_of(provider, request), session, known, capacity)


async def own_visitor(request: Request) -> Visitor:
    """Return who looks at a page of ours that is no matter for a self-service terminal.

    Raises:
        SignInFirst: when nobody is signed in.
        NotAtTerminal: when somebody is, at a terminal.
    """
    who = await visitor(request)
    if who.session.terminal_id is not None:
        raise NotAtTerminal
    return who


def visit_of(provider: Provider, request: Request) -> str:
    """Return what forms for this browser are bound to; the answer has to set it as the visit cookie."""
    return provider.cookies.read(request, VISIT) or new_secret()


def require_own_form(provider: Provider, request: Request, form: dict[str, str], purpose: str) -> None:
    """Do nothing when the form comes from the page that this browser was given.

    Raises:
        FormNotOurs: when another site made the browser send it, or the browser keeps no cookies.
    """
    visit = provider.cookies.read(request, VISIT)
    if visit is None:
        raise FormNotOurs("请允许浏览器保存 Cookie，然后重新打开登录页面。")
    if not same(form.get("csrf", ""), form_token(visit, purpose)):
        raise FormNotOurs


def own_path(text: str | None) -> str | None:
    """Return `text` when it is the address of a page of ours that a sign-in may go on to."""
    return text if text and len(text) <= _LONGEST and _OWN.fullmatch(text) else None


def _errors(error: NamedError | None) -> Sequence[FieldError]:
    return error.errors if error else ()
