"""The made-up school's year is always the present one."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.demo.calendar import PROFILE, moved, read_calendar, write_profile
from hub.school import Profile, read_profile
from tests.shared import SHARED, needs_shared

SUMMER = datetime(2027, 7, 10, 3, tzinfo=UTC)
TERM = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def profile_of(now: datetime, folder: Path) -> Profile:
    """Return the profile as the hub reads it at a time."""
    write_profile(now, folder)
    return read_profile(folder)


@pytest.mark.parametrize(
    ("now", "year"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), "2025-2026"),
        (SUMMER, "2026-2027"),
        (TERM, "2026-2027"),
        (datetime(2028, 2, 29, 3, tzinfo=UTC), "2027-2028"),
        (datetime(2031, 9, 1, 3, tzinfo=UTC), "2031-2032"),
    ],
)
def test_the_profile_is_moved_to_the_school_year_of_now(now: datetime, year: str, tmp_path: Path) -> None:
    """Whole years are added, so that now lies in the profile's year; the plan it is judged by stays."""
    (school,) = profile_of(now, tmp_path).rows["school"]

    assert (school.year, school.plan) == (year, "2025-2026")


def test_the_hub_counts_the_same_school_days(tmp_path: Path) -> None:
    """What the demonstration takes for a school day is one by the profile that it imports."""
    calendar = read_calendar()
    by_profile = {row.day for row in profile_of(TERM, tmp_path).rows["school_day"]}
    first, last = min(by_profile), max(by_profile)

    ours = {
        day
        for n in range(first.toordinal(), last.toordinal() + 1)
        if calendar.is_school_day(day := date.fromordinal(n))
    }

    assert ours == by_profile


@needs_shared
@pytest.mark.parametrize("name", ["classes.csv", "licences.csv", "rooms.csv", "school.yaml", "timetable.csv"])
def test_the_school_is_the_made_up_one(name: str) -> None:
    """The demonstration's profile is the roster that its numbers were worked out from by hand."""
    assert (PROFILE / name).read_text(encoding="utf-8") == (SHARED / "school" / name).read_text(encoding="utf-8")


def test_records_keep_their_dates(tmp_path: Path) -> None:
    """A device was bought when it was bought: only what belongs to the school year is moved."""
    write_profile(TERM, tmp_path)

    assert (tmp_path / "records.csv").read_text(encoding="utf-8") == (PROFILE / "records.csv").read_text(
        encoding="utf-8"
    )


def test_a_waiver_that_has_lapsed_is_among_them(tmp_path: Path) -> None:
    """In term one waiver is over, which shows that it does not hold for ever; the others hold."""
    waivers = profile_of(TERM, tmp_path).rows["waiver"]

    assert [one.subject for one in waivers if one.until < TERM.date()] == ["TT-P104-GV"]


@given(st.dates(min_value=date(2025, 9, 1), max_value=date(2060, 12, 31)))
def test_every_day_lies_in_the_year_that_the_profile_is_moved_to(day: date) -> None:
    """From the first of September to the last of August, whatever the year."""
    calendar = read_calendar()
    years = calendar.years_to(day)

    assert date(2025 + years, 9, 1) <= day <= date(2026 + years, 8, 31)


def test_the_29th_of_february_is_moved_to_a_day_that_exists() -> None:
    """A year without that day has the 28th."""
    assert moved(date(2028, 2, 29), 1) == date(2029, 2, 28)


def test_the_summer_is_working_time_for_offices_only() -> None:
    """In the long holiday no lesson takes place; at Tết the offices are closed too."""
    calendar = read_calendar()

    assert (calendar.is_school_day(date(2027, 7, 7)), calendar.is_working_day(date(2027, 7, 7))) == (False, True)
    assert not calendar.is_working_day(date(2027, 2, 16))


@pytest.mark.parametrize("now", [SUMMER, datetime(2026, 9, 6, tzinfo=UTC), TERM])
def test_the_story_goes_back_to_days_on_which_the_school_taught(now: datetime) -> None:
    """However long the holiday: there are always twenty school days to tell of."""
    calendar = read_calendar()
    days = calendar.days(now, 40, 20)

    assert sum(map(calendar.is_school_day, days)) >= 20
    assert len(days) >= 40
    assert days[-1] == calendar.local(now).date()


def test_a_lesson_counts_in_the_hours_that_it_lies_in() -> None:
    """Monday's lessons in TT-PM1: 07:30 to 08:05, 14:00 to 14:35 and 15:30 to 16:05."""
    calendar = read_calendar()
    seconds = calendar.lesson_seconds("TT-PM1", date(2026, 11, 23))

    assert {hour.hour: value // 60 for hour, value in seconds.items()} == {7: 30, 8: 5, 14: 35, 15: 30, 16: 5}
