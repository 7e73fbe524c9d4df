"""The days on which a school teaches."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from hub.school.values import WEEKDAYS

Span = tuple[date, date]
"""A first and a last day; both count."""


def school_days(terms: Iterable[Span], weekdays: Collection[str], holidays: Iterable[Span]) -> list[date]:
    """Return each day of the terms that is one of the weekdays and no holiday, in order, once."""
    free = {day for span in holidays for day in _days(span)}
    return sorted({day for span in terms for day in _days(span) if WEEKDAYS[day.weekday()] in weekdays} - free)


def _days(span: Span) -> Iterator[date]:
    first, last = span
    for count in range((last - first).days + 1):
        yield first + timedelta(days=count)
