"""The API of one's own phone number, for applications of our own."""

from fastapi import Request

from gateway.codes.domain import CODE_LIFETIME, InvalidPhone, WrongCode, phone_number
from gateway.codes.service import Holder
from gateway.identity.repository import phone_of
from gateway.identity.schemas import CodeAsked, CodeSent, CodeTyped
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.phones import service
from gateway.phones.domain import PhoneChangeGone, PhoneUnchanged, masked_phone
from gateway.phones.repository import open_change
from gateway.phones.schemas import PhoneChangeView, PhoneView
from gateway.provider import provider_of
from gateway.signin.domain import Session, SignInTooOld, TooManyAttempts
from gateway.signin.recent import recent_session
from gateway.tokens.opaque import new_secret
from onestop_legal.errors import FieldErrors
from onestop_runtime.caller import Caller
from onestop_runtime.problems import MalformedBody, NotSignedIn, UnsupportedMediaType, errors
from onestop_runtime.routing import Read, Who, Write, command_router, query_router, stream_router
from onestop_runtime.transaction import acquired

queries = query_router(PREFIX, ["账号安全"])
commands = command_router(PREFIX, ["账号安全"])
steps = stream_router(PREFIX, ["账号安全"])
"""Each step opens its transactions itself: a wrong code is counted although it is refused."""
_TYPED = (FieldErrors, MalformedBody, UnsupportedMediaType, SignInTooOld)


@queries.get("/phone", summary="我的手机号码")
async def my_phone(tx: Read, request: Request) -> PhoneView:
    """Return where the person is reached, and from when on elsewhere."""
    PERMISSIONS.require(tx.caller, "credential.read")
    if tx.caller.sub is None:
        raise NotSignedIn
    cipher = provider_of(request).cipher
    known = await phone_of(tx.connection, cipher, tx.caller.sub)
    change = await open_change(tx.connection, cipher, tx.caller.sub)
    return PhoneView(
        phone=masked_phone(known) if known else None, change=PhoneChangeView.of(change) if change else None
    )


@steps.post(
    "/phone/codes",
    summary="更换手机号码：向新号码发送验证码",
    status_code=202,
    responses=errors(*_TYPED, InvalidPhone, PhoneUnchanged, TooManyAttempts),
)
async def ask_to_change(asked: CodeAsked, caller: Who, request: Request) -> CodeSent:
    """Send a code to the new number."""
    await _session(request, caller)
    provider, transaction = provider_of(request), new_secret()
    await service.ask_to_change(provider, _holder(request, transaction), caller, phone_number(asked.phone))
    return CodeSent(transaction=transaction, expires_at=provider.context.clock() + CODE_LIFETIME)


@steps.put("/phone", summary="更换手机号码：提交验证码", responses=errors(*_TYPED, WrongCode))
async def change(typed: CodeTyped, caller: Who, request: Request) -> PhoneChangeView:
    """Prove the new number; it counts at once for who has shown two factors or had none, else a day later."""
    session = await _session(request, caller)
    holder = _holder(request, typed.transaction)
    begun = await service.prove_new(provider_of(request), holder, caller, typed.code, strong=session.strong)
    return PhoneChangeView.of(begun)


@commands.delete("/phone/change", summary="取消更换手机号码", status_code=204, responses=errors(PhoneChangeGone))
async def cancel(tx: Write, request: Request) -> None:
    """Leave the number as it is."""
    PERMISSIONS.require(tx.caller, "credential.change")
    if tx.caller.sub is None:
        raise NotSignedIn
    await service.cancel_own(tx, provider_of(request).cipher, tx.caller.sub)


async def _session(request: Request, caller: Caller) -> Session:
    PERMISSIONS.require(caller, "credential.change")
    async with acquired(provider_of(request).context.pool) as connection:
        return await recent_session(connection, request)


def _holder(request: Request, transaction: str) -> Holder:
    return Holder(transaction, request.client.host if request.client else "")
