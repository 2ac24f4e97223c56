"""Problem documents that the edge sends itself."""

from http import HTTPStatus
from typing import Final

from gateway.edge.client_use import QuotaExhausted
from gateway.edge.connection import Headers
from gateway.edge.failures import HeadersTooLarge, MalformedRequest, MethodNotForwarded, RequestTooSlow, UploadTooLarge
from gateway.edge.rates import TooManyRequests
from gateway.tokens.challenges import CHALLENGE, challenge_of
from onestop_legal.errors import NamedError
from onestop_runtime.codec import dumps
from onestop_runtime.problems import MEDIA_TYPE, NotSignedIn, problem_document

CLOSING: Final = (MalformedRequest, HeadersTooLarge, RequestTooSlow, UploadTooLarge)
"""After these the rest of the connection cannot be trusted, or is not worth reading."""
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\n".encode()


STATUS_LINES: Final = {status: _status_line(status) for status in range(200, 1000)}


def headers_of(error: NamedError) -> dict[str, str]:
    """Return the headers that `error` asks for beside those of every problem."""
    if isinstance(error, MethodNotForwarded):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, NotSignedIn):
        return {CHALLENGE: "Bearer"}
    if isinstance(error, TooManyRequests | QuotaExhausted):
        return {"RateLimit-Policy": error.policy.decode(), "RateLimit": error.left.decode()}
    return challenge_of(error)


def problem(error: NamedError, request_id: str) -> tuple[Headers, bytes]:
    """Return headers and body of the answer that tells `error`."""
    body = dumps(problem_document(error) | {"instance": f"urn:onestop:request:{request_id}"})
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in headers_of(error).items()]
    return headers, body
