"""The API of what protects one's own account; changes need a sign-in not older than ten minutes (RFC 9470)."""

from uuid import UUID

from fastapi import Request

from gateway.credentials import passkeys, service
from gateway.credentials.authenticator import address_of, as_text
from gateway.credentials.domain import AuthenticatorExists, FactorNotFound, WrongSecondFactor
from gateway.credentials.password import change_password
from gateway.credentials.repository import factors_of
from gateway.credentials.schemas import (
    AuthenticatorBegun,
    FactorsView,
    NewPassword,
    OneTimePassword,
    PasskeyName,
    RecoveryCodes,
)
from gateway.people.repository import person_by_id
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from gateway.signin.domain import SignInTooOld, TooManyAttempts, WrongCredentials
from gateway.signin.password_rules import UnfitPassword
from gateway.signin.recent import recent_session
from onestop_legal.errors import FieldErrors
from onestop_runtime.problems import MalformedBody, NotSignedIn, UnsupportedMediaType, errors
from onestop_runtime.routing import Read, Who, Write, command_router, query_router, stream_router
from onestop_runtime.transaction import acquired

queries = query_router(PREFIX, ["账号安全"])
commands = command_router(PREFIX, ["账号安全"])
unkeyed = command_router(PREFIX, ["账号安全"], idempotency=False)
slow = stream_router(PREFIX, ["账号安全"])
"""Where a hash is computed, no transaction waits for it."""


@queries.get("/second-factors", summary="我的第二步验证")
async def my_factors(tx: Read) -> FactorsView:
    """Return what the person has set up beside the password."""
    PERMISSIONS.require(tx.caller, "credential.read")
    return FactorsView.of(await factors_of(tx.connection, _sub(tx.caller.sub)))


@slow.put(
    "/password",
    summary="修改密码",
    status_code=204,
    responses=errors(
        FieldErrors, MalformedBody, UnsupportedMediaType, SignInTooOld, WrongCredentials, UnfitPassword, TooManyAttempts
    ),
)
async def put_password(new: NewPassword, caller: Who, request: Request) -> None:
    """Change one's own password; every other session ends."""
    PERMISSIONS.require(caller, "credential.change")
    provider = provider_of(request)
    async with acquired(provider.context.pool) as connection:
        session = await recent_session(connection, request)
    await change_password(provider, caller, session.id, new.old, new.password)


@unkeyed.post("/authenticator", summary="绑定验证器：取得密钥", responses=errors(AuthenticatorExists, SignInTooOld))
async def begin(tx: Write, request: Request) -> AuthenticatorBegun:
    """Begin to set up an authenticator; a secret that was not confirmed is void."""
    PERMISSIONS.require(tx.caller, "credential.change")
    session = await recent_session(tx.connection, request)
    tx.confidential = True
    secret = await service.begin_authenticator(tx, provider_of(request).cipher, session.person_id)
    person = await person_by_id(tx.connection, session.person_id)
    return AuthenticatorBegun(secret=as_text(secret), address=address_of(secret, person.username if person else ""))


@unkeyed.post(
    "/authenticator/confirmation", summary="绑定验证器：确认", responses=errors(WrongSecondFactor, SignInTooOld)
)
async def confirm(typed: OneTimePassword, tx: Write, request: Request) -> RecoveryCodes:
    """Have an authenticator count; returns recovery codes when there were none."""
    PERMISSIONS.require(tx.caller, "credential.change")
    session = await recent_session(tx.connection, request)
    tx.confidential = True
    cipher = provider_of(request).cipher
    return RecoveryCodes(codes=await service.confirm_authenticator(tx, cipher, session, typed.code))


@commands.delete(
    "/authenticator", summary="解除验证器", status_code=204, responses=errors(FactorNotFound, SignInTooOld)
)
async def remove_authenticator(tx: Write, request: Request) -> None:
    """Ask for no one-time passwords any more."""
    PERMISSIONS.require(tx.caller, "credential.change")
    session = await recent_session(tx.connection, request)
    await service.remove_authenticator(tx, provider_of(request).cipher, session.person_id)


@unkeyed.post("/recovery-codes", summary="重新生成恢复码", responses=errors(FactorNotFound, SignInTooOld))
async def renew_codes(tx: Write, request: Request) -> RecoveryCodes:
    """Return new recovery codes; the old ones are void."""
    PERMISSIONS.require(tx.caller, "credential.change")
    session = await recent_session(tx.connection, request)
    if not (await factors_of(tx.connection, session.person_id)).any:
        raise FactorNotFound
    tx.confidential = True
    return RecoveryCodes(codes=await service.renew_recovery_codes(tx, provider_of(request).cipher, session.person_id))


@commands.patch(
    "/passkeys/{passkey_id}", summary="为通行密钥改名", status_code=204, responses=errors(FactorNotFound, SignInTooOld)
)
async def rename_passkey(passkey_id: UUID, new: PasskeyName, tx: Write, request: Request) -> None:
    """Give a passkey another name."""
    PERMISSIONS.require(tx.caller, "credential.change")
    session = await recent_session(tx.connection, request)
    await passkeys.rename(tx, session.person_id, passkey_id, new.name)


@commands.delete(
    "/passkeys/{passkey_id}", summary="移除通行密钥", status_code=204, responses=errors(FactorNotFound, SignInTooOld)
)
async def remove_passkey(passkey_id: UUID, tx: Write, request: Request) -> None:
    """Believe a passkey no longer."""
    PERMISSIONS.require(tx.caller, "credential.change")
    session = await recent_session(tx.connection, request)
    await passkeys.remove(tx, provider_of(request).cipher, session.person_id, passkey_id)


def _sub(sub: UUID | None) -> UUID:
    if sub is None:
        raise NotSignedIn
    return sub
