"""Dated documents and the gapless numbers of their series; case numbers."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.sql import Connection, Record, compiled
from svc_intake.domain.document import Document, Series
from svc_intake.tables import document, document_series

_FIRST = pg.insert(document_series).values(
    agency_code=sa.bindparam("agency_code"),
    series=sa.bindparam("series"),
    year=sa.bindparam("year"),
    last=sa.literal_column("1"),
)
_NEXT = compiled(
    _FIRST.on_conflict_do_update(
        index_elements=["agency_code", "series", "year"],
        set_={"last": document_series.c.last + sa.literal_column("1")},
    ).returning(document_series.c.last)
)
_COLUMNS = tuple(column.name for column in document.columns)
_ADD = compiled(sa.insert(document).values({name: sa.bindparam(name) for name in _COLUMNS}))
_OF_CASE = compiled(
    sa.select(document)
    .where(document.c.case_id == sa.bindparam("case_id", type_=sa.Uuid))
    .order_by(document.c.issued_at, document.c.id)
)


async def next_serial(connection: Connection, agency_code: str, series: Series, year: int) -> int:
    """Return the next number of an agency's series in a year.

    The series stays locked until the transaction ends and falls back with it: its numbers have no gaps.
    """
    serial: int = await _NEXT.fetchval(connection, agency_code=agency_code, series=series.value, year=year)
    return serial


async def add(connection: Connection, issued: Document) -> None:
    """Keep an issued document."""
    values = {name: getattr(issued, name) for name in _COLUMNS}
    await _ADD.execute(connection, **values | {"series": issued.series.value})


async def of_case(connection: Connection, case_id: UUID) -> list[Record]:
    """Return the documents of a case, oldest first."""
    return await _OF_CASE.fetch(connection, case_id=case_id)
