"""What a token is bound to: a key that is proven by DPoP (RFC 9449), or the certificate of a connection (RFC 8705).

Both are named by a thumbprint; that of a certificate is marked as one, so that neither is ever taken for the other.
"""

from collections.abc import Mapping
from typing import Any, Final

_CERTIFICATE: Final = "x5t#S256"
_MARK: Final = f"{_CERTIFICATE}."


def of_certificate(thumbprint: str) -> str:
    """Return the name of a certificate among what tokens are bound to."""
    return _MARK + thumbprint


def is_certificate(bound: str) -> bool:
    """Tell whether it is a certificate that something is bound to."""
    return bound.startswith(_MARK)


def confirmation(bound: str) -> dict[str, str]:
    """Return the claim `cnf` (RFC 7800) of a token that is bound to this."""
    return {_CERTIFICATE: bound.removeprefix(_MARK)} if is_certificate(bound) else {"jkt": bound}


def bound_to(claims: Mapping[str, Any]) -> str | None:
    """Return what a token with these claims is bound to; None for a bearer token.

    Raises:
        KeyError: when it is bound to something else.
    """
    confirmed = claims.get("cnf")
    if confirmed is None:
        return None
    return of_certificate(confirmed[_CERTIFICATE]) if _CERTIFICATE in confirmed else str(confirmed["jkt"])


def token_type(bound: str | None) -> str:
    """Return how a token is presented that is bound to this, or to nothing."""
    return "Bearer" if bound is None or is_certificate(bound) else "DPoP"
