"""Values as people read them."""

from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest

from collectors.facts import Field
from hub.formats import Formats

VI, EN = (Formats(language, ZoneInfo("Asia/Ho_Chi_Minh")) for language in ("vi", "en"))


class Word(StrEnum):
    """The words of a field."""

    LAPTOP = "laptop"


def field(name: str, kind: type) -> Field:
    """Return a field of a type."""
    return Field(name, kind, nullable=True, about="", volatile=False, key=False)


@pytest.mark.parametrize(
    ("value", "vietnamese", "english"),
    [(1.94, "1,94", "1.94"), (2.0, "2", "2"), (12500, "12.500", "12,500"), (0, "0", "0"), (-0.001, "0", "0")],
)
def test_numbers_have_the_marks_of_their_language(value: float, vietnamese: str, english: str) -> None:
    """A comma before decimals and a point between thousands in Vietnamese; the other way round in English."""
    assert VI.number(value) == vietnamese
    assert EN.number(value) == english


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "100 %"), (0.9999, "99,9 %"), (0.0001, "0,1 %"), (0, "0 %"), (0.925, "92,5 %")]
)
def test_a_share_is_never_rounded_to_what_it_is_not(value: float, text: str) -> None:
    """What falls short by one PC in ten thousand doesn't read 100 %."""
    assert VI.share(value) == text


def test_times_are_on_the_school_s_clock() -> None:
    """Midnight in Viet Nam is 17:00 UTC of the day before."""
    assert VI.moment("2026-03-01T17:15:00Z") == "02/03/2026 00:15"
    assert EN.moment(datetime(2026, 3, 1, 17, 15, tzinfo=UTC)) == "2026-03-02 00:15"
    assert VI.day("2026-03-01T17:15:00Z") == "02/03/2026"
    assert VI.day(date(2026, 3, 1)) == "01/03/2026"
    assert EN.day("2026-03-01") == "2026-03-01"


@pytest.mark.parametrize(
    ("name", "kind", "value", "text"),
    [
        ("size_bytes", int, 8 << 30, "8 GiB"),
        ("size_bytes", int, 500_107_862_016, "465,8 GiB"),
        ("free_bytes", int, 0, "0 B"),
        ("duration_seconds", float, 0.0521, "52,1 ms"),
        ("active_seconds", int, 5400, "2 giờ"),
        ("speed_mhz", int, 3200, "3.200 MHz"),
        ("speed_mbps", int, 1000, "1.000 Mbit/s"),
        ("port", int, 9977, "9977"),
        ("year", int, 2016, "2016"),
        ("encrypted", bool, 0, "không"),
        ("encrypted", bool, 1, "có"),
        ("booted_at", datetime, "2026-03-02T00:15:00Z", "02/03/2026 07:15"),
        ("installed_on", date, "2026-03-02", "02/03/2026"),
        ("addresses", tuple, '["10.0.0.2", "10.0.0.3"]', "10.0.0.2, 10.0.0.3"),
        ("kind", Word, "laptop", "máy tính xách tay"),
        ("hostname", str, "TT-PM1-01", "TT-PM1-01"),
    ],
)
def test_a_fact_is_read_in_the_unit_that_its_name_tells(name: str, kind: type, value: object, text: str) -> None:
    """Bytes become GiB, times the school's, 0 and 1 of a yes-or-no field words; a port keeps its digits together."""
    assert VI.fact(field(name, kind), value) == text


@pytest.mark.parametrize("kind", [str, int, float, bool, datetime, date, tuple, Word])
def test_what_is_not_known_is_said(kind: type) -> None:
    """Null is 'not known yet' whatever the type: never blank, never 0, never no."""
    assert VI.fact(field("size_bytes", kind), None) == "chưa biết"
    assert EN.fact(field("size_bytes", kind), None) == "not known yet"


def test_an_empty_list_is_known_to_be_empty() -> None:
    """No address is another thing than an address that could not be asked for."""
    assert EN.fact(field("addresses", tuple), "[]") == "none"


def test_how_long_ago_is_said_in_the_largest_unit() -> None:
    """A person reads '3 days ago', not a number of seconds."""
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    assert EN.ago("2026-02-27T01:00:00Z", now) == "3 days ago"
    assert VI.ago("2026-03-02T00:58:00Z", now) == "2 phút trước"
    assert EN.ago("2026-03-02T00:59:30Z", now) == "just now"


def test_a_reason_s_details_are_said_as_people_read_them() -> None:
    """Times, dates, numbers and tables inside a reason's sentence follow the reader's language."""
    details = {"table": "memory_module", "at": "2026-03-02T00:15:00Z", "day": "2026-03-02", "ratio": 1.5, "none": None}

    assert VI.details(details, {"memory_module": "Thanh nhớ RAM"}) == {
        "table": "Thanh nhớ RAM", "at": "02/03/2026 07:15", "day": "02/03/2026", "ratio": "1,5", "none": None,
    }  # fmt: skip
