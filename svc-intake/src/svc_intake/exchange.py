"""The one call on a case's way: svc-datashare is asked for evidence, bounded in time, never inside a transaction."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
from joserfc.jwk import OKPKey

from onestop_runtime.assertion import HEADER, load_signing_key, make_assertion
from onestop_runtime.caller import Caller
from onestop_runtime.logs import REQUEST_ID, TRACEPARENT, logger
from svc_intake.breaker import Breaker
from svc_intake.domain.evidence import NothingOnRecord, SharingRefused, SharingUnavailable
from svc_intake.settings import Settings

_ISSUER = "svc-intake"
_AUDIENCE = "svc-datashare"
_FAILURES = 5
_REST_SECONDS = 10.0
_RETRY_SECONDS = 10

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about an applicant, and why.

    Attributes:
        credit_code: of the company.
        agency: credit code of the agency whose case it is; the grant is given to it.
        actor: the person behind the call.
    """

    resource: str
    credit_code: str
    case_id: UUID
    item_code: str
    agency: str
    actor: UUID | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the source answered, masked, and the access record that tells the data subject."""

    fields: dict[str, Any]
    access_id: str


_OURS_TO_MEND = (httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS)
"""Refusals that say nothing about the applicant: our clock or key is wrong, or we ask too often."""


class Exchange:
    """Client of the exchange."""

    def __init__(
        self, client: httpx.AsyncClient, key: OKPKey | None, purpose: str, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._key = key
        self._purpose = purpose
        self._breaker = Breaker(_FAILURES, _REST_SECONDS, monotonic)

    async def ask(self, question: Question, idempotency_key: str) -> Answer:
        """Return the answer of the source.

        Raises:
            NothingOnRecord: when it holds nothing about the company.
            SharingRefused: when the exchange does not let us.
            SharingUnavailable: when it does not answer in time, or did not again and again.
        """
        if self._key is None or not self._breaker.lets_through():
            raise SharingUnavailable(retry_after=_RETRY_SECONDS)
        try:
            response = await self._client.post(
                f"/api/datashare/v1/exchange/{quote(question.resource, safe='')}",
                json=self._body(question),
                headers=self._headers(question, idempotency_key),
            )
        except httpx.HTTPError as error:
            self._breaker.failed()
            log.warning("exchange does not answer", case_id=str(question.case_id), error=type(error).__name__)
            raise SharingUnavailable(retry_after=_RETRY_SECONDS) from error
        return self._read(question, response)

    def _read(self, question: Question, response: httpx.Response) -> Answer:
        status = response.status_code
        try:
            if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _OURS_TO_MEND:
                response.raise_for_status()
            document = response.json()
            answer = Answer(document["fields"], document["access_id"]) if response.is_success else None
        except (httpx.HTTPStatusError, ValueError, KeyError, TypeError) as error:
            self._breaker.failed()
            log.warning("exchange failed", case_id=str(question.case_id), status=status, error=type(error).__name__)
            raise SharingUnavailable(retry_after=_RETRY_SECONDS) from error
        self._breaker.succeeded()
        if answer:
            return answer
        slug = str(document.get("type", "")).rpartition("/")[2]
        log.warning("exchange refused", case_id=str(question.case_id), status=status, slug=slug)
        if slug == "subject-not-found":
            raise NothingOnRecord
        if slug == "request-in-progress":
            raise SharingUnavailable(retry_after=_RETRY_SECONDS)
        raise SharingRefused(f"{document['title']}，请自行提交材料。" if document.get("title") else "")

    def _body(self, question: Question) -> dict[str, str | None]:
        return {
            "credit_code": question.credit_code,
            "agency": question.agency,
            "item_code": question.item_code,
            "case_id": str(question.case_id),
            "purpose": self._purpose,
            "actor": str(question.actor) if question.actor else None,
        }

    def _headers(self, question: Question, idempotency_key: str) -> dict[str, str]:
        assert self._key  # noqa: S101 - `ask` has looked
        caller = Caller(kind="system", client=_ISSUER, channel="internal", agency=question.agency)
        headers = {
            HEADER: make_assertion(caller, self._key, issuer=_ISSUER, audience=_AUDIENCE),
            "Idempotency-Key": idempotency_key,
        }
        if request_id := REQUEST_ID.get():
            headers["X-Request-Id"] = request_id
        if traceparent := TRACEPARENT.get():
            headers["traceparent"] = traceparent
        return headers


@asynccontextmanager
async def exchange(
    settings: Settings, monotonic: Callable[[], float], transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Exchange]:
    """Open the client of the exchange; without an address or a key every call says that sharing is unavailable."""
    key = load_signing_key(settings.system_key) if settings.system_key and settings.datashare_url else None
    async with httpx.AsyncClient(
        base_url=settings.datashare_url or "http://127.0.0.1",
        timeout=settings.exchange_seconds,
        transport=transport,
        trust_env=False,
    ) as client:
        yield Exchange(client, key, settings.evidence_purpose, monotonic)
