"""The cookies of our own pages: the session, the visit (for CSRF), the known browser."""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request, cookie_parser
from starlette.responses import Response

SESSION: Final = "session"
VISIT: Final = "visit"
DEVICE: Final = "device"
_SECONDS: Final = {SESSION: 12 * 3600, VISIT: 24 * 3600, DEVICE: 400 * 24 * 3600}
_LONGEST: Final = 64


class Cookies:
    """Reads and sets our cookies: HttpOnly, SameSite=Lax, and `__Host-` with Secure on https.

    Browsers do not tell ports apart, so on plain http the name carries ours: stacks on one machine stay apart.
    """

    def __init__(self, issuer: str) -> None:
        parts = urlsplit(issuer)
        self._secure = parts.scheme == "https"
        self._suffix = "" if self._secure or parts.port is None else f"-{parts.port}"

    def name(self, kind: str) -> str:
        """Return the full name of a cookie."""
        return f"{'__Host-' if self._secure else ''}onestop-{kind}{self._suffix}"

    def read(self, request: Request, kind: str) -> str | None:
        """Return the value of a cookie, unless it is longer than any of ours."""
        return _bounded(request.cookies.get(self.name(kind)))

    def session_in(self, header: bytes) -> str | None:
        """Return the session's value in a raw `Cookie` header."""
        return _bounded(cookie_parser(header.decode("latin-1")).get(self.name(SESSION)))

    def set(self, response: Response, kind: str, value: str, *, lasting: bool = True) -> None:
        """Have the browser keep a value; unless it is `lasting` only until the browser is closed."""
        response.set_cookie(
            self.name(kind),
            value,
            max_age=_SECONDS[kind] if lasting else None,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, kind: str) -> None:
        """Have the browser forget a value."""
        response.delete_cookie(self.name(kind), path="/", secure=self._secure, httponly=True, samesite="lax")


def _bounded(value: str | None) -> str | None:
    return value if value and len(value) <= _LONGEST else None
