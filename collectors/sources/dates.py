"""Days as installers and old Windows classes write them, in several orders: given only where there is one reading."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)\Z", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?\Z", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: .*)?\Z", re.ASCII)
_FILETIME = re.compile(r"0?[0-9a-fA-F]{15}\Z", re.ASCII)
_FILETIME_START = datetime(1601, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _MONTHS = 1990, 12


def day(text: str) -> date | None:
    """Return a day that can be read in one way only; None for '03/04/2011', whose order nobody tells."""
    text = text.strip()
    for pattern in (_COMPACT, _YEAR_FIRST):
        if found := pattern.match(text):
            return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.match(text):
        first, second, year = (int(one) for one in found.groups())
        readings = {_date(year, first, second), _date(year, second, first)} - {None}
        return readings.pop() if len(readings) == 1 else None
    return None


def update_days(texts: Iterable[str | None]) -> list[date | None]:
    """Return the days of Win32_QuickFixEngineering.InstalledOn, all of one PC.

    Since Windows 7 the provider writes month/day/year whatever the PC's language (PowerShell's own types.ps1xml reads
    it so), before that 16 hexadecimal digits of a FILETIME or the day without separators. Where any text of the PC has
    a first number above 12, another order is in use, and only what can be read in one way is given.
    """
    kept = [(one or "").strip() for one in texts]
    years_last = [found for one in kept if (found := _YEAR_LAST.match(one))]
    month_first = all(int(found[1]) <= _MONTHS for found in years_last)
    return [_update_day(one, month_first=month_first) for one in kept]


def _update_day(text: str, *, month_first: bool) -> date | None:
    if month_first and (found := _YEAR_LAST.match(text)):
        return _date(int(found[3]), int(found[1]), int(found[2]))
    if _FILETIME.match(text):
        try:
            moment = _FILETIME_START + timedelta(microseconds=int(text, 16) // 10)
        except OverflowError:
            return None
        return _date(moment.year, moment.month, moment.day)
    return day(text)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number) if year >= _FIRST_YEAR else None
    except ValueError:
        return None
