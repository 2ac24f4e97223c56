"""The API of mandates."""

from uuid import UUID

from fastapi import Request

from gateway.mandates import service
from gateway.mandates.domain import (
    GuardianNeeded,
    MandateEnded,
    MandateExists,
    MandateNotFound,
    MandateNotWaiting,
    MandateToOneself,
    NotARepresentative,
    NotYoursToConfirm,
)
from gateway.mandates.schemas import AskForMandate, CompanyMandateView, GiveMandate, MandateView, WindowConfirmation
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from onestop_legal.working_days import legal_day
from onestop_runtime.problems import errors
from onestop_runtime.routing import IfMatch, Read, Write, command_router, query_router

queries = query_router(PREFIX, ["授权"])
commands = command_router(PREFIX, ["授权"])

_OFFERING = (NotKnownSurelyEnough, MandateToOneself, GuardianNeeded, MandateExists)
_ANSWERING = errors(MandateNotFound, MandateNotWaiting, MandateEnded, NotYoursToConfirm, NotKnownSurelyEnough)


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


@commands.post("/mandates", summary="委托他人代办", status_code=201, responses=errors(NotARepresentative, *_OFFERING))
async def give_mandate(form: GiveMandate, tx: Write, request: Request) -> MandateView:
    """Offer to let somebody act for a legal person that the caller represents, or for himself; the agent confirms."""
    cipher = provider_of(request).cipher
    given = await service.give(tx, cipher, form.whole_terms(), form.agent.named(), form.credit_code)
    return MandateView.of(given, legal_day(tx.now))


@commands.post("/mandate-requests", summary="申请为他人代办", status_code=201, responses=errors(*_OFFERING))
async def ask_for_mandate(form: AskForMandate, tx: Write, request: Request) -> MandateView:
    """Ask a relative, or as a township's agent one of its people, to be let act for him; the principal confirms."""
    asked = await service.ask(tx, provider_of(request).cipher, form.whole_terms(), form.principal.named())
    return MandateView.of(asked, legal_day(tx.now))


@commands.post("/mandates/{mandate_id}/confirmation", summary="确认授权", responses=_ANSWERING)
async def confirm_mandate(mandate_id: UUID, tx: Write, if_match: IfMatch) -> MandateView:
    """Agree to a mandate that waits for the caller; it is in force at once."""
    return MandateView.of(await service.confirm(tx, mandate_id, if_match), legal_day(tx.now))


@commands.post("/mandates/{mandate_id}/window-confirmation", summary="窗口当面确认授权", responses=_ANSWERING)
async def confirm_mandate_at_window(
    mandate_id: UUID, form: WindowConfirmation, tx: Write, if_match: IfMatch, request: Request
) -> MandateView:
    """Confirm, as a clerk, for the principal who stands at the window."""
    cipher = provider_of(request).cipher
    confirmed = await service.confirm_at_window(tx, cipher, mandate_id, form.identity_number, form.evidence, if_match)
    return MandateView.of(confirmed, legal_day(tx.now))


@commands.post("/mandates/{mandate_id}/refusal", summary="拒绝授权", responses=_ANSWERING)
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
