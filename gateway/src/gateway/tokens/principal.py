"""Who stands behind a request: the caller, and the token or session that says so."""

from dataclasses import dataclass, field

from onestop_runtime.caller import Caller


@dataclass(slots=True, eq=False)
class Principal:
    """A verified caller of the edge.

    Attributes:
        caller: who calls and for whom, as services see it.
        client_id: the client that the token was given to; empty for a session of our own pages.
        scopes: what the client may do in the caller's name.
        expires_at: seconds of the epoch until which this may be believed.
        token_id: `jti` of the access token, or the id of the session.
        grant_id: the authorization it comes from; None for client credentials and sessions.
        key: thumbprint of the key that the token is bound to; None for a bearer token.
        first_party: the client is our own, so that no scope limits what it does for the caller.
        assertions: internal assertions made for this principal, by audience, with the second they go stale.
    """

    caller: Caller
    client_id: str
    scopes: frozenset[str]
    expires_at: float
    token_id: str
    grant_id: str | None = None
    key: str | None = None
    first_party: bool = False
    assertions: dict[str, tuple[float, str]] = field(default_factory=dict)
