"""Where signing in leads: back to the client whose request is under way, or to a page of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request

from gateway.cas.addresses import read_address
from gateway.oidc.authorize import UnderWay, resume
from gateway.oidc.http import form_of
from gateway.provider import Provider
from gateway.signin.own_pages import Guest, own_path, require_own_form
from gateway.terminals.domain import CHANNEL as TERMINAL


@dataclass(frozen=True, slots=True)
class Onward:
    """Carried from page to page, in addresses and forms, until somebody is signed in.

    Attributes:
        under_way: the request of a client that waits for the person.
        afterwards: the page of ours that he came for.
    """

    under_way: UnderWay | None = None
    afterwards: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """What a form has to carry."""
        if self.under_way and self.under_way.handle:
            return {"request": self.under_way.handle}
        return {"next": self.afterwards} if self.afterwards else {}

    @property
    def query(self) -> str:
        """The same as the end of an address, with its question mark."""
        return f"?{urlencode(self.fields)}" if self.fields else ""

    @property
    def leads_to(self) -> str | None:
        """The address of the client, or of the service, that a form may end at."""
        return self.under_way.asked.redirect_uri if self.under_way else _service_in(self.afterwards)

    @property
    def client_name(self) -> str | None:
        """Whose request waits."""
        return self.under_way.client.name if self.under_way else None

    @property
    def at_terminal(self) -> bool:
        """Whether a screen that everybody uses asks, which is to remember nobody."""
        return self.under_way is not None and self.under_way.client.channel == TERMINAL

    @property
    def scannable(self) -> bool:
        """Whether a phone that is signed in will do: it proves nothing anew, as some clients and our account want."""
        if self.under_way is not None:
            return not self.under_way.asked.anew
        return not (self.afterwards or "").startswith("/account")

    def purpose(self, form: str) -> str:
        """Return what a form is for: its token is good for nothing else."""
        return _purpose(form, self.fields)


async def onward_of(provider: Provider, request: Request, parameters: Mapping[str, str]) -> Onward:
    """Return where the parameters of an address or a form lead.

    Raises:
        RequestGone: when they name a request that does not wait at this browser.
    """
    handle = parameters.get("request")
    if handle is not None:
        return Onward(await resume(provider, request, handle))
    return Onward(afterwards=own_path(parameters.get("next")))


async def read_form(here: Guest, name: str) -> tuple[dict[str, str], Onward]:
    """Return the parameters of one of our forms, and where it leads.

    Raises:
        FormNotOurs: when another site made the browser send it, or the browser keeps no cookies.
        OAuthError: when it cannot be read.
        RequestGone: when it names a request that does not wait at this browser.
    """
    form = await form_of(here.request)
    require_own_form(here.provider, here.request, form, _purpose(name, form))
    return form, await onward_of(here.provider, here.request, form)


def _service_in(afterwards: str | None) -> str | None:
    """Return the service that a page of ours hands the person over to (CAS)."""
    service = parse_qs(urlsplit(afterwards or "").query).get("service", [""])[0]
    return service if read_address(service) else None


def _purpose(form: str, fields: Mapping[str, str]) -> str:
    return f"{form}:{fields.get('request') or own_path(fields.get('next')) or ''}"
