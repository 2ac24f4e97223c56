"""What another's OpenID Provider publishes about itself: where its endpoints are and which keys sign (Discovery 1.0).

Both are fetched when they are needed, kept for a while, and kept longer while the provider is away. Nothing of this is
done inside a transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.federation.errors import UpstreamAway, UpstreamNotBelieved
from onestop_runtime.clock import Clock
from onestop_runtime.codec import loads
from onestop_runtime.logs import logger

_SECONDS: Final = 5.0
_LARGEST: Final = 256 * 1024
_METADATA_FRESH: Final = timedelta(hours=1)
_KEYS_FRESH: Final = timedelta(minutes=10)
_KEPT_WHILE_AWAY: Final = timedelta(hours=24)
AGAIN_SECONDS: Final = 10
_LOOK_AGAIN: Final = timedelta(seconds=AGAIN_SECONDS)
"""How often at most something is fetched before its time, or after it failed."""

log = logger(__name__)


class Kept:
    """A document that is fetched when it is first needed, and again when it is old."""

    def __init__(self, fetch: Callable[[], Awaitable[Any]], fresh: timedelta, clock: Clock) -> None:
        self._fetch = fetch
        self._fresh = fresh
        self._clock = clock
        self._turn = asyncio.Lock()
        self._content: Any = None
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None

    async def get(self, *, younger_than: timedelta | None = None) -> Any:
        """Return the document; raises `UpstreamAway`, `UpstreamNotBelieved`."""
        wanted = self._fresh if younger_than is None else younger_than
        if self._is_younger_than(wanted):
            return self._content
        async with self._turn:
            if not self._is_younger_than(wanted) and not self._just_tried:
                await self._renew()
        if not self._is_younger_than(_KEPT_WHILE_AWAY):
            raise UpstreamAway(retry_after=AGAIN_SECONDS)
        return self._content

    async def _renew(self) -> None:
        self._tried_at = self._clock()
        try:
            self._content = await self._fetch()
        except (UpstreamAway, UpstreamNotBelieved):
            if not self._is_younger_than(_KEPT_WHILE_AWAY):
                raise
            log.warning("an identity provider is away; what it published before is used")
        else:
            self._fetched_at = self._clock()

    def _is_younger_than(self, age: timedelta) -> bool:
        return self._fetched_at is not None and self._clock() - self._fetched_at < age

    @property
    def _just_tried(self) -> bool:
        return self._tried_at is not None and self._clock() - self._tried_at < _LOOK_AGAIN


class Issuer:
    """Another's provider, known by its address."""

    def __init__(self, address: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self.address = address
        self.http = http
        self._metadata = Kept(self._fetch_metadata, _METADATA_FRESH, clock)
        self._keys = Kept(self._fetch_keys, _KEYS_FRESH, clock)

    async def metadata(self) -> Mapping[str, Any]:
        """Return its metadata; raises `UpstreamAway`, `UpstreamNotBelieved`."""
        metadata: Mapping[str, Any] = await self._metadata.get()
        return metadata

    async def endpoint(self, name: str) -> str:
        """Return the address of an endpoint (`token_endpoint`); raises `UpstreamAway`, `UpstreamNotBelieved`."""
        address = (await self.metadata()).get(name)
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", urlsplit(self.address).scheme}:
            log.warning("an identity provider publishes no usable endpoint", issuer=self.address, endpoint=name)
            raise UpstreamNotBelieved
        return address

    async def keys(self, kid: object) -> KeySet:
        """Return its keys; fetched again when `kid` is none of them.

        Raises:
            UpstreamAway: when they cannot be fetched.
            UpstreamNotBelieved: when they are no JWK Set.
        """
        keys: KeySet = await self._keys.get()
        if kid is not None and all(key.kid != kid for key in keys):
            keys = await self._keys.get(younger_than=_LOOK_AGAIN)
        return keys

    async def _fetch_metadata(self) -> Mapping[str, Any]:
        _, metadata = await ask(self.http, "GET", f"{self.address.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.address:
            log.warning("an identity provider names another issuer than itself", issuer=self.address)
            raise UpstreamNotBelieved
        return metadata

    async def _fetch_keys(self) -> KeySet:
        _, published = await ask(self.http, "GET", await self.endpoint("jwks_uri"))
        try:
            return KeySet.import_key_set(published)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("an identity provider publishes no JWK Set", issuer=self.address)
            raise UpstreamNotBelieved from error


async def ask(
    http: httpx.AsyncClient,
    method: str,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    may_refuse: bool = False,
) -> tuple[int, dict[str, Any]]:
    """Return status and JSON object of an answer.

    Args:
        http: makes the call.
        method: HTTP method.
        address: where.
        headers: sent along.
        form: sent as body.
        may_refuse: whether an answer of 400 or 401 is one that the caller reads.

    Raises:
        UpstreamAway: when there is no answer in time, or one of 5xx or 429.
        UpstreamNotBelieved: when it is another one than expected, or no JSON object.
    """
    status, body = await _bounded(http, http.build_request(method, address, headers=headers, data=form))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        log.warning("an identity provider is in trouble", address=address, status=status)
        raise UpstreamAway(retry_after=AGAIN_SECONDS)
    refused = may_refuse and status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}
    try:
        content = loads(body)
    except ValueError:
        content = None
    if (status != HTTPStatus.OK and not refused) or not isinstance(content, dict):
        log.warning("an identity provider answers otherwise than it should", address=address, status=status)
        raise UpstreamNotBelieved
    return status, content


async def _bounded(http: httpx.AsyncClient, request: httpx.Request) -> tuple[int, bytes]:
    """Return status and body of an answer that is neither late nor large."""
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > _LARGEST:
                        raise UpstreamNotBelieved
            finally:
                await response.aclose()
    except (httpx.HTTPError, TimeoutError) as error:
        log.warning("an identity provider does not answer", address=str(request.url), error=type(error).__name__)
        raise UpstreamAway(retry_after=AGAIN_SECONDS) from error
    return response.status_code, bytes(body)
