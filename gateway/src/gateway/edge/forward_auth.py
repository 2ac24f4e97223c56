"""Decisions for a proxy that carries the bytes itself: nginx (`auth_request`) and Envoy (ext_authz over HTTP).

The proxy asks about each request and gets what the edge would have decided: who sends it, stated for the service, or
why it is refused. Who may ask can have assertions made, so a proxy has to know a secret; without one in the settings
nobody may.
"""

from hmac import compare_digest
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.edge.answers import headers_of
from gateway.edge.entry import Passage
from gateway.edge.proxy import Proxy
from gateway.edge.trace import Trace
from gateway.tokens.identities import Credentials
from onestop_legal.errors import NamedError
from onestop_runtime.assertion import HEADER
from onestop_runtime.logs import REQUEST_ID, TRACEPARENT
from onestop_runtime.problems import NotFound, problem_response

PATH: Final = "/auth/forward"
KNOWN_BY: Final = "Onestop-Forward-Secret"
STATUS: Final = "Onestop-Status"
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403

router = APIRouter(include_in_schema=False)


async def _proxy_that_may_ask(request: Request) -> Proxy:
    app = request.app
    secret: str = app.state.context.settings.forward_auth_secret
    if not secret or not compare_digest(request.headers.get(KNOWN_BY, "").encode(), secret.encode()):
        raise NotFound
    edge: Proxy = app.state.edge
    return edge


Edge = Annotated[Proxy, Depends(_proxy_that_may_ask)]


@router.api_route(PATH, methods=_METHODS)
async def decide_for_nginx(request: Request, edge: Edge) -> Response:
    """Decide about the request that `X-Original-Method` and `X-Original-URI` name.

    nginx understands no refusal but 401 and 403: every other one is 403 for it, and `Onestop-Status` says which.
    """
    target = request.headers.get("x-original-uri", "").encode("latin-1")
    decided = await _decide(request, edge, request.headers.get("x-original-method", "GET"), target)
    if decided.status_code not in (_OK, _UNAUTHORIZED):
        decided.status_code = _FORBIDDEN
    return decided


@router.api_route(PATH + "/{below:path}", methods=_METHODS)
async def decide_for_envoy(request: Request, edge: Edge) -> Response:
    """Decide about a request with the method of this one, whose address stands below ours (`path_prefix`)."""
    raw_path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    target = raw_path.removeprefix(PATH.encode()) + (b"?" + query if query else b"")
    return await _decide(request, edge, request.method, target)


async def _decide(request: Request, edge: Proxy, method: str, target: bytes) -> Response:
    raw_path, _, query = target.partition(b"?")
    path = unquote(raw_path.decode("ascii", "replace"))
    address = request.client.host if request.client else ""
    passage = Passage(method, path, raw_path, query, Credentials.of(request.scope["headers"]), address)
    passage.trace = Trace(REQUEST_ID.get().encode(), TRACEPARENT.get().encode(), continued=True)
    try:
        await edge.entrance.enter(passage)
        answer = Response(headers=_stated(passage, edge))
        passage.outcome = "admitted"
    except NamedError as refusal:
        answer = problem_response(refusal, headers_of(refusal))
        passage.outcome = refusal.slug
    passage.status = answer.status_code
    answer.headers[STATUS] = str(answer.status_code)
    edge.records.note(passage)
    return answer


def _stated(passage: Passage, edge: Proxy) -> dict[str, str]:
    """Return what the proxy adds to the request for the service, and to the answer for the client."""
    headers: dict[str, str] = {}
    if passage.allowance is not None:
        headers["RateLimit-Policy"], headers["RateLimit"] = (item.decode() for item in passage.allowance)
    if passage.principal is not None and passage.route is not None:
        headers[HEADER] = edge.identity.assertion_for(passage.principal, f"svc-{passage.route.service}")
    return headers
