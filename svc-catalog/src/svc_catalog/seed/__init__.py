"""What a new database begins with: the zone, its agencies and hall, the calendar, and the guides in `items/`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from onestop_runtime.transaction import Transaction
from svc_catalog.domain.canonical import content_hash
from svc_catalog.domain.completeness import blocks
from svc_catalog.repository import guides as stored
from svc_catalog.repository import places as stored_places
from svc_catalog.seed.calendar import years
from svc_catalog.seed.loader import guides
from svc_catalog.service import guides as versions
from svc_catalog.service import places

AUTHOR = uuid5(NAMESPACE_URL, "urn:onestop:seed:author")
APPROVER = uuid5(NAMESPACE_URL, "urn:onestop:seed:approver")


class SeedGuideRefused(ValueError):
    """A guide of the seed does not pass the quality gate."""


async def seed(begin: Callable[[], AbstractAsyncContextManager[Transaction]], _data: dict[str, Any]) -> None:
    """Fill what is missing; what is there already stays."""
    async with begin() as tx:
        await fill_places(tx)
    async with begin() as tx:
        known = await stored.published_hashes(tx.connection)
    for guide in guides():
        if (guide["code"], content_hash(guide)) not in known:
            async with begin() as tx:
                await _publish(tx, guide)


async def fill_places(tx: Transaction) -> None:
    """Add the regions, the hall, the agencies and the calendar that are missing."""
    zone = yaml.safe_load(files("svc_catalog.seed").joinpath("zone.yaml").read_text(encoding="utf-8"))
    for region in zone["regions"]:
        await stored_places.add_region(tx.connection, **region)
    for hall in zone["halls"]:
        await stored_places.add_hall(tx.connection, **hall)
    for agency in zone["agencies"]:
        facts = {**zone["agency_defaults"], **agency}
        await places.add_agency(tx, **facts, valid_from=date(2019, 1, 1), valid_to=None)
    for year, published, source, holidays, workdays in years():
        await places.keep_year(tx, year, published=published, source=source, holidays=holidays, workdays=workdays)


async def _publish(tx: Transaction, guide: dict[str, Any]) -> None:
    version = await versions.write(tx, guide, AUTHOR)
    version, found = await versions.check(tx, version.id, version.version)
    if blocks(found):
        raise SeedGuideRefused(f"{guide['name']}: {found[0].pointer} {found[0].explanation}")
    version = await versions.approve(tx, version.id, APPROVER, version.version)
    await versions.publish(tx, version.id, version.version)
