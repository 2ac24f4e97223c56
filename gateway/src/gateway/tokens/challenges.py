"""How a client is told what was wrong with its token or proof (RFC 6750, 3; RFC 9449, 7.1 and 9)."""

from typing import Final

from gateway.people.domain import NotKnownSurelyEnough
from gateway.signin.domain import RECENT, SignInTooOld
from gateway.tokens.access import InsufficientScope, InvalidToken
from gateway.tokens.dpop import ALGORITHMS, InvalidProof, NonceNeeded
from onestop_legal.errors import NamedError

NONCE: Final = "DPoP-Nonce"
CHALLENGE: Final = "WWW-Authenticate"
_ALGORITHMS: Final = f'algs="{" ".join(ALGORITHMS)}"'
_PROBLEMS: Final = (InvalidToken, InvalidProof, NonceNeeded)


def challenge_of(error: NamedError) -> dict[str, str]:
    """Return the headers that go with `error`; none when it concerns neither token, proof, scope nor level."""
    if isinstance(error, NotKnownSurelyEnough):
        return {CHALLENGE: f'{error.scheme} error="insufficient_user_authentication", acr_values="{error.needed}"'}
    if isinstance(error, SignInTooOld):
        seconds = int(RECENT.total_seconds())
        return {CHALLENGE: f'Bearer error="insufficient_user_authentication", max_age="{seconds}"'}
    if isinstance(error, InsufficientScope):
        return {CHALLENGE: f'{error.scheme} error="insufficient_scope", scope="{error.needed}"'}
    if not isinstance(error, _PROBLEMS):
        return {}
    code = oauth_code(error)
    if isinstance(error, InvalidToken) and error.scheme == "Bearer":
        return {CHALLENGE: f'Bearer error="{code}"'}
    headers = {CHALLENGE: f'DPoP error="{code}", {_ALGORITHMS}'}
    if isinstance(error, NonceNeeded):
        headers[NONCE] = error.nonce
    return headers


def oauth_code(error: InvalidToken | InvalidProof | NonceNeeded) -> str:
    """Return the registered error code: the slug, written as OAuth 2.0 does."""
    return error.slug.replace("-", "_")
