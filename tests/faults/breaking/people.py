"""The people who work on the stack: each command is sent until somebody answers it, as by a phone on a bad line."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from breaking.history import Command, History
from onestop_local.browser import Browser
from onestop_local.stack import Stack

ATTEMPT_SECONDS = 8.0
"""How long a client waits for an answer before it sends the request again."""
PATIENCE_SECONDS = 900.0
LOOK_SECONDS = 0.25
_LONGEST_PAUSE = 2.0
_PASSING = {401, 408, 425, 429, 500, 502, 503, 504}
"""Statuses that say nothing final about a command; 401 comes when a clock is wrong, or a token is over."""
_PASSING_CONFLICTS = ("/problems/busy", "/problems/request-in-progress")
_TOKEN_SECONDS = 300.0


class Refused(Exception):
    """The command was refused for good."""


class NotRefused(Exception):
    """Somebody was allowed what he may not do."""


class GaveUp(Exception):
    """Nobody answered the command in all the time that the client was willing to wait."""


def is_final(answer: httpx.Response) -> bool:
    """Whether an answer says what became of a request."""
    if answer.status_code in _PASSING:
        return False
    return answer.status_code != httpx.codes.CONFLICT or answer.json().get("type") not in _PASSING_CONFLICTS


class People:
    """Signs people in, again when their tokens run out, and sends what they want.

    Attributes:
        history: keeps what was asked and what was told.
    """

    def __init__(self, stack: Stack, history: History) -> None:
        self.history = history
        self._stack = stack
        self._tokens: dict[str, tuple[str, float]] = {}
        self._signing_in: dict[str, asyncio.Lock] = {}
        self._http = httpx.AsyncClient(
            base_url=stack.url + "/api",
            timeout=ATTEMPT_SECONDS,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def do(
        self, person: str, command: Command, method: str, path: str, *, etag: str | None = None, **options: Any
    ) -> httpx.Response:
        """Send a command until it is answered, under one key; note what the client is told.

        Raises:
            Refused: when it is refused.
            GaveUp: when nobody answers.
        """
        headers = {"Idempotency-Key": command.id, "X-Request-Id": command.id, **options.pop("headers", {})}
        if etag:
            headers["If-Match"] = etag
        try:
            answer = await self._send(person, method, path, headers, command, **options)
        except GaveUp:
            self.history.end(command, "unknown")
            raise
        self.history.end(command, "acknowledged" if answer.is_success else "refused")
        if not answer.is_success:
            raise Refused(f"{person} {method} {path}: {answer.status_code} {answer.text[:400]}")
        return answer

    async def read(self, person: str, path: str, **params: str) -> Any:
        """Return what somebody reads; None when there is nothing yet."""
        answer = await self.look(person, path, **params)
        return answer.json() if answer.is_success else None

    async def look(self, person: str, path: str, **params: str) -> httpx.Response:
        """Return the answer to a reading; raises `GaveUp`."""
        self.history.reads += 1
        return await self._send(person, "GET", path, {}, None, params=params)

    async def until(self, look: Callable[[], Awaitable[Any]], what: str) -> Any:
        """Return the first truthy value of `look`; raises `GaveUp`, which names `what` is waited for."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if found := await look():
                return found
            await asyncio.sleep(LOOK_SECONDS)
        raise GaveUp(what)

    async def _send(
        self, person: str, method: str, path: str, headers: dict[str, str], command: Command | None, **options: Any
    ) -> httpx.Response:
        end, pause = time.monotonic() + PATIENCE_SECONDS, 0.1
        while time.monotonic() < end:
            wait = pause * (1 + random.random())  # noqa: S311 - no secret
            try:
                token = await self._token(person)
                if command:
                    command.attempts += 1
                given = headers | ({"Authorization": f"Bearer {token}"} if token else {})
                answer = await self._http.request(method, path, headers=given, **options)
                if command:
                    command.status = answer.status_code
                if is_final(answer):
                    return answer
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    self._forget(person, token)
                wait = max(wait, min(float(answer.headers.get("retry-after", 0)), _LONGEST_PAUSE))
            except httpx.TransportError:
                pass
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise GaveUp(f"{person} {method} {path}")

    async def _token(self, person: str) -> str:
        if not person:
            return ""
        async with self._signing_in.setdefault(person, asyncio.Lock()):
            token, since = self._tokens.get(person, ("", 0.0))
            if not token or time.monotonic() - since > _TOKEN_SECONDS:
                token = await self._sign_in(person)
                self._tokens[person] = (token, time.monotonic())
        return token

    def _forget(self, person: str, token: str) -> None:
        if self._tokens.get(person, ("",))[0] == token:
            self._tokens.pop(person, None)

    async def _sign_in(self, person: str) -> str:
        """Return a new token; whatever goes wrong on the way, the person begins anew."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                async with asyncio.timeout(30), Browser(self._stack, person) as browser:
                    return (await browser.sign_in("web")).access_token
            except Exception:  # noqa: BLE001 - a page, a redirect, a token: each may meet a process that dies
                if time.monotonic() > end:
                    raise GaveUp(f"{person} could not sign in") from None
            await asyncio.sleep(0.5)
