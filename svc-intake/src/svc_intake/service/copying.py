"""Copies of what others own, and what follows from them here."""

from datetime import date

from onestop_messages.catalog import AgencyChanged, GuidePublished
from onestop_messages.gateway import MandateGiven
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction
from svc_intake.domain.guide import Guide
from svc_intake.repository import copies, waiting

log = logger(__name__)


async def keep_guide(tx: Transaction, event: GuidePublished) -> None:
    """Keep a published guide; its item can be applied for (again)."""
    document = event.guide.model_dump(mode="json")
    guide = Guide.of(event.guide_version_id, document)
    await copies.put_item(tx.connection, event.item_id, guide.code, "open", None)
    await copies.add_guide(
        tx.connection,
        id=event.guide_version_id,
        item_id=event.item_id,
        code=guide.code,
        number=event.version_number,
        content_hash=event.content_hash,
        guide=document,
        valid_from=event.guide.valid_from,
        valid_to=event.guide.valid_to,
        published_at=event.published_at,
    )


async def keep_agency(tx: Transaction, event: AgencyChanged) -> None:
    """Keep what documents of an agency need to know about it."""
    await copies.put_agency(
        tx.connection,
        code=event.code,
        name=event.name,
        short_name=event.short_name,
        region=event.region,
        review_authority=event.remedies.review_authority,
        court=event.remedies.court,
    )


async def keep_mandate(tx: Transaction, event: MandateGiven) -> None:
    """Keep who may act for whom."""
    await copies.put_mandate(
        tx.connection,
        id=event.mandate_id,
        principal_id=event.principal.id,
        agent_id=event.agent_id,
        items=None if event.items is None else list(event.items),
        valid_from=event.valid_from,
        valid_to=event.valid_to,
    )


async def keep_calendar_year(
    tx: Transaction, year: int, *, published: bool, holidays: tuple[date, ...], workdays: tuple[date, ...]
) -> None:
    """Keep a year of the calendar and count anew until when the received applications must be answered."""
    await copies.put_year(tx.connection, year, published=published, holidays=list(holidays), workdays=list(workdays))
    counting = await waiting.counting(tx.connection)
    if not counting:
        return
    calendar = await copies.calendar(tx.connection)
    dues = []
    for start, days in counting:
        due = calendar.deadline(start, days)
        dues.append((start, days, due.day, due.provisional))
    changed = await waiting.recount(tx.connection, dues)
    log.info("calendar changed", year=year, published=published, deadlines_moved=changed)
