"""The API of mandates."""

from uuid import UUID

from fastapi import Request

from gateway.codes.domain import WrongCode
from gateway.mandates import by_code, guardianship, service
from gateway.mandates.domain import (
    EvidenceDoesNotShow,
    GuardianNeeded,
    MandateEnded,
    MandateExists,
    MandateNotFound,
    MandateNotWaiting,
    MandateToOneself,
    NoPhone,
    NotARepresentative,
    NotYoursToConfirm,
)
from gateway.mandates.schemas import (
    AskForMandate,
    CodeConfirmation,
    CompanyMandateView,
    GiveMandate,
    Guardianship,
    MandateView,
    PrincipalPresent,
    WindowConfirmation,
)
from gateway.own_api import principal_of
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.signin.domain import SignInTooOld, TooManyAttempts, require_recent
from onestop_legal.errors import FieldErrors
from onestop_legal.identity_number import IdentityNumber, InvalidIdentityNumber
from onestop_legal.working_days import legal_day
from onestop_runtime.problems import MalformedBody, UnsupportedMediaType, errors
from onestop_runtime.routing import IfMatch, Read, Who, Write, command_router, query_router, stream_router

queries = query_router(PREFIX, ["授权"])
lookups = command_router(PREFIX, ["授权"], idempotency=False)
steps = stream_router(PREFIX, ["授权"])
"""Each opens its transactions itself: a wrong code is counted although it is refused."""
commands = command_router(PREFIX, ["授权"])

_OFFERING = (NotKnownSurelyEnough, MandateToOneself, GuardianNeeded, MandateExists)
_ANSWERING = (MandateNotFound, MandateNotWaiting, MandateEnded, NotYoursToConfirm, NotKnownSurelyEnough)


@queries.get("/mandates", summary="我持有的单位授权", deprecated=True)
async def my_company_mandates(tx: Read) -> list[CompanyMandateView]:
    """Return the mandates of legal persons that the caller holds, past ones too; `/mandates/held` shows all."""
    day = legal_day(tx.now)
    found = [
        CompanyMandateView.of(it, day) for it in reversed(await service.held(tx)) if it.of_legal_person and it.given_at
    ]
    return sorted(found, key=lambda it: it.legal_person.credit_code)


@queries.get("/mandates/held", summary="我持有的授权")
async def my_mandates(tx: Read) -> list[MandateView]:
    """Return the mandates that the caller holds, in every state, the newest 200."""
    return [MandateView.of(mandate, legal_day(tx.now)) for mandate in await service.held(tx)]


@queries.get("/mandates/given", summary="我给出的授权")
async def given_mandates(tx: Read) -> list[MandateView]:
    """Return the mandates that the caller gave for himself or whom he represents, in every state, the newest 200."""
    return [MandateView.of(mandate, legal_day(tx.now)) for mandate in await service.given(tx)]


@queries.get("/mandates/{mandate_id}", summary="一项授权", responses=errors(MandateNotFound))
async def read_mandate(mandate_id: UUID, tx: Read) -> MandateView:
    """Return a mandate that the caller holds or gave."""
    return MandateView.of(await service.read(tx, mandate_id), legal_day(tx.now))


@commands.post(
    "/mandates", summary="委托他人代办", status_code=201, responses=errors(NotARepresentative, SignInTooOld, *_OFFERING)
)
async def give_mandate(form: GiveMandate, tx: Write, request: Request) -> MandateView:
    """Offer to let somebody act for a legal person that the caller represents, or for himself; the agent confirms."""
    require_recent(principal_of(request), tx.now)
    cipher = provider_of(request).cipher
    given = await service.give(tx, cipher, form.whole_terms(), form.agent.named(), form.credit_code)
    return MandateView.of(given, legal_day(tx.now))


@commands.post("/mandate-requests", summary="申请为他人代办", status_code=201, responses=errors(*_OFFERING))
async def ask_for_mandate(form: AskForMandate, tx: Write, request: Request) -> MandateView:
    """Ask a relative, or as a township's agent one of its people, to be let act for him; the principal confirms."""
    asked = await service.ask(tx, provider_of(request).cipher, form.whole_terms(), form.principal.named())
    return MandateView.of(asked, legal_day(tx.now))


@commands.post("/mandates/{mandate_id}/confirmation", summary="确认授权", responses=errors(*_ANSWERING, SignInTooOld))
async def confirm_mandate(mandate_id: UUID, tx: Write, if_match: IfMatch, request: Request) -> MandateView:
    """Agree to a mandate that waits for the caller; it is in force at once."""
    require_recent(principal_of(request), tx.now)
    confirmed = await service.confirm(tx, provider_of(request).cipher, mandate_id, if_match)
    return MandateView.of(confirmed, legal_day(tx.now))


@commands.post("/mandates/{mandate_id}/window-confirmation", summary="窗口当面确认授权", responses=errors(*_ANSWERING))
async def confirm_mandate_at_window(
    mandate_id: UUID, form: WindowConfirmation, tx: Write, if_match: IfMatch, request: Request
) -> MandateView:
    """Confirm, as a clerk, for the principal who stands at the window."""
    cipher = provider_of(request).cipher
    confirmed = await service.confirm_at_window(tx, cipher, mandate_id, form.identity_number, form.evidence, if_match)
    return MandateView.of(confirmed, legal_day(tx.now))


@steps.post(
    "/mandates/{mandate_id}/code",
    summary="向被代理人发送验证码",
    status_code=204,
    responses=errors(MandateNotFound, MandateNotWaiting, NoPhone, TooManyAttempts),
)
async def send_code(mandate_id: UUID, caller: Who, request: Request) -> None:
    """Send the principal a code that he may read to the agent, who asks for it; it says what for."""
    await by_code.send_code(provider_of(request), caller, mandate_id, _address(request))


@steps.post(
    "/mandates/{mandate_id}/code-confirmation",
    summary="凭被代理人告知的验证码确认授权",
    responses=errors(
        MandateNotFound, MandateNotWaiting, MandateEnded, WrongCode, FieldErrors, MalformedBody, UnsupportedMediaType
    ),
)
async def confirm_by_code(
    mandate_id: UUID, form: CodeConfirmation, caller: Who, if_match: IfMatch, request: Request
) -> MandateView:
    """Confirm, as the agent, by the code that the principal has read to him."""
    provider = provider_of(request)
    given = await by_code.confirm(provider, caller, mandate_id, if_match, form.code, _address(request))
    return MandateView.of(given, provider.today())


@lookups.post(
    "/mandates/look-ups", summary="窗口查找当事人的授权", responses=errors(NotKnownSurelyEnough, InvalidIdentityNumber)
)
async def look_up_mandates(form: PrincipalPresent, tx: Write, request: Request) -> list[MandateView]:
    """Return who acts, or wants to act, for the person who stands at the window; he sees that somebody looked."""
    number = IdentityNumber.parse(form.identity_number)
    found = await service.look_up(tx, provider_of(request).cipher, number)
    return [MandateView.of(mandate, legal_day(tx.now)) for mandate in found]


@commands.post(
    "/guardianships",
    summary="窗口登记监护关系",
    status_code=201,
    responses=errors(*_OFFERING, EvidenceDoesNotShow, NotYoursToConfirm),
)
async def record_guardianship(form: Guardianship, tx: Write, request: Request) -> MandateView:
    """Record, as a clerk, who acts by law for a child or another person in his care."""
    cipher = provider_of(request).cipher
    guardian, ward = form.guardian.named(), form.ward_facts()
    given = await guardianship.record(tx, cipher, guardian, ward, form.evidence, form.valid_to)
    return MandateView.of(given, legal_day(tx.now))


@commands.post("/mandates/{mandate_id}/refusal", summary="拒绝授权", responses=errors(*_ANSWERING))
async def decline_mandate(mandate_id: UUID, tx: Write, if_match: IfMatch) -> MandateView:
    """Decline a mandate that waits for the caller."""
    return MandateView.of(await service.decline(tx, mandate_id, if_match), legal_day(tx.now))


@commands.post(
    "/mandates/{mandate_id}/withdrawal", summary="撤回或辞去授权", responses=errors(MandateNotFound, MandateEnded)
)
async def withdraw_mandate(mandate_id: UUID, tx: Write, if_match: IfMatch, request: Request) -> MandateView:
    """End a mandate at once, by either side: tokens that were given under it are refused within a second."""
    mandate, ended = await service.withdraw(tx, mandate_id, if_match)
    provider_of(request).revoked.add(ended)
    return MandateView.of(mandate, legal_day(tx.now))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
