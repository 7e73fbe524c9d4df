"""Who is silent: counted in days on which the school teaches, since being off at night or in summer is normal."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.pages.page import Page

SILENT_AFTER_SCHOOL_DAYS = 5
"""A PC that did not report on so many school days in a row is listed as silent."""

LOOK_BACK_DAYS = 400


@dataclass(frozen=True, slots=True)
class Calendar:
    """Today, and the school days before it, in order."""

    today: str
    school_days: Sequence[str]

    def missed(self, last_day: str) -> int:
        """Return how many school days have passed whole since a local date."""
        return max(0, bisect_left(self.school_days, self.today) - bisect_right(self.school_days, last_day))


def calendar_of(page: Page) -> Calendar:
    """Return the school's calendar. A school that has not told its terms is taken to teach from Monday to Friday."""
    today = date.fromisoformat(page.today)
    first = today - timedelta(days=LOOK_BACK_DAYS)
    rows = page.query(
        "SELECT day FROM school_day WHERE day >= :first AND day < :today ORDER BY day",
        {"first": first.isoformat(), "today": page.today},
    )
    days = [str(row["day"]) for row in rows]
    if not days and not page.query("SELECT day FROM school_day LIMIT 1", {}):
        every = (first + timedelta(days=number) for number in range(LOOK_BACK_DAYS))
        days = [day.isoformat() for day in every if day.isoweekday() <= 5]  # noqa: PLR2004 - Friday
    return Calendar(page.today, days)
