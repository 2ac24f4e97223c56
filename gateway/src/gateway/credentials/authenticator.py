"""One-time passwords of an authenticator app (RFC 6238): six digits of SHA-1, a new one every 30 seconds."""

import hmac
import os
from base64 import b32encode
from datetime import datetime
from typing import Final

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.credentials.domain import DRIFT, STEP_SECONDS

_ISSUER: Final = "一网通办"
_DIGITS: Final = 6
_SECRET_BYTES: Final = 20


def new_secret() -> bytes:
    """Return 160 random bits, as RFC 4226 recommends."""
    return os.urandom(_SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """Return a secret as people type it: base32 in groups of four."""
    text = b32encode(secret).decode()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def address_of(secret: bytes, username: str) -> str:
    """Return the `otpauth:` address that an app reads from the QR code."""
    return _generator(secret).get_provisioning_uri(username, _ISSUER)


def qr_code(address: str) -> str:
    """Return an address as a QR code: an SVG image in a `data:` address."""
    picture: str = segno.make(address, error="m").svg_data_uri(scale=5, border=4)
    return picture


def step_of(secret: bytes, typed: str, now: datetime, last: int) -> int | None:
    """Return the step whose one-time password was typed; None when it is of none that may be used now.

    Args:
        secret: of the authenticator.
        typed: six digits; spaces between them do not count.
        now: the present.
        last: the last step that was used; it and those before are used up.
    """
    present = int(now.timestamp()) // STEP_SECONDS
    given = "".join(typed.split()).encode()
    generator, found = _generator(secret), None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(generator.generate(step * STEP_SECONDS), given) and step > last:
            found = step
    return found


def _generator(secret: bytes) -> TOTP:
    # SHA-1 is what apps know; nothing here depends on it being hard to find collisions
    return TOTP(secret, _DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
