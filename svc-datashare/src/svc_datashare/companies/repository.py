"""Reads and writes the business licence base; the name of the legal representative is encrypted."""

from typing import Any

import sqlalchemy as sa

from onestop_legal.credit_code import CreditCode
from onestop_runtime.fields import FieldCipher, mask_name
from onestop_runtime.sql import Connection, compiled
from svc_datashare.companies.domain import BusinessLicence, BusinessState
from svc_datashare.tables import business_licence

_BY_CODE = compiled(sa.select(business_licence).where(business_licence.c.credit_code == sa.bindparam("code")))
_KNOWN = compiled(sa.select(business_licence.c.credit_code))
_ADD = compiled(sa.insert(business_licence))
_SEALED = ("business_licence", "legal_representative")


async def by_credit_code(
    connection: Connection, code: CreditCode, *, unseal: FieldCipher | None = None
) -> BusinessLicence | None:
    """Return a business licence; its legal representative masked unless `unseal` opens the name.

    The masked form lies beside the sealed one, so that the common call needs no key.
    """
    row = await _BY_CODE.fetchrow(connection, code=code)
    if row is None:
        return None
    representative = row["masked_representative"]
    if unseal:
        plain = await unseal.decrypt(connection, row["id"], *_SEALED, row["id"], row["legal_representative"])
        representative = plain.decode()
    return BusinessLicence(
        id=row["id"],
        credit_code=CreditCode(row["credit_code"]),
        name=row["name"],
        legal_representative=representative,
        type=row["type"],
        registered_capital=row["registered_capital"],
        established_on=row["established_on"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        business_scope=row["business_scope"],
        registered_place=row["registered_place"],
        registration_authority=row["registration_authority"],
        state=BusinessState(row["state"]),
        version=row["version"],
    )


async def known_codes(connection: Connection) -> frozenset[str]:
    """Return the credit codes of all companies; for filling the base, not for requests."""
    return frozenset(row["credit_code"] for row in await _KNOWN.fetch(connection))


async def add(connection: Connection, new: BusinessLicence, cipher: FieldCipher) -> None:
    """Store a business licence."""
    plain = new.legal_representative.encode()
    columns: dict[str, Any] = new.facts() | {
        "id": new.id,
        "legal_representative": await cipher.encrypt(connection, new.id, *_SEALED, new.id, plain),
        "masked_representative": mask_name(new.legal_representative),
        "version": new.version,
    }
    await _ADD.execute(connection, **columns)
