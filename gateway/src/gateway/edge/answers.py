"""Problem documents that the edge sends itself."""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive, Send

from gateway.edge.client_use import QuotaExhausted
from gateway.edge.connection import Headers
from gateway.edge.failures import HeadersTooLarge, MalformedRequest, MethodNotForwarded, RequestTooSlow, UploadTooLarge
from gateway.edge.rates import TooManyRequests
from gateway.tokens.challenges import CHALLENGE, challenge_of
from onestop_legal.errors import NamedError
from onestop_runtime.codec import dumps
from onestop_runtime.problems import MEDIA_TYPE, NotSignedIn, problem_document

# After these the rest of the connection cannot be trusted, or is not worth reading.
_CLOSING = (MalformedRequest, HeadersTooLarge, RequestTooSlow, UploadTooLarge)


LINGER_SECONDS = 2.0


def headers_of(error: NamedError) -> dict[str, str]:
    """Return the headers that `error` asks for beside those of every problem."""
    if isinstance(error, MethodNotForwarded):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, NotSignedIn):
        return {CHALLENGE: "Bearer"}
    if isinstance(error, TooManyRequests | QuotaExhausted):
        return {"RateLimit-Policy": error.policy.decode(), "RateLimit": error.left.decode()}
    return challenge_of(error)


def telling(send: Send, headers: Headers) -> Send:
    """Return `send`, with `headers` added to the answer."""

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return send_with


async def send_problem(receive: Receive, send: Send, error: NamedError, request_id: str, marks: Headers) -> None:
    """Answer with the problem document of `error`; `marks` are headers every answer of the edge carries."""
    body = dumps(problem_document(error) | {"instance": f"urn:onestop:request:{request_id}"})
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *marks,
    ]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in headers_of(error).items()]
    if isinstance(error, _CLOSING):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    lingers = isinstance(error, UploadTooLarge)
    await send({"type": "http.response.body", "body": body, "more_body": lingers})
    if lingers:
        await _linger(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _linger(receive: Receive) -> None:
    """Read on for a moment: closing before the client has stopped sending would destroy the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body", False):
                pass
