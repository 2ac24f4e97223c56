"""The addresses at which services show their tickets (CAS 3.0, 2.4, 2.5 and 2.8)."""

from starlette.requests import Request
from starlette.responses import Response

from gateway.cas.answers import failure, plain, success
from gateway.cas.domain import Invalid, Validated
from gateway.cas.service import validate
from gateway.oidc.errors import OAuthError
from gateway.oidc.http import query_of
from gateway.provider import provider_of


async def service_validate(request: Request) -> Response:
    """Tell a service whose ticket it shows."""
    return await _answered(request, attributes=False)


async def service_validate_3(request: Request) -> Response:
    """Tell a service whose ticket it shows, with attributes."""
    return await _answered(request, attributes=True)


async def validate_1(request: Request) -> Response:
    """Tell a service of CAS 1.0 whose ticket it shows."""
    try:
        return plain(await _validated(request))
    except Invalid:
        return plain(None)


async def _answered(request: Request, *, attributes: bool) -> Response:
    as_json = request.query_params.get("format", "").upper() == "JSON"
    try:
        return success(await _validated(request), attributes=attributes, as_json=as_json)
    except Invalid as invalid:
        return failure(invalid, as_json=as_json)


async def _validated(request: Request) -> Validated:
    try:
        query = query_of(request)
    except OAuthError as error:
        raise Invalid("INVALID_REQUEST", error.description) from error
    if "service" not in query or "ticket" not in query:
        raise Invalid("INVALID_REQUEST", "service and ticket are needed")
    return await validate(provider_of(request), query["ticket"], query["service"], fresh="renew" in query)
