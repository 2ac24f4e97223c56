"""The API of legal persons, for those who register them."""

from fastapi import Request

from gateway.legal_persons import service
from gateway.legal_persons.domain import LegalPersonExists, LegalPersonNotFound, RepresentsItself
from gateway.legal_persons.schemas import LegalPersonView, RegisterLegalPerson, RegisterRepresentative
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from onestop_legal.credit_code import InvalidCreditCode
from onestop_runtime.problems import errors
from onestop_runtime.routing import IfMatch, Read, Write, command_router, query_router

queries = query_router(PREFIX, ["单位"])
commands = command_router(PREFIX, ["单位"])


@queries.get("/legal-persons/{credit_code}", summary="单位及其法定代表人", responses=errors(LegalPersonNotFound))
async def read_legal_person(credit_code: str, tx: Read) -> LegalPersonView:
    """Return a legal person, to who registers representatives or represents it."""
    return LegalPersonView.of(await service.read(tx, credit_code))


@commands.post(
    "/legal-persons",
    summary="登记单位",
    status_code=201,
    responses=errors(InvalidCreditCode, LegalPersonExists, NotKnownSurelyEnough),
)
async def register_legal_person(form: RegisterLegalPerson, tx: Write) -> LegalPersonView:
    """Make a legal person known by its credit code."""
    return LegalPersonView.of(await service.register_by_hand(tx, form.legal_person()))


@commands.put(
    "/legal-persons/{credit_code}/representative",
    summary="登记法定代表人",
    responses=errors(LegalPersonNotFound, RepresentsItself, NotKnownSurelyEnough),
)
async def register_representative(
    credit_code: str, form: RegisterRepresentative, tx: Write, if_match: IfMatch, request: Request
) -> LegalPersonView:
    """Register who represents a legal person; whom it had before acts for it no more, at once."""
    provider = provider_of(request)
    changed, ended = await service.register_representative(
        tx, provider.cipher, credit_code, form.representative.named(), form.since, if_match
    )
    provider.revoked.add(ended)
    return LegalPersonView.of(changed)
