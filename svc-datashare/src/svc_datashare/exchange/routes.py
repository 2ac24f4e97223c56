"""The exchange call."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from onestop_runtime.fields import FieldCipher
from onestop_runtime.problems import errors, problem_response
from onestop_runtime.routing import Write, command_router, context_of
from svc_datashare.exchange import service
from svc_datashare.exchange.domain import ResourceNotCallable, SubjectNotFound
from svc_datashare.exchange.schemas import ExchangeAnswer, ExchangeQuestion
from svc_datashare.grants.domain import REFUSALS
from svc_datashare.requests.domain.request import ResourceNotPublished, ResourceNotShared
from svc_datashare.resources.domain.resource import ResourceNotFound

commands = command_router("/api/datashare/v1/exchange", ["数据交换"])


async def _cipher(request: Request) -> FieldCipher:
    cipher: FieldCipher = context_of(request).state
    return cipher


@commands.post(
    "/{resource_code}",
    response_model=ExchangeAnswer,
    responses=errors(
        ResourceNotFound,
        ResourceNotPublished,
        ResourceNotShared,
        ResourceNotCallable,
        SubjectNotFound,
        *REFUSALS,
    ),
)
async def exchange(
    resource_code: str, form: ExchangeQuestion, tx: Write, cipher: Annotated[FieldCipher, Depends(_cipher)]
) -> ExchangeAnswer | Response:
    """按授权读取一项数据资源，默认脱敏；每次调用（包括被拒绝的）都留下访问记录，以同一 Idempotency-Key 重试不另留."""
    outcome = await service.ask(tx, resource_code, form.question(), cipher)
    if isinstance(outcome, service.Refusal):
        return problem_response(outcome.error)
    return ExchangeAnswer.of(outcome)
