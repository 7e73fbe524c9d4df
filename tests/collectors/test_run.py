"""A run ends in one of four ways, keeps nothing of what raised, and tells nothing of what it was reading."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest

from collectors.facts import Failed, Metric, NotHere, Outcome, collector, fact
from collectors.run import MESSAGE_LIMIT, Section, run


@fact(
    key="name",
    why="To test",
    metrics=(Metric("baove_size", "The size", lambda row: row.size, {"name": lambda row: row.name}),),
)
class Thing:
    """A made-up table."""

    name: Annotated[str, "The name"]
    size: Annotated[int | None, "The size"] = None


NOW = datetime(2026, 3, 2, 1, 15, tzinfo=UTC)


class Host:
    """A machine with a clock."""

    def now(self) -> datetime:
        """Return the time."""
        return NOW


def ended(what: Callable[[], Any], first: tuple[Thing, ...] = (Thing(name="seen before"),)) -> Section:
    """Run a collector that yields a row and then does something."""

    @collector(every="1h", within="5s")
    def linux(host: Host) -> Iterator[Thing]:
        assert host.now() == NOW
        yield from first
        what()

    return run(linux, Host())


def raiser(error: BaseException) -> Callable[[], None]:
    """Return what raises an error."""

    def it() -> None:
        raise error

    return it


def test_rows_are_as_a_report_has_them() -> None:
    """With the time of the attempt and a digest; the same row twice is one."""
    section = ended(lambda: None, (Thing(name="a"), Thing(name="a"), Thing(name="b", size=3)))
    assert section.outcome is Outcome.ROWS
    assert section.rows == [{"name": "a", "size": None}, {"name": "b", "size": 3}]
    assert section.as_table() == {
        "collected_at": "2026-03-02T01:15:00Z",
        "digest": section.digest,
        "rows": section.rows,
    }


def test_no_rows_are_an_answer() -> None:
    """Looked for and not found."""
    section = ended(lambda: None, ())
    assert (section.outcome, section.rows) == (Outcome.ROWS, [])


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (NotHere("a server has none"), Outcome.NOT_HERE, "a server has none"),
        (Failed("the file is damaged"), Outcome.FAILED, "the file is damaged"),
        (TimeoutError("no answer"), Outcome.TIMED_OUT, "no answer"),
        (
            PermissionError(13, "Permission denied", "/etc/shadow"),
            Outcome.FAILED,
            "/etc/shadow can be read by root only: run the agent as root",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "/proc/x"),
            Outcome.FAILED,
            "/proc/x: No such file or directory",
        ),
        (OSError(), Outcome.FAILED, "a file: OSError"),
    ],
)
def test_a_run_that_raised_keeps_no_row_and_says_why(error: Exception, outcome: Outcome, message: str) -> None:
    """A section is whole or it is an error, though rows came before."""
    section = ended(raiser(error))
    assert (section.outcome, section.rows, section.digest, section.samples) == (outcome, None, None, ())
    assert section.as_missing() == {
        "table": "thing",
        "why": outcome.value,
        "attempted_at": "2026-03-02T01:15:00Z",
        "message": message,
    }


@pytest.mark.parametrize("path", ["/home/hocsinh/a.txt", "/media/hocsinh/USB", "/root/x"])
def test_a_message_names_no_file_of_a_person(path: str) -> None:
    """Only the system's own folders are told."""
    section = ended(raiser(FileNotFoundError(2, "No such file or directory", path)))
    assert section.message == "a file: No such file or directory"


def test_a_bug_tells_its_place_and_nothing_of_what_it_read() -> None:
    """The message of an unforeseen error could hold anything."""
    section = ended(raiser(ValueError("invalid literal: 'Nguyễn Thị Hương'")))
    assert section.outcome is Outcome.FAILED
    assert section.message is not None
    assert section.message.startswith("ValueError at test_run.py line ")
    assert section.message.endswith(": please report it")
    assert "Hương" not in section.message


def test_a_message_is_one_short_line() -> None:
    """However long the reason was."""
    section = ended(raiser(Failed("a\nb  c" + "x" * 1000)))
    assert section.message is not None
    assert section.message.startswith("a b cxxx")
    assert len(section.message) == MESSAGE_LIMIT


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(2)])
def test_the_end_of_the_process_is_no_outcome(error: BaseException) -> None:
    """It goes through."""
    with pytest.raises(type(error)):
        ended(raiser(error))


def test_what_is_not_known_has_no_series() -> None:
    """A metric whose value is None is left out, never 0."""
    section = ended(lambda: None, (Thing(name="a", size=3), Thing(name="b"), Thing(name="c", size=0)))
    assert section.samples == (
        ("baove_size", "The size", {"name": "a"}, 3.0),
        ("baove_size", "The size", {"name": "c"}, 0.0),
    )
