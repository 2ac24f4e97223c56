"""The API of recoveries for applications of our own, and for window clerks."""

from uuid import UUID

from fastapi import Request

from gateway.codes.domain import CODE_LIFETIME, InvalidPhone, Purpose, WrongCode, phone_number
from gateway.codes.service import Holder, prove
from gateway.credentials.domain import WrongSecondFactor
from gateway.identity.domain import Facts, IdentityDiffers, IdentityKnown, PersonNotFound
from gateway.identity.schemas import CodeSent, CodeTyped
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.recovery import service
from gateway.recovery.domain import RecoveryGone, RecoveryNotRipe
from gateway.recovery.schemas import Lost, LostInPerson, PasswordChosen, StandingView
from gateway.signin.domain import Arrival, TooManyAttempts
from gateway.signin.password_rules import UnfitPassword
from gateway.tokens.opaque import new_secret
from onestop_legal.errors import FieldErrors
from onestop_runtime.problems import MalformedBody, UnsupportedMediaType, errors
from onestop_runtime.routing import Write, command_router, stream_router

steps = stream_router(PREFIX, ["找回账号"])
"""Each step opens its transactions itself: a wrong code is counted although it is refused."""
commands = command_router(PREFIX, ["核验"])
_TYPED = (FieldErrors, MalformedBody, UnsupportedMediaType)


@steps.post(
    "/recoveries/codes",
    summary="找回账号：发送验证码",
    status_code=202,
    responses=errors(*_TYPED, InvalidPhone, TooManyAttempts),
)
async def ask_to_recover(lost: Lost, request: Request) -> CodeSent:
    """Send a code when phone, name and number belong to one account; the answer is the same when they do not."""
    provider, transaction = provider_of(request), new_secret()
    facts = Facts.read(lost.name, lost.identity_number)
    await service.ask_to_recover(provider, _holder(request, transaction), phone_number(lost.phone), facts)
    return CodeSent(transaction=transaction, expires_at=provider.context.clock() + CODE_LIFETIME)


@steps.post("/recoveries/proofs", summary="找回账号：提交验证码", responses=errors(*_TYPED, WrongCode))
async def prove_to_recover(typed: CodeTyped, request: Request) -> StandingView:
    """Prove the phone; a recovery begins, or goes on, and its owner is told."""
    holder = _holder(request, typed.transaction)
    await prove(provider_of(request), holder, Purpose.RECOVER, typed.code)
    return await _standing(request, holder)


@steps.post(
    "/recoveries/second-factors",
    summary="找回账号：以第二步验证免去等待",
    responses=errors(*_TYPED, WrongCode, WrongSecondFactor, TooManyAttempts, RecoveryGone),
)
async def hasten(typed: CodeTyped, request: Request) -> StandingView:
    """Show a second factor in place of waiting."""
    holder = _holder(request, typed.transaction)
    arrival = Arrival(holder.address, request.headers.get("user-agent", ""), None)
    await service.hasten(provider_of(request), holder, typed.code, arrival)
    return await _standing(request, holder)


@steps.post(
    "/recoveries",
    summary="找回账号：设置新密码",
    status_code=204,
    responses=errors(*_TYPED, WrongCode, RecoveryNotRipe, RecoveryGone, UnfitPassword),
)
async def set_password(chosen: PasswordChosen, request: Request) -> None:
    """Set the new password once the wait is over; every session ends."""
    await service.set_password(provider_of(request), _holder(request, chosen.transaction), chosen.password)


@commands.post(
    "/people/{person_id}/recoveries",
    summary="当面受理找回账号",
    status_code=201,
    responses=errors(InvalidPhone, PersonNotFound, IdentityDiffers, IdentityKnown, NotKnownSurelyEnough),
)
async def open_in_person(person_id: UUID, lost: LostInPerson, tx: Write, request: Request) -> StandingView:
    """Begin the recovery of who shows his document at a window; he carries it through himself, by his phone."""
    facts = Facts.read(lost.name, lost.identity_number)
    phone = phone_number(lost.phone) if lost.phone else None
    opened = await service.open_in_person(
        tx, provider_of(request), person_id, facts, phone=phone, drops_factors=lost.drops_factors
    )
    return StandingView(ripe_at=opened.ripe_at, second_factor=False)


async def _standing(request: Request, holder: Holder) -> StandingView:
    found = await service.standing(provider_of(request), holder)
    return StandingView(ripe_at=found.recovery.ripe_at, second_factor=found.factors.any)


def _holder(request: Request, transaction: str) -> Holder:
    return Holder(transaction, request.client.host if request.client else "")
