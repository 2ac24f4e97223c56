"""Evidence by sharing: asked of svc-datashare between two transactions, stored, and never asked of the applicant."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Reader
from svc_intake.domain.case import Case
from svc_intake.domain.evidence import Evidence, NothingOnRecord, proved_by
from svc_intake.domain.material import HandedIn
from svc_intake.domain.timeline import Happening, entry
from svc_intake.exchange import Answer, Question
from svc_intake.permissions import PERMISSIONS
from svc_intake.repository import cases, materials
from svc_intake.resources import Resources
from svc_intake.service.access import locked, seen
from svc_intake.service.uploading import OpenReader, OpenTransaction


@dataclass(slots=True)
class Proved:
    """Evidence with the case it belongs to."""

    case: Case
    evidence: Evidence

    @property
    def version(self) -> int:
        """Version of the case."""
        return self.case.version


async def obtain(
    own: Resources,
    open_reader: OpenReader,
    open_transaction: OpenTransaction,
    case_id: UUID,
    resource: str,
    idempotency_key: str,
) -> Proved:
    """Return the evidence a resource gives for the case, asking the exchange unless it was asked before.

    Args:
        own: the service's resources.
        open_reader: lends a connection for reading.
        open_transaction: opens the transaction that stores the answer.
        case_id: the case.
        resource: code of the shared resource.
        idempotency_key: of the applicant's request; a repeat of it is one access at the exchange, too.

    Raises:
        CaseNotFound, NotPermitted, CaseNotEditable, NotAmongCorrections: nothing is asked.
        ResourceNotUsed: when no material of the case is proved by it.
        NothingOnRecord, SharingRefused, SharingUnavailable: the applicant hands the material in, or tries later.
    """
    async with open_reader() as reader:
        loaded = await seen(reader, case_id)
        PERMISSIONS.require(reader.caller, "case.edit", loaded.row)
        case = loaded.case
        if known := await materials.evidence_of(reader.connection, case_id, resource):
            return Proved(case, known)
        guide = await own.memory.guide(reader.connection, case.guide_version_id)
        proved = proved_by(guide.asked(case.answers), resource)
        for ask in proved:
            case.require_may_hand_in(ask.code)
        question = _question(case, resource, reader.caller.sub)
    answer = await own.exchange.ask(question, _key_of(question, idempotency_key))
    async with open_transaction() as tx:
        case = (await locked(tx, case_id, "case.edit")).case
        if known := await materials.evidence_of(tx.connection, case_id, resource):
            return Proved(case, known)
        evidence = _evidence(resource, tuple(ask.code for ask in proved), answer, tx.now)
        for ask in proved:
            case.hand_in(ask.code, HandedIn(id=evidence.id, via="exchange", at=tx.now))
        names = "、".join(ask.name for ask in proved)
        case.happened.append(entry(Happening.EVIDENCE_OBTAINED, tx.now, f"{names}，无需提交。", resource=resource))
        await materials.add_evidence(tx.connection, case_id, evidence, tx.caller.sub)
        await cases.save(tx.connection, case, tx.caller.sub)
        tx.audit("evidence.obtained", key=case_id, detail={"resource": resource, "access_id": evidence.access_id})
        return Proved(case, evidence)


def _question(case: Case, resource: str, actor: UUID | None) -> Question:
    if case.applicant.credit_code is None:
        raise NothingOnRecord("申请人不是单位，没有可以核验的统一社会信用代码；请自行提交材料。")
    return Question(
        resource=resource,
        credit_code=case.applicant.credit_code,
        case_id=case.id,
        item_code=case.item_code,
        agency=case.agency.code,
        actor=actor,
    )


def _key_of(question: Question, key: str) -> str:
    """Return a key for the exchange: the same for a repeat, and nobody else's, since there all keys are ours."""
    return str(uuid5(question.case_id, f"{question.actor} {question.resource} {key}"))


def _evidence(resource: str, codes: tuple[str, ...], answer: Answer, now: datetime) -> Evidence:
    return Evidence(uuid7(), resource, codes, answer.fields, answer.access_id, now)


async def read(reader: Reader, case_id: UUID) -> tuple[Case, list[Evidence]]:
    """Return a case and what shared data proved for it; raises `CaseNotFound`."""
    case = (await seen(reader, case_id)).case
    return case, await materials.all_evidence(reader.connection, case_id)
