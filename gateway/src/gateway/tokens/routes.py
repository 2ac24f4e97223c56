"""The API of the keys that sign our tokens, for operators."""

from fastapi import Request

from gateway.own_api import principal_of
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from gateway.signin.domain import SignInTooOld, require_recent
from gateway.tokens.domain import RotationUnderWay
from gateway.tokens.keystore import publish_next, replace_at_once, stored_keys
from gateway.tokens.schemas import NewSigningKey, SigningKeyView
from onestop_runtime.problems import errors
from onestop_runtime.routing import Read, Write, command_router, query_router

queries = query_router(PREFIX, ["签名密钥"])
commands = command_router(PREFIX, ["签名密钥"])


@queries.get("/signing-keys", summary="签名密钥")
async def list_signing_keys(tx: Read) -> list[SigningKeyView]:
    """Return the keys that sign, will sign, or signed within the last month, the latest first."""
    PERMISSIONS.require(tx.caller, "signing-key.list")
    keys = await stored_keys(tx.connection)
    return [SigningKeyView.of(key, keys) for key in reversed(keys)]


@commands.post(
    "/signing-keys",
    summary="更换签名密钥",
    status_code=201,
    responses=errors(RotationUnderWay, NotKnownSurelyEnough, SignInTooOld),
)
async def rotate_signing_keys(wanted: NewSigningKey, tx: Write, request: Request) -> list[SigningKeyView]:
    """Publish the keys that sign next; or have them sign at once in place of keys that may have been stolen."""
    PERMISSIONS.require(tx.caller, "signing-key.rotate")
    require_recent(principal_of(request), tx.now)
    provider = provider_of(request)
    if wanted.at_once:
        new = await replace_at_once(tx, provider.cipher)
    else:
        new = await publish_next(tx, provider.cipher, provider.rotation)
    return [SigningKeyView.of(key, new) for key in new]
