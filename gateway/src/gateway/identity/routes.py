"""The API of registering, for everybody, and of knowing people more surely, for window clerks."""

from uuid import UUID

from fastapi import Request

from gateway.codes.domain import CODE_LIFETIME, InvalidPhone, Purpose, WrongCode, phone_number
from gateway.codes.service import Holder, prove
from gateway.identity import service
from gateway.identity.domain import (
    Facts,
    IdentityDiffers,
    IdentityKnown,
    PersonNotFound,
    Registration,
    UsernameTaken,
)
from gateway.identity.schemas import (
    AccountView,
    CodeAsked,
    CodeSent,
    CodeTyped,
    DocumentShown,
    FoundView,
    LookUp,
    NewAccount,
)
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from gateway.signin.domain import TooManyAttempts
from gateway.signin.password_rules import UnfitPassword
from gateway.tokens.opaque import new_secret
from onestop_legal.errors import FieldErrors
from onestop_legal.identity_number import IdentityNumber, InvalidIdentityNumber
from onestop_runtime.problems import errors
from onestop_runtime.routing import Who, Write, command_router, stream_router

steps = stream_router(PREFIX, ["注册"])
"""Each step opens its transactions itself: a wrong code is counted although it is refused. A transaction of the
applicant's is good once, so that a step that is repeated does nothing twice."""
lookups = command_router(PREFIX, ["核验"], idempotency=False)
commands = command_router(PREFIX, ["核验"])


@steps.post(
    "/registrations/codes",
    summary="注册：发送验证码",
    status_code=202,
    responses=errors(FieldErrors, InvalidPhone, TooManyAttempts),
)
async def ask_to_register(asked: CodeAsked, caller: Who, request: Request) -> CodeSent:
    """Send a code to a phone; the answer is the same whether it has an account or not."""
    PERMISSIONS.require(caller, "person.register")
    provider = provider_of(request)
    transaction = new_secret()
    await service.ask_to_register(provider, _holder(request, transaction), phone_number(asked.phone))
    return CodeSent(transaction=transaction, expires_at=provider.context.clock() + CODE_LIFETIME)


@steps.post(
    "/registrations/proofs", summary="注册：提交验证码", status_code=204, responses=errors(FieldErrors, WrongCode)
)
async def prove_to_register(typed: CodeTyped, caller: Who, request: Request) -> None:
    """Prove by its code that the phone is in one's hands; good for half an hour."""
    PERMISSIONS.require(caller, "person.register")
    await prove(provider_of(request), _holder(request, typed.transaction), Purpose.REGISTER, typed.code)


@steps.post(
    "/registrations",
    summary="注册账号",
    status_code=201,
    responses=errors(FieldErrors, WrongCode, UnfitPassword, UsernameTaken),
)
async def register(new: NewAccount, caller: Who, request: Request) -> AccountView:
    """Register with a phone that was proved; the answer is the same whether the identity number is known or not."""
    PERMISSIONS.require(caller, "person.register")
    entered = Registration.read(new.username, new.name, new.identity_number)
    holder = _holder(request, new.transaction)
    person = await service.register(provider_of(request), holder, entered, new.password)
    return AccountView(sub=person.id, username=person.username, acr=str(person.assurance))


@lookups.post(
    "/people/look-ups", summary="按身份号码查找账号", responses=errors(InvalidIdentityNumber, NotKnownSurelyEnough)
)
async def look_up(asked: LookUp, tx: Write, request: Request) -> list[FoundView]:
    """Return whose account names an identity number, masked; each look is recorded with its purpose."""
    number = IdentityNumber.parse(asked.identity_number)
    found = await service.look_up(tx, provider_of(request).cipher, number, asked.purpose)
    return [FoundView.of(it) for it in found]


@commands.post(
    "/people/{person_id}/verifications",
    summary="当面核验身份",
    status_code=204,
    responses=errors(PersonNotFound, IdentityDiffers, IdentityKnown, NotKnownSurelyEnough),
)
async def verify_in_person(person_id: UUID, shown: DocumentShown, tx: Write, request: Request) -> None:
    """Know somebody by the document that he has shown (level 3)."""
    facts = Facts.read(shown.name, shown.identity_number)
    await service.verify_in_person(tx, provider_of(request).cipher, person_id, facts, shown.purpose)


def _holder(request: Request, transaction: str) -> Holder:
    return Holder(transaction, request.client.host if request.client else "")
