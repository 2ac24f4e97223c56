"""Use cases of subjects."""

from dataclasses import dataclass
from uuid import UUID

from onestop_legal.credit_code import CreditCode
from onestop_runtime.transaction import Reader, Transaction
from svc_credit.permissions import PERMISSIONS
from svc_credit.records import repository as records
from svc_credit.records.domain.record import Record
from svc_credit.records.domain.rules import RecordKind
from svc_credit.subjects import repository
from svc_credit.subjects.domain import KnownSubject, SubjectNotFound

LATEST = 10
"""How many records a file shows by itself; the query of records gives all."""


@dataclass(frozen=True, slots=True)
class CreditFile:
    """What is known of a subject: how many disclosed records of each kind, and the latest the caller may see."""

    subject: KnownSubject
    counts: dict[RecordKind, int]
    latest: list[Record]


async def file_of(tx: Reader, code: CreditCode) -> CreditFile:
    """Return the credit file of a company; raises `SubjectNotFound`."""
    found = await repository.by_credit_code(tx.connection, code)
    if found is None or not PERMISSIONS.permits(tx.caller, "subject.read", found):
        raise SubjectNotFound
    latest = await records.page(tx.connection, tx.caller, credit_code=code, after=None, limit=LATEST)
    return CreditFile(found, await repository.counts(tx.connection, found.id), latest)


async def keep(tx: Transaction, party: UUID, code: CreditCode, name: str) -> None:
    """Open the file of a company, if it has none."""
    await repository.keep(tx.connection, kind="legal", party=party, credit_code=code, name=name, at=tx.now)
