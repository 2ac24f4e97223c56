"""The published guide by its code, as bytes: the most read thing of the platform.

A guide in force is serialised once and kept. A kept one is believed for a second; then one cheap look at its item
tells whether it is still in force. A publication in this process drops it at once. So a reader sees a new version
at most a second late, and never a mixture.
"""

import time
from dataclasses import dataclass
from datetime import date

import asyncpg

from onestop_runtime.codec import dumps
from onestop_runtime.transaction import acquired
from svc_catalog.domain.guide_version import ItemSuspended, UnknownItem, expired
from svc_catalog.repository import guides

FRESH_SECONDS = 1.0
MOST_KEPT = 5_000


@dataclass(slots=True)
class PublicGuide:
    """A guide in force, ready to be sent.

    Attributes:
        etag: the content hash in quotes.
        stamp: the item's state it was read in, and the day; another one means another guide.
    """

    body: bytes
    etag: str
    stamp: tuple[object, ...]
    looked_at: float


class PublicGuides:
    """The kept guides of a process."""

    def __init__(self) -> None:
        self._kept: dict[str, PublicGuide] = {}

    def fresh(self, code: str) -> PublicGuide | None:
        """Return a kept guide that need not be looked after."""
        kept = self._kept.get(code)
        return kept if kept and time.monotonic() - kept.looked_at < FRESH_SECONDS else None

    def drop(self, code: str) -> None:
        """Forget a guide: another one is in force, or none."""
        self._kept.pop(code, None)

    async def get(self, pool: asyncpg.Pool, code: str, day: date, *, look: bool = False) -> PublicGuide:
        """Return the guide in force on the legal day `day`; `look` at its item even if the guide is kept and fresh.

        Raises:
            UnknownItem: when none was ever published under the code, it was withdrawn, or its validity is over.
            ItemSuspended: while the item is suspended.
        """
        if not look and (fresh := self.fresh(code)):
            return fresh
        async with acquired(pool) as connection:
            found_stamp = await guides.stamp(connection, code)
            stamp = (*found_stamp, day) if found_stamp else None
            kept = self._kept.get(code)
            if kept and kept.stamp == stamp:
                kept.looked_at = time.monotonic()
                return kept
            found = await guides.current(connection, code) if stamp else None
        self.drop(code)
        state, version = found or ("draft", None)
        if version is None or state not in {"published", "suspended"}:
            raise UnknownItem(f"没有编码为 {code} 的事项。" if len(code) <= 50 and code.isascii() else "")  # noqa: PLR2004
        if expired(version.guide, day):
            raise UnknownItem(f"该事项的办事指南有效期已于 {version.guide['valid_to']} 届满。")
        if state == "suspended":
            raise ItemSuspended(f"暂停原因：{version.reason}")
        body = dumps(
            {
                "guide": version.guide,
                "guide_version_id": version.id,
                "version_number": version.number,
                "content_hash": version.content_hash,
                "published_at": version.published_at,
            }
        )
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        kept = PublicGuide(body, f'"{version.content_hash}"', stamp or (), time.monotonic())
        self._kept[code] = kept
        return kept
