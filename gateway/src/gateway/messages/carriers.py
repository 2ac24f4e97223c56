"""Who carries messages to phones: the operator's own system behind a webhook; on one machine, nobody."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

import httpx

from gateway.messages.domain import Outgoing
from onestop_runtime.clock import Clock
from onestop_runtime.codec import dumps

_SECONDS: Final = 10.0
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


class NotCarried(Exception):
    """The message was not taken over; it is tried again."""


class Carrier(Protocol):
    """Takes messages over."""

    async def carry(self, outgoing: Outgoing) -> None:
        """Return when the message was taken over; raises `NotCarried`."""
        ...


class Mailbox:
    """Leaves every message where it lies: on one machine the page `/mailbox` shows them."""

    async def carry(self, outgoing: Outgoing) -> None:
        """Do nothing."""


class Webhook:
    """Posts messages to the operator's system, signed as Standard Webhooks says.

    The body is JSON: `type` (`message.requested`), `timestamp`, and `data` with `to` (11 digits), `template`,
    `parameters` and the whole `text`. `webhook-id` is the same at each attempt; any 2xx takes the message over.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, secret: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._key = _key_of(secret)
        self._clock = clock

    async def carry(self, outgoing: Outgoing) -> None:
        """Post a message; raises `NotCarried`."""
        message = outgoing.message
        body = dumps(
            {
                "type": "message.requested",
                "timestamp": outgoing.asked_at,
                "data": {
                    "to": outgoing.phone,
                    "template": message.template,
                    "parameters": dict(message.parameters),
                    "text": message.text,
                },
            }
        )
        moment = str(int(self._clock().timestamp()))
        signed = f"{outgoing.id}.{moment}.".encode() + body
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(outgoing.id),
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()}",
        }
        try:
            response = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotCarried(type(error).__name__) from error
        if not response.is_success:
            raise NotCarried(f"HTTP {response.status_code}")


def _key_of(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise ValueError("ONESTOP_GATEWAY_MESSAGES_SECRET 应为 whsec_ 加 base64") from error
    if len(key) not in _KEY_BYTES:
        raise ValueError("ONESTOP_GATEWAY_MESSAGES_SECRET 应含 24 至 64 字节")
    return key


@asynccontextmanager
async def open_carrier(url: str, secret: str, clock: Clock) -> AsyncIterator[Carrier]:
    """Open the way to the operator's system at `url`; without one the mailbox.

    Raises:
        ValueError: when `secret` is none of Standard Webhooks.
    """
    if not url:
        yield Mailbox()
        return
    async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
        yield Webhook(client, url, secret, clock)
