"""The working-day calendar: published years from the State Council's notices, later ones provisional.

Published years come from the `chinesecalendar` package. A provisional year has the statutory holidays of
全国年节及纪念日放假办法 (as of 2025-01-01), the lunar ones computed, without 调休.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import chinese_calendar
from lunar_python import Lunar, Solar

FIRST, LAST_PUBLISHED, LAST = 2019, 2026, 2029
_SATURDAY = 5

Year = tuple[int, bool, str, list[date], list[date]]


def years() -> Iterator[Year]:
    """Yield year, published, source, weekdays off, weekend days worked."""
    for year in range(FIRST, LAST_PUBLISHED + 1):
        yield _published(year)
    for year in range(LAST_PUBLISHED + 1, LAST + 1):
        yield year, False, "《全国年节及纪念日放假办法》，放假安排尚未公布", statutory_holidays(year), []


def _published(year: int) -> Year:
    days = [date(year, 1, 1) + timedelta(n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    worked = {day for day in days if chinese_calendar.is_workday(day)}
    holidays = [day for day in days if day.weekday() < _SATURDAY and day not in worked]
    workdays = [day for day in days if day.weekday() >= _SATURDAY and day in worked]
    return year, True, f"《国务院办公厅关于{year}年部分节假日安排的通知》", holidays, workdays


def statutory_holidays(year: int) -> list[date]:
    """Return the statutory holidays of a year that fall on weekdays, ascending."""
    new_year = _solar(Lunar.fromYmd(year, 1, 1))
    clear = Solar.fromYmd(year, 6, 1).getLunar().getJieQiTable()["清明"]
    days = {
        date(year, 1, 1),
        *(new_year + timedelta(n) for n in range(-1, 3)),  # 除夕至初三
        date(clear.getYear(), clear.getMonth(), clear.getDay()),
        date(year, 5, 1),
        date(year, 5, 2),
        _solar(Lunar.fromYmd(year, 5, 5)),
        _solar(Lunar.fromYmd(year, 8, 15)),
        *(date(year, 10, day) for day in (1, 2, 3)),
    }
    return sorted(day for day in days if day.weekday() < _SATURDAY)


def _solar(lunar: Lunar) -> date:
    solar = lunar.getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())
