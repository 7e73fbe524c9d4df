"""The made-up school's days and hours: its profile moved by whole years, so that it is in force today."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

PROFILE = Path(__file__).parent / "school"
"""The profile as it was made up, for one school year."""

YEAR_BEGINS = (9, 1)
"""Month and day from which on a date belongs to the next school year: after the summer, before the first lesson."""

_MOVED = ("school.yaml", "licences.csv", "waivers.csv")
"""The files whose dates belong to the school year. A record's dates are the device's own and stay."""

_DATE = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_YEAR = re.compile(r"\byear: (20\d\d)-(20\d\d)")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days and hours of any year the school teaches. ``lessons``: by lab and weekday, their (start, end).

    ``probes``: what its PCs try to reach, (purpose, target).
    """

    zone: ZoneInfo
    first_year: int
    terms: tuple[tuple[date, date], ...]
    holidays: tuple[tuple[date, date], ...]
    weekdays: frozenset[int]
    lessons: Mapping[tuple[str, int], Sequence[tuple[time, time]]]
    probes: Sequence[tuple[str, str]]

    def local(self, moment: datetime) -> datetime:
        """Return a moment as the school's clocks show it."""
        return moment.astimezone(self.zone)

    def at(self, day: date, hour: float) -> datetime:
        """Return the moment of a local day and hour, such as 7.5."""
        return datetime.combine(day, time(), self.zone) + timedelta(hours=hour)

    def years_to(self, day: date) -> int:
        """Return by how many years the profile must be moved to be in force on a day."""
        return day.year - (0 if (day.month, day.day) >= YEAR_BEGINS else 1) - self.first_year

    def is_school_day(self, day: date) -> bool:
        """Say whether the school teaches on a day."""
        return self.is_working_day(day) and self._within(self.terms, day)

    def is_working_day(self, day: date) -> bool:
        """Say whether the offices are open: also in the summer, but on no other holiday."""
        free = [(first, last) for first, last in self.holidays if (last - first).days < LONG_HOLIDAY_DAYS]
        return day.weekday() in self.weekdays and not self._within(free, day)

    def _within(self, spans: tuple[tuple[date, date], ...] | list[tuple[date, date]], day: date) -> bool:
        years = self.years_to(day)
        return any(moved(first, years) <= day <= moved(last, years) for first, last in spans)

    def lab_is_used(self, room: str, day: date) -> bool:
        """Say whether a lab has a lesson on a day."""
        return self.is_school_day(day) and (room, day.weekday()) in self.lessons

    def lesson_seconds(self, room: str, day: date) -> dict[datetime, int]:
        """Return how many seconds of each hour of a day a lab's lessons take."""
        found: dict[datetime, int] = {}
        for start, end in self.lessons.get((room, day.weekday()), ()) if self.is_school_day(day) else ():
            began = datetime.combine(day, start, self.zone)
            ended = datetime.combine(day, end, self.zone)
            while began < ended:
                hour = began.replace(minute=0)
                until = min(ended, hour + timedelta(hours=1))
                found[hour] = found.get(hour, 0) + int((until - began).total_seconds())
                began = until
        return found

    def days(self, now: datetime, at_least: int, school_days: int) -> list[date]:
        """Return the days up to today: ``at_least`` so many, and more until so many school days are among them."""
        day = self.local(now).date()
        found = [day]
        taught = 0
        while len(found) < at_least or taught < school_days:
            taught += self.is_school_day(found[-1])
            found.append(found[-1] - timedelta(days=1))
        return found[::-1]


LONG_HOLIDAY_DAYS = 30
"""A holiday this long is the summer: pupils are away and the offices work."""


def moved(day: date, years: int) -> date:
    """Return the same day of another year; the 29th of February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def read_calendar() -> Calendar:
    """Return the made-up school's calendar."""
    said: dict[str, Any] = yaml.safe_load((PROFILE / "school.yaml").read_text(encoding="utf-8"))
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    periods = {str(number): _span(text) for number, text in said["periods"].items()}
    lessons: dict[tuple[str, int], list[tuple[time, time]]] = {}
    for line in (PROFILE / "timetable.csv").read_text(encoding="utf-8").splitlines()[1:]:
        room, weekday, period, *_ = line.split(",")
        lessons.setdefault((room, names.index(weekday)), []).append(periods[period])
    return Calendar(
        zone=ZoneInfo(said["school"]["time_zone"]),
        first_year=int(said["school"]["year"].partition("-")[0]),
        terms=tuple((first, last) for first, last in said["terms"].values()),
        holidays=tuple((one["from"], one["to"]) for one in said["holidays"]),
        weekdays=frozenset(names.index(name) for name in said["days"]),
        lessons=lessons,
        probes=[(one["purpose"], one["target"]) for one in said["probes"]],
    )


def _span(text: str) -> tuple[time, time]:
    start, _, end = text.partition("-")
    return time.fromisoformat(start), time.fromisoformat(end)


def write_profile(now: datetime, folder: Path) -> None:
    """Write the profile into a folder, moved to the school year of now."""
    calendar = read_calendar()
    years = calendar.years_to(calendar.local(now).date())
    folder.mkdir(parents=True, exist_ok=True)
    for source in _files():
        text = source.read_text(encoding="utf-8")
        if source.name in _MOVED:
            text = _DATE.sub(lambda found: moved(date.fromisoformat(found[0]), years).isoformat(), text)
            text = _YEAR.sub(lambda found: f"year: {int(found[1]) + years}-{int(found[2]) + years}", text)
        (folder / source.name).write_text(text, encoding="utf-8")


def _files() -> Iterator[Path]:
    yield from sorted((*PROFILE.glob("*.yaml"), *PROFILE.glob("*.csv")))
