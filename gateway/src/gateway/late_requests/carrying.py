"""Sends a late request through our own door, as if it came from outside: the same rows, rates and measures hold."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
from starlette.types import ASGIApp

from gateway.late_requests.domain import LateRequest
from gateway.provider import Provider
from onestop_legal.errors import NamedError
from onestop_runtime.caller import Caller
from onestop_runtime.codec import dumps, loads
from onestop_runtime.problems import problem_document

_TOKEN_LIVES: Final = timedelta(minutes=1)
_KEPT: Final = ("content-type", "etag", "location", "retry-after")
_LARGEST: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said.

    Attributes:
        body: JSON as it is, other text as a string; None when there is none, or too much of it.
    """

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def problem(self) -> str:
        """Type of the problem that it tells, if any."""
        return str(self.body.get("type", "")) if isinstance(self.body, dict) else ""

    def as_bytes(self) -> bytes:
        """Return the answer as it is kept."""
        return dumps({"status": self.status, "headers": self.headers, "body": self.body})

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Answer":
        """Return an answer that was kept."""
        return cls(**loads(kept))

    @classmethod
    def of_error(cls, error: NamedError) -> "Answer":
        """Return the answer by which we say no ourselves."""
        document = problem_document(error)
        document.pop("instance", None)
        return cls(error.status, {"content-type": "application/problem+json"}, document)


class Carrier:
    """Carries requests to the services.

    Args:
        app: the whole gateway.
        provider: the running provider.
        address: from where the terminal hands them in.
    """

    def __init__(self, app: ASGIApp, provider: Provider, address: str) -> None:
        self._transport = httpx.ASGITransport(app=app, client=(address, 0), raise_app_exceptions=False)
        self._provider = provider

    async def carry(self, request: LateRequest, caller: Caller, scopes: frozenset[str]) -> Answer:
        """Send a request in the name of `caller`, whose token lives for a minute and never leaves this process."""
        provider = self._provider
        until = provider.context.clock() + _TOKEN_LIVES
        token = provider.access_tokens.issue(caller, scopes=scopes, grant_id=None, first_party=True, until=until)
        headers = {"Authorization": f"Bearer {token.value}", "Idempotency-Key": request.idempotency_key}
        if request.if_match is not None:
            headers["If-Match"] = request.if_match
        async with (
            asyncio.TaskGroup() as tasks,  # whose task has a context of its own: the request has its own number
            httpx.AsyncClient(transport=self._transport, base_url=provider.issuer, headers=headers) as client,
        ):
            body = {"json": request.body} if request.body is not None else {}
            response = await tasks.create_task(client.request(request.method, request.path, timeout=None, **body))
        return _answer(response)


def _answer(response: httpx.Response) -> Answer:
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return Answer(response.status_code, headers, _body(response) if len(response.content) <= _LARGEST else None)


def _body(response: httpx.Response) -> Any:
    if not response.content:
        return None
    if "json" in response.headers.get("content-type", ""):
        return loads(response.content)
    return response.text
