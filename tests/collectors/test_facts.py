"""The base of facts: a class is its table, and what it becomes in a report is the same on every machine."""

import json
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.facts import clean, collector, compact, digest, fact, parse_utc, plain, seconds, table_of, utc_text


class Colour(StrEnum):
    """A made-up enumeration."""

    RED = "red"


@fact(key=("name", "colour"), volatile=("free",), why="To test", valid_operation_days=7)
class MadeUp:
    """A made-up table."""

    name: Annotated[str, "The name"]
    colour: Annotated[Colour | None, "The colour"] = None
    free: Annotated[int | None, "What changes all the time"] = None
    seen_at: Annotated[datetime | None, "A time"] = None
    day: Annotated[date | None, "A day"] = None
    parts: Annotated[tuple[str, ...], "Several"] = ()


def test_a_class_is_its_table() -> None:
    """Name, key, volatile fields, types and sentences all come from the class."""
    table = table_of(MadeUp)
    assert (table.name, table.key, table.volatile) == ("made_up", ("name", "colour"), frozenset({"free"}))
    assert [(one.name, one.type, one.nullable) for one in table.fields] == [
        ("name", str, False),
        ("colour", Colour, True),
        ("free", int, True),
        ("seen_at", datetime, True),
        ("day", date, True),
        ("parts", tuple, False),
    ]
    assert table.fields[0].about == "The name"


def test_a_field_without_its_sentence_is_refused() -> None:
    """The reference and the privacy notice are made of the sentences."""
    with pytest.raises(TypeError, match="lacks its sentence"):

        @fact(why="To test")
        class Silent:
            name: str


def test_a_key_that_is_no_field_is_refused() -> None:
    """A slip of the pen shows at import."""
    with pytest.raises(TypeError, match="no such field: nmae"):

        @fact(key="nmae", why="To test")
        class Slip:
            name: Annotated[str, "The name"]


def test_a_fact_cannot_be_changed() -> None:
    """It is what was seen."""
    with pytest.raises(AttributeError):
        MadeUp(name="a").name = "b"  # type: ignore[misc]


def test_a_fact_becomes_plain_json() -> None:
    """Enumerations are their words, times UTC text, days ISO, tuples lists, unknown null."""
    moment = datetime(2026, 3, 2, 8, 15, 0, 999999, tzinfo=timezone(timedelta(hours=7)))
    row = MadeUp(name="a", colour=Colour.RED, seen_at=moment, day=date(2026, 3, 2), parts=("x", "y"))
    assert plain(row) == {
        "name": "a",
        "colour": "red",
        "free": None,
        "seen_at": "2026-03-02T01:15:00Z",
        "day": "2026-03-02",
        "parts": ["x", "y"],
    }


def test_vietnamese_letters_are_composed() -> None:
    """The same word typed in two ways is one word: NFC."""
    assert clean(unicodedata.normalize("NFD", "Trường Tiểu học")) == "Trường Tiểu học"


@given(st.text(st.characters()))
def test_any_text_becomes_fit_for_json_and_databases(text: str) -> None:
    """No NUL, nothing that UTF-8 can't say, and cleaning twice changes nothing more."""
    cleaned = clean(text)
    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned) == cleaned


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1), max_value=datetime(9999, 1, 1)))  # noqa: DTZ001 - hypothesis wants bare ones
def test_times_survive_their_text(moment: datetime) -> None:
    """To the second, in UTC."""
    assert parse_utc(utc_text(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "text", ["", "2026-03-02", "2026-03-02 01:15:00", "2026-03-02T01:15:00+07:00", "2026-02-30T00:00:00Z"]
)
def test_other_times_are_refused(text: str) -> None:
    """There is one way to write a time."""
    with pytest.raises(ValueError, match=r"."):
        parse_utc(text)


@pytest.mark.parametrize(("text", "count"), [("20s", 20), ("10m", 600), ("6h", 21600), ("1d", 86400)])
def test_periods_are_seconds(text: str, count: int) -> None:
    """As they stand in ``@collector``."""
    assert seconds(text) == count


def rows(*facts_: MadeUp) -> list[dict[str, Any]]:
    """Return facts as a report has them."""
    return [plain(one) for one in facts_]


def test_the_digest_knows_neither_order_nor_volatile_fields() -> None:
    """Two collections of an unchanged machine have one digest."""
    table = table_of(MadeUp)
    one, other = MadeUp(name="a", free=1), MadeUp(name="b", free=2)
    assert digest(table, rows(one, other)) == digest(table, rows(other, MadeUp(name="a", free=99)))
    assert digest(table, rows(one)) != digest(table, rows(MadeUp(name="a", colour=Colour.RED)))
    assert digest(table, rows(one)) != digest(table, rows(one, other))
    assert digest(table, []) != digest(table, rows(one))


def test_what_is_sent_has_no_blanks_and_letters_as_they_are() -> None:
    """And a number that is none is refused, since JSON has no word for it."""
    assert compact().encode({"tên": [1, None]}) == '{"tên":[1,null]}'
    assert json.loads(compact().encode("Trường")) == "Trường"
    with pytest.raises(ValueError, match=r"."):
        compact().encode(float("nan"))


def test_a_collector_says_its_table_system_and_times() -> None:
    """The function's name is the system, its result the table."""
    from collections.abc import Iterator

    @collector(every="6h", within="20s")
    def linux(host: object) -> Iterator[MadeUp]:
        yield MadeUp(name=str(host))

    assert (linux.table, linux.system, linux.every_seconds, linux.within_seconds) == ("made_up", "linux", 21600, 20)


def test_the_base_needs_the_standard_library_only() -> None:
    """It is imported on every PC."""
    import subprocess
    import sys

    code = "import sys, collectors.facts; print([n for n in sys.modules if 'psutil' in n or 'msgspec' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
