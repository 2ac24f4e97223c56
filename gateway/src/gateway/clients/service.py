"""Use cases of the registry of clients."""

from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from gateway.clients.domain import Client, InvalidClientMetadata
from gateway.clients.repository import add_client, clients_after
from gateway.people.domain import require_assurance
from gateway.permissions import PERMISSIONS
from onestop_runtime.transaction import Reader, Transaction

_REGISTERING_NEEDS: Final = 2
"""Who opens the door to a program has to be known by his real name."""


async def page(tx: Reader, after: str, limit: int) -> list[Client]:
    """Return the clients that follow `after` in the order of their client ids; raises `NotPermitted`."""
    PERMISSIONS.require(tx.caller, "client.list")
    return await clients_after(tx.connection, after, limit)


async def register_by_hand(tx: Transaction, new: Client) -> Client:
    """Register a client for who may do so.

    Raises:
        NotPermitted: when the caller may not.
        NotKnownSurelyEnough: when he may, but is not known by his real name.
        InvalidClientMetadata: when the client cannot be registered like this.
        ClientExists: when the name is taken.
    """
    PERMISSIONS.require(tx.caller, "client.register")
    require_assurance(tx.caller.acr, _REGISTERING_NEEDS)
    await register(tx, new)
    return new


async def register(tx: Transaction, new: Client) -> None:
    """Register a client; raises `InvalidClientMetadata`, `ClientExists`."""
    new.require_sound()
    if new.jwks is not None:
        _require_public_keys(new.jwks)
    await add_client(tx.connection, new, tx.now)
    tx.audit("client.registered", key=new.id, detail={"client": new.client_id})


def _require_public_keys(jwks: Mapping[str, Any]) -> None:
    try:
        keys = KeySet.import_key_set(dict(jwks)).keys  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidClientMetadata("公钥不是有效的 JWK Set。") from error
    if not keys or any(isinstance(key, OctKey) or key.is_private for key in keys):
        raise InvalidClientMetadata("只能登记公钥，至少一个；私钥请留在应用自己手中。")
