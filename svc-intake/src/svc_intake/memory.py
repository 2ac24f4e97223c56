"""What a process need not read again: a published guide never changes, and a stamp tells whether the calendar did."""

from uuid import UUID

from onestop_legal.working_days import Calendar
from onestop_runtime.sql import Connection
from svc_intake.domain.guide import Guide
from svc_intake.forms import FormSchema
from svc_intake.repository import copies

_GUIDES = 500


class Memory:
    """Guides with their compiled forms, and the calendar."""

    def __init__(self) -> None:
        self._guides: dict[UUID, tuple[Guide, FormSchema]] = {}
        self._calendar: tuple[int, Calendar] | None = None

    async def guide(self, connection: Connection, version_id: UUID) -> Guide:
        """Return a published guide."""
        return (await self._known(connection, version_id))[0]

    async def form_schema(self, connection: Connection, version_id: UUID) -> FormSchema:
        """Return the compiled form of a published guide."""
        return (await self._known(connection, version_id))[1]

    async def calendar(self, connection: Connection, stamp: int) -> Calendar:
        """Return the calendar that has this stamp."""
        if self._calendar is None or self._calendar[0] != stamp:
            self._calendar = (stamp, await copies.calendar(connection))
        return self._calendar[1]

    async def _known(self, connection: Connection, version_id: UUID) -> tuple[Guide, FormSchema]:
        known = self._guides.get(version_id)
        if known is None:
            guide = Guide.of(version_id, await copies.guide_document(connection, version_id))
            known = (guide, FormSchema(guide.form))
            if len(self._guides) >= _GUIDES:
                self._guides.clear()
            self._guides[version_id] = known
        return known
