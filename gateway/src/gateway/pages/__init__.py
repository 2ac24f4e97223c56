"""Pages for people: rendered here, at work without JavaScript, with nothing from outside."""

import functools
import hashlib
from datetime import datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.oidc.errors import OAuthError
from gateway.oidc.http import NO_STORE, Endpoint, as_page_error, count, redirect
from gateway.pages.language import CHINESE, COOKIE, LANGUAGES, N_, language_of, translations
from onestop_legal.errors import NamedError
from onestop_legal.working_days import SHANGHAI
from onestop_runtime.problems import NotFound, http_problem

ACCOUNT: Final = (
    ("/account", N_("我的账户")),
    ("/account/security", N_("账号安全")),
    ("/account/sessions", N_("登录设备")),
    ("/account/identities", N_("第三方身份")),
    ("/account/mandates", N_("授权")),
    ("/account/access", N_("访问权限")),
    ("/account/records", N_("记录")),
)
"""The pages of a person's own account, as the navigation shows them."""

_STYLE: Final = files(__package__).joinpath("static/pages.css").read_bytes()
_SCRIPTS: Final = {name: files(__package__).joinpath(f"static/{name}.js").read_bytes() for name in ("once", "passkeys")}
ONCE_PATH, PASSKEYS_PATH = (
    f"/assets/{name}-{hashlib.sha256(source).hexdigest()[:16]}.js" for name, source in _SCRIPTS.items()
)
STYLE_PATH: Final = f"/assets/pages-{hashlib.sha256(_STYLE).hexdigest()[:16]}.css"
_FOR_PROGRAMS: Final = ("/api/", "/oauth/", "/.well-known/", "/assets/")
_YEAR: Final = 365 * 24 * 3600
_HEADERS: Final = {
    **NO_STORE,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SignInFirst(Exception):
    """The page is for who is signed in, or has signed in recently.

    Attributes:
        afterwards: the page to come back to; None for this one.
    """

    def __init__(self, afterwards: str | None = None) -> None:
        super().__init__()
        self.afterwards = afterwards


@cache
def _templates(language: str) -> Environment:
    templates = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    templates.filters["moment"] = _moment
    templates.globals |= {
        "style_path": STYLE_PATH,
        "once_path": ONCE_PATH,
        "passkeys_path": PASSKEYS_PATH,
        "language": language,
        "account_pages": ACCOUNT,
    }
    return templates


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    leads_to: str | None = None,
    passkeys: bool = False,
    **values: Any,
) -> Response:
    """Return a page in the language of who looks at it.

    Args:
        request: that it answers.
        template: name without `.html`.
        status: HTTP status.
        leads_to: address of a client that a form of this page ends at; browsers hold `form-action` against every
            redirect that follows a form.
        passkeys: whether the page offers passkeys, which take a script of their own.
        values: what the template shows.
    """
    language = language_of(request)
    values |= {"here": request.url.path, "passkeys": passkeys, "other_languages": _other_languages(request, language)}
    text = _templates(language).get_template(f"{template}.html").render(values)
    headers = {
        **_HEADERS,
        "Content-Security-Policy": _policy(request, leads_to, passkeys=passkeys),
        "Content-Language": language,
    }
    response = HTMLResponse(text, status, headers)
    if "language" in request.query_params:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, language, max_age=_YEAR, secure=secure, httponly=True, samesite="lax")
    return response


def for_people(handle: Endpoint) -> Endpoint:
    """Answer errors of an address that people see with a page."""

    @functools.wraps(handle)
    async def answered(request: Request) -> Response:
        try:
            await count(request, "page")
            return await handle(request)
        except SignInFirst as first:
            query = request.url.query if request.method == "GET" else ""
            here = request.url.path + (f"?{query}" if query else "")
            return redirect("/sign-in", {"next": first.afterwards or here})
        except OAuthError as error:
            return error_page(request, as_page_error(error))
        except NamedError as error:
            return error_page(request, error)

    return answered


def error_page(request: Request, error: NamedError) -> Response:
    """Return the page that tells a person what went wrong and what to do."""
    response = page(request, "error", error.status, title=error.title, detail=told(request, error))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def told(request: Request, error: NamedError) -> str:
    """Return what a person is told of an error: its detail, or its title where the detail is in Chinese only."""
    language = language_of(request)
    translate = translations(language).gettext
    detail = translate(error.detail)
    return detail if language == CHINESE or detail != error.detail else translate(error.title)


def translated(request: Request, text: str) -> str:
    """Return a Chinese text in the language of who looks at a page; as it is, where that is not known."""
    return translations(language_of(request)).gettext(text)


async def missing(request: Request, error: Exception) -> Response:
    """Answer who opens an address that is none: a person with a page, a program with a problem document."""
    if not isinstance(error, HTTPException):
        raise TypeError(type(error).__name__) from error
    looking = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if error.status_code == HTTPStatus.NOT_FOUND and looking and not request.url.path.startswith(_FOR_PROGRAMS):
        return error_page(request, NotFound())
    return http_problem(error)


async def style(_request: Request) -> Response:
    """Return the style sheet; its address changes with its content."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(_STYLE, headers=headers, media_type="text/css; charset=utf-8")


def _moment(instant: datetime) -> str:
    """Return an instant as people read it: date and time in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


async def script(request: Request) -> Response:
    """Return a script of ours; its address changes with its content."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    source = _SCRIPTS["once" if request.url.path == ONCE_PATH else "passkeys"]
    return Response(source, headers=headers, media_type="text/javascript; charset=utf-8")


def json_for_script(text: str) -> Response:
    """Return JSON for the script of one of our pages."""
    return Response(text, headers=_HEADERS, media_type="application/json")


def _other_languages(request: Request, language: str) -> list[tuple[str, str, str]]:
    """Return tag, name and address of this page in every other language; none for the answer to a form."""
    if request.method != "GET":
        return []
    return [
        (tag, name, str(request.url.include_query_params(language=tag).replace(scheme="", netloc="")))
        for tag, name in LANGUAGES.items()
        if tag != language
    ]


def _policy(request: Request, leads_to: str | None, *, passkeys: bool) -> str:
    """Return what a page may load and do; of what our origin serves, nothing but our own scripts runs."""
    target = f" {_source(leads_to)}" if leads_to else ""
    origin = f"{request.url.scheme}://{request.url.netloc}"
    scripts = " ".join(origin + path for path in ((ONCE_PATH, PASSKEYS_PATH) if passkeys else (ONCE_PATH,)))
    connect = "connect-src 'self'; " if passkeys else ""
    return (
        f"default-src 'none'; script-src {scripts}; {connect}style-src 'self'; img-src 'self' data:; "
        f"form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'"
    )


def _source(uri: str) -> str:
    """Return the origin of a client's address, or its scheme for an app's own one, as a CSP source."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
