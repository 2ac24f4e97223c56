"""Random values that let somebody in, and what is kept of them."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode


def new_secret() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is kept of a random secret: its SHA-256."""
    return hashlib.sha256(secret.encode()).digest()


def form_token(visit: str, purpose: str) -> str:
    """Return the CSRF token of a form for the browser that holds the cookie `visit`."""
    return urlsafe_b64encode(hmac.digest(visit.encode(), purpose.encode(), "sha256")).decode().rstrip("=")


def same(given: str, expected: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
