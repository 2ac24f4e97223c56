"""Problem documents that the edge sends itself."""

from http import HTTPStatus

from starlette.types import Send

from gateway.edge.connection import Headers
from gateway.edge.failures import HeadersTooLarge, MalformedRequest, RequestTooSlow, UploadTooLarge
from onestop_legal.errors import NamedError
from onestop_runtime.codec import dumps
from onestop_runtime.problems import MEDIA_TYPE, problem_document

# After these the rest of the connection cannot be trusted, or is not worth reading.
_CLOSING = (MalformedRequest, HeadersTooLarge, RequestTooSlow, UploadTooLarge)


async def send_problem(send: Send, error: NamedError, request_id: str, marks: Headers) -> None:
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
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Bearer error="invalid_token"'))
    if isinstance(error, _CLOSING):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
