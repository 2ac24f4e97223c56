"""The wire format of the protocol: parameters in, JSON and redirects out."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.edge.rates import TooManyRequests
from gateway.oidc.errors import MalformedAuthorization, OAuthError
from gateway.provider import provider_of
from gateway.turns import turn_of
from onestop_legal.errors import NamedError
from onestop_runtime.codec import dumps

Endpoint = Callable[[Request], Awaitable[Response]]

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Expose-Headers": "WWW-Authenticate, DPoP-Nonce",
}
"""For endpoints that read no cookie: any page may call them, and learns nothing without a code or token."""
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST: Final = 64 * 1024
_MOST_FIELDS: Final = 60
_FIRST_PRINTABLE: Final = " "
_DELETE: Final = "\x7f"


def parse(encoded: bytes) -> dict[str, str]:
    """Return the parameters of a query or form; those without value count as absent (RFC 6749, 3.1).

    Raises:
        OAuthError: `invalid_request` when one is given twice, or something cannot be read.
    """
    if len(encoded) > _LARGEST:
        raise OAuthError("invalid_request", "the request is too large")
    try:
        pairs = parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise OAuthError("invalid_request", "the parameters are not form-encoded UTF-8") from error
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            raise OAuthError("invalid_request", "a parameter is given more than once")
        if any(character < _FIRST_PRINTABLE or character == _DELETE for character in value):
            raise OAuthError("invalid_request", "a parameter contains control characters")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def query_of(request: Request) -> dict[str, str]:
    """Return the parameters of the query; raises `OAuthError`."""
    return parse(request.scope["query_string"])


def required(form: Mapping[str, str], name: str) -> str:
    """Return a parameter that must be there; raises `OAuthError`."""
    value = form.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"{name} is missing")
    return value


async def form_of(request: Request) -> dict[str, str]:
    """Return the parameters of a form in the body; raises `OAuthError`."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise OAuthError("invalid_request", f"the body must be {_FORM}")
    return parse(await read_body(request))


async def read_body(request: Request) -> bytes:
    """Return the body of a request; raises `OAuthError` when it is larger than any of a form."""
    if not hasattr(request, "_body"):
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                raise OAuthError("invalid_request", "the request is too large", 413)
        request._body = bytes(body)  # noqa: SLF001 - where starlette keeps a body that was read
    return request._body  # noqa: SLF001


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON that no cache keeps."""
    return Response(dumps(content), status, {**NO_STORE, **CORS, **(headers or {})}, "application/json")


def public_document(content: Any) -> Response:
    """Return JSON that everybody may keep for five minutes."""
    return Response(
        dumps(content), headers={"Cache-Control": "public, max-age=300", **CORS}, media_type="application/json"
    )


def redirect(uri: str, parameters: Mapping[str, str | None]) -> Response:
    """Send the browser to `uri` with `parameters` added to its query; absent ones are left out."""
    headers = {**NO_STORE, "Location": with_query(uri, parameters), "Referrer-Policy": "no-referrer"}
    return Response(status_code=303, headers=headers)


def with_query(uri: str, parameters: Mapping[str, str | None]) -> str:
    """Return `uri` with `parameters` added to its query; absent ones are left out."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(given)}" if given else uri


def endpoint(handle: Endpoint) -> Endpoint:
    """Answer errors of an endpoint for programs as OAuth 2.0 says: JSON with `error` (RFC 6749, 5.2)."""

    @functools.wraps(handle)
    async def answered(request: Request) -> Response:
        try:
            await count(request, "protocol")
            return await handle(request)
        except OAuthError as error:
            told = {"WWW-Authenticate": error.challenge, "DPoP-Nonce": error.nonce}
            headers = {name: value for name, value in told.items() if value is not None}
            content = {"error": error.code, "error_description": error.description}
            return json_response(content, error.status, headers)
        except TooManyRequests as error:
            content = {"error": "temporarily_unavailable", "error_description": "too many requests, see Retry-After"}
            return json_response(content, error.status, {"Retry-After": str(error.retry_after)})

    return answered


async def count(request: Request, kind: str, client_id: str = "") -> None:
    """Count a request against the rates of a kind; raises `TooManyRequests`, or `ServiceUnavailable` at the start."""
    address = request.client.host if request.client else ""
    await provider_of(request).admission.count(kind, address, client_id)


def in_turn(handle: Endpoint) -> Endpoint:
    """Have so many requests wait, in order, as the database does not serve at once; for the pages of a whole crowd.

    The body is read before: who sends slowly holds up nobody. Nothing that waits for others belongs into a turn.
    """

    @functools.wraps(handle)
    async def served(request: Request) -> Response:
        if request.method == "POST":
            await read_body(request)
        async with turn_of(request):
            return await handle(request)

    return served


def as_page_error(error: OAuthError) -> NamedError:
    """Return what a person is told when a browser was sent here with a malformed request."""
    return MalformedAuthorization(
        f"应用发来的登录请求有误（{error.code}: {error.description}）。请联系该应用的管理者。"
    )
