"""The history of a case, as the applicant reads it."""

from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.sql import Connection, Record, compiled
from svc_intake.tables import timeline_entry

_TIMELINE = compiled(
    sa.select(
        timeline_entry.c.at,
        timeline_entry.c.happening,
        timeline_entry.c.title,
        timeline_entry.c.text,
        timeline_entry.c.detail,
    )
    .where(timeline_entry.c.case_id == sa.bindparam("case_id", type_=sa.Uuid))
    .order_by(timeline_entry.c.at, timeline_entry.c.id)
)


async def timeline(connection: Connection, case_id: UUID) -> list[Record]:
    """Return all that happened to a case, oldest first."""
    return await _TIMELINE.fetch(connection, case_id=case_id)
