"""Pages for people: rendered here, without JavaScript, with nothing from outside."""

import functools
import hashlib
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.oidc.errors import OAuthError
from gateway.oidc.http import NO_STORE, Endpoint, as_page_error
from onestop_legal.errors import NamedError

_STYLE: Final = files(__package__).joinpath("static/pages.css").read_bytes()
STYLE_PATH: Final = f"/assets/pages-{hashlib.sha256(_STYLE).hexdigest()[:16]}.css"
_HEADERS: Final = {
    **NO_STORE,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TEMPLATES: Final = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.globals["style_path"] = STYLE_PATH


def page(template: str, status: int = 200, *, leads_to: str | None = None, **values: Any) -> Response:
    """Return a page.

    Args:
        template: name without `.html`.
        status: HTTP status.
        leads_to: address of a client that a form of this page ends at; browsers hold `form-action` against every
            redirect that follows a form.
        values: what the template shows.
    """
    headers = {**_HEADERS, "Content-Security-Policy": _policy(leads_to)}
    return HTMLResponse(_TEMPLATES.get_template(f"{template}.html").render(values), status, headers)


def for_people(handle: Endpoint) -> Endpoint:
    """Answer errors of an address that people see with a page."""

    @functools.wraps(handle)
    async def answered(request: Request) -> Response:
        try:
            return await handle(request)
        except OAuthError as error:
            return error_page(as_page_error(error))
        except NamedError as error:
            return error_page(error)

    return answered


def error_page(error: NamedError) -> Response:
    """Return the page that tells a person what went wrong and what to do."""
    response = page("error", error.status, title=error.title, detail=error.detail)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def style(_request: Request) -> Response:
    """Return the style sheet; its address changes with its content."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(_STYLE, headers=headers, media_type="text/css; charset=utf-8")


def _policy(leads_to: str | None) -> str:
    target = f" {_source(leads_to)}" if leads_to else ""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        f"form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'"
    )


def _source(uri: str) -> str:
    """Return the origin of a client's address, or its scheme for an app's own one, as a CSP source."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
