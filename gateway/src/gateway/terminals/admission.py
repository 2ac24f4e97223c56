"""What tokens through a terminal are held to: its hours, its key, and how long somebody may stay at it."""

from datetime import datetime

from gateway.clients.domain import Client
from gateway.oidc.errors import OAuthError
from gateway.oidc.repository import Grant
from gateway.terminals.domain import CHANNEL, Terminal, earliest
from gateway.terminals.repository import stay_on, terminal_of_client
from onestop_runtime.transaction import Transaction


async def admitted(tx: Transaction, client: Client, key: str | None) -> tuple[Terminal, datetime]:
    """Return the terminal that a client is, and when it closes.

    Raises:
        OAuthError: `invalid_dpop_proof` when it does not prove to hold its own key with the request,
            `unauthorized_client` while it is closed.
    """
    terminal = await terminal_of_client(tx.connection, client.client_id)
    if terminal is None or key is None or key != terminal.key:
        raise OAuthError("invalid_dpop_proof", "a terminal proves to hold its key with each request")
    closes_at = terminal.closes_at(tx.now)
    if closes_at is None:
        raise OAuthError("unauthorized_client", "the terminal is closed at this hour")
    return terminal, closes_at


async def tokens_end(tx: Transaction, client: Client, grant: Grant, key: str | None) -> datetime | None:
    """Return when tokens of a grant have to end; None for their usual time.

    Whoever asks for them at a terminal is doing something there, so that he may stay on.

    Raises:
        OAuthError: when the client is a terminal that is not admitted, or the stay at one has ended.
    """
    ends: list[datetime | None] = []
    if client.channel == CHANNEL:
        ends.append((await admitted(tx, client, key))[1])
    if grant.idle_until is not None:
        rests_until = await stay_on(tx.connection, grant.session_id, tx.now)
        if rests_until is None:
            raise OAuthError("invalid_grant", "the authorization has ended")
        ends += [grant.expires_at, rests_until]
    return earliest(ends)
