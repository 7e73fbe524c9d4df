"""Dumps of WMI classes give instances, or one sentence of what is wrong; values are read as what they are."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.wmi import converted, day, dumped, flag, listed, moment, number, text, texts, whole


def test_instances_are_parted_by_blank_lines() -> None:
    """As wmic prints them: blank lines first, between and last; remarks begin with #."""
    dump = "# wmic path X get /format:list\r\n\r\nA=1\r\nB=a=b\r\n\r\n\r\nA=2\r\nB=\r\n\r\n"

    assert dumped(dump) == [{"A": "1", "B": "a=b"}, {"A": "2", "B": None}]


def test_a_blank_line_behind_each_property_parts_nothing() -> None:
    """Some dumps have one (the end of a line read as two): an instance ends where a name comes again."""
    assert dumped("A=1\n\nB=2\n\nA=3\n\nB=4\n\n") == [{"A": "1", "B": "2"}, {"A": "3", "B": "4"}]


def test_one_property_of_many_instances() -> None:
    """The same name again is another instance."""
    assert dumped("A=1\n\nA=2\n\n") == [{"A": "1"}, {"A": "2"}]


def test_a_value_may_go_on_in_the_next_line() -> None:
    """What has no name belongs to the value above."""
    assert dumped("A=first\nsecond\nB=2\n") == [{"A": "first\nsecond", "B": "2"}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"a","b"}', ["a", "b"]),
        ('{"a"}', ["a"]),
        ('{""}', [""]),
        ("{1,2}", ["1", "2"]),
        ("{}", []),
        ("{603eeb71-3202-4b56-86e9-46e56b970dce}", "{603eeb71-3202-4b56-86e9-46e56b970dce}"),
        ("{4D36E972}", "{4D36E972}"),
        ("AT&amp;T &lt;x&gt;", "AT&T <x>"),
        ("&amp;lt;", "&lt;"),
        ("", None),
    ],
)
def test_values_are_lists_texts_or_nothing(value: str, expected: Any) -> None:
    """A list of one is a list; a GUID begins with a brace too."""
    assert listed(value) == expected


@pytest.mark.parametrize(
    ("dump", "reason"),
    [
        ("", "is empty"),
        ("A=1\nB=", "ends within a line"),
        ("Node - PC\nERROR:\nDescription = Access denied\n", "is no list"),
        ("'wmic' is not recognized as an internal or external command,\n", "is no list"),
        ("PK\x03\x04\0\0\0\n", "holds bytes"),
    ],
)
def test_what_is_no_dump_is_refused(dump: str, reason: str) -> None:
    """An error is an error, never a class without instances."""
    with pytest.raises(ValueError, match=f"^{reason}"):
        dumped(dump)


def test_blank_lines_alone_are_no_instances() -> None:
    """So wmic prints a class of which this PC has nothing."""
    assert dumped("\r\n\r\n") == []


@given(st.text(st.sampled_from('AB=1,{}"\r\n #&;é\0'), max_size=60))
def test_any_text_gives_instances_or_a_sentence(dump: str) -> None:
    """Nothing but ValueError is raised, and names are names."""
    try:
        rows = dumped(dump)
    except ValueError:
        return
    assert all(name.strip("AB1") == "" and name for row in rows for name in row)


def test_powershells_json_is_read_too() -> None:
    """One instance comes without a list around it."""
    assert converted('{"A": 1, "B": null}') == converted('[{"A": 1, "B": null}]') == [{"A": 1, "B": None}]


@pytest.mark.parametrize("dump", ["", "   ", "3", '["a"]', "{", "[" * 100000])
def test_other_json_is_refused(dump: str) -> None:
    """What is no list of objects is no dump."""
    with pytest.raises(ValueError, match=r"."):
        converted(dump)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("20130813153755.000000+120", datetime(2013, 8, 13, 13, 37, 55, tzinfo=UTC)),
        ("20260302081500.123456+420", datetime(2026, 3, 2, 1, 15, 0, tzinfo=UTC)),
        ("20050927******.******+***", datetime(2005, 9, 27, tzinfo=UTC)),
        ("16010101000000.000000-000", None),
        ("20261399000000.000000+000", None),
        ("20260302", datetime(2026, 3, 2, tzinfo=UTC)),
        ("\\/Date(1772414100000)\\/", datetime(2026, 3, 2, 1, 15, tzinfo=UTC)),
        ("/Date(1772414100000)/", datetime(2026, 3, 2, 1, 15, tzinfo=UTC)),
        ({"value": "/Date(1772414100000)/", "DisplayHint": 2}, datetime(2026, 3, 2, 1, 15, tzinfo=UTC)),
        ("2026-03-02T08:15:00+07:00", datetime(2026, 3, 2, 1, 15, tzinfo=UTC)),
        ("03/02/2026", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_utc_or_unknown(said: Any, expected: datetime | None) -> None:
    """The offset counts minutes; 1601 stands for "not set"."""
    assert moment({"At": said}, "At") == expected


@given(st.text(st.sampled_from("0123456789.*+-T:/Date()\\"), max_size=30))
def test_no_text_breaks_the_clock(said: str) -> None:
    """Whatever stands there is a time or unknown."""
    found = moment({"At": said}, "At")
    assert found is None or found.tzinfo is UTC
    assert day({"At": said}, "At") is None or found is None or day({"At": said}, "At") is not None


def test_a_firmwares_day_does_not_slip() -> None:
    """Midnight in Viet Nam is the day before in UTC, and a BIOS date has no hour at all."""
    assert day({"At": "20190412000000.000000+420"}, "At") == date(2019, 4, 12)
    assert day({"At": "00000000000000.000000+000"}, "At") is None


@pytest.mark.parametrize(
    ("value", "as_text", "as_number", "as_flag"),
    [
        ("  5 ", "5", 5, None),
        (5, "5", 5, None),
        ("-1", "-1", -1, None),
        ("TRUE", "TRUE", None, True),
        ("False", "False", None, False),
        (True, "True", 1, True),
        ("", None, None, None),
        (None, None, None, None),
        ("9223372036854775807", "9223372036854775807", 9223372036854775807, None),
        ("٣", "٣", None, None),
        (["a"], None, None, None),
    ],
)
def test_values_are_read_as_what_is_asked(
    value: Any, as_text: str | None, as_number: int | None, as_flag: bool | None
) -> None:
    """Dumps have text for everything, COM has text for long numbers; what is no such thing is unknown."""
    row = {"X": value}
    assert (text(row, "X"), number(row, "X"), flag(row, "X")) == (as_text, as_number, as_flag)


def test_a_list_of_one_and_one_value_are_the_same() -> None:
    """Empty texts within are none."""
    assert texts({"X": ["a", "", None, 3]}, "X") == ("a", "3")
    assert texts({"X": "a"}, "X") == ("a",)
    assert texts({"X": None}, "X") == texts({}, "X") == ()


def test_whole_numbers_are_bounded() -> None:
    """A number of a thousand digits is none: no field holds one."""
    assert whole("1" * 1000) is None
