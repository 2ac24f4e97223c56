"""Who stands behind a request: the caller, and the token or session that says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
        issued_at: second of the epoch at which the access token was issued.
        names: by which it can be revoked before its time; none for a session.
        key: thumbprint of the key that the token is bound to; None for a bearer token.
        first_party: the client is our own, so that no scope limits what it does for the caller.
        grant_id: the authorization that the token comes from; None for client credentials and sessions.
        signed_in_at: when the person last proved who he is; None for who never did.
        assertions: internal assertions made for this principal, by audience, with the second they go stale.
    """

    caller: Caller
    client_id: str
    scopes: frozenset[str]
    expires_at: float
    token_id: str
    issued_at: float = 0.0
    names: tuple[str, ...] = ()
    key: str | None = None
    first_party: bool = False
    grant_id: str | None = None
    signed_in_at: datetime | None = None
    assertions: dict[str, tuple[float, str]] = field(default_factory=dict)


def name_of_client(client_id: str) -> str:
    """Return the name that every access token of a client bears."""
    return f"client:{client_id}"


def clients_of(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield the clients through which authority has come to who holds a token with these claims, this one first."""
    through: Mapping[str, Any] | None = claims
    while through is not None:
        yield through["client_id"]
        through = through.get("via")


def names_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names by which an access token with these claims is revoked: its own, its clients', its grant's."""
    names = (claims["jti"], *map(name_of_client, clients_of(claims)))
    return (*names, claims["grant"]) if "grant" in claims else names
