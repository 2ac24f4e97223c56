"""The connector by which the exchange reads the business licence base, and how the base is filled."""

from collections.abc import Iterable, Mapping
from typing import Any

from onestop_legal.credit_code import CreditCode
from onestop_runtime.fields import FieldCipher
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.companies import repository
from svc_datashare.companies.domain import BusinessLicence

PERSONAL = frozenset({"legal_representative"})
"""Data items that lie encrypted."""


async def read(tx: Reader, code: CreditCode, whole: frozenset[str], cipher: FieldCipher) -> Mapping[str, Any] | None:
    """Return the data items of a company, None when the base does not know it.

    Args:
        tx: where to read.
        code: the company.
        whole: data items that are needed unmasked; the others may come masked already.
        cipher: opens the encrypted ones.
    """
    found = await repository.by_credit_code(tx.connection, code, unseal=cipher if whole & PERSONAL else None)
    return found.facts() if found else None


async def fill(tx: Transaction, companies: Iterable[BusinessLicence], cipher: FieldCipher) -> int:
    """Enter the companies the base does not know yet; return how many."""
    known = await repository.known_codes(tx.connection)
    new = [company for company in companies if company.credit_code not in known]
    for company in new:
        await repository.add(tx.connection, company, cipher)
    return len(new)
