"""Usage: hours in which somebody was signed in at the PC, by no one's name, and never more than is sure."""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from collectors.facts import Outcome, parse_utc
from collectors.sources.recording import RecordedLinux
from tests.collectors.host import machines
from tests.collectors.host.machines import collect, message, rows


def machine(files: Mapping[str, str | bytes]) -> RecordedLinux:
    """Return a PC of a lab with these files."""
    return machines.machine(files, is_lab=True)


BOOT, RUN_LEVEL, USER, DEAD = 2, 1, 7, 8


def record(kind: int, line: str, at: str, user: str = "", source: str = "") -> bytes:
    """Return a record of wtmp(5); the time is of the second of March 2026, UTC, unless it holds a date."""
    moment = parse_utc(at if "T" in at else f"2026-03-02T{at}Z")
    names = [one.encode() for one in (line, "", user, source)]
    return struct.pack("<hxxi32s4s32s256shhiII16s20x", kind, 7, *names, 0, 0, 0, int(moment.timestamp()), 0, b"")


def used(*records: bytes) -> dict[int, int]:
    """Return the seconds by hour of the second of March."""
    found = rows("usage", machine({"/var/log/wtmp": b"".join(records)}))
    assert all(row["includes_idle"] for row in found)
    return {parse_utc(row["hour"]).hour: row["active_seconds"] for row in found}


def test_a_session_counts_in_each_hour_that_it_touches() -> None:
    """From signing in to signing out."""
    assert used(record(USER, "tty2", "00:30:00", "an"), record(DEAD, "tty2", "02:10:00")) == {0: 1800, 1: 3600, 2: 600}


def test_two_people_at_once_are_one_use() -> None:
    """Time is counted once, however many sessions are open."""
    sessions = [record(USER, "tty2", "00:00:00"), record(USER, "tty3", "00:10:00"), record(DEAD, "tty2", "00:20:00")]
    assert used(*sessions, record(DEAD, "tty3", "00:30:00")) == {0: 1800}


def test_who_comes_over_the_network_does_not_use_the_pc() -> None:
    """A session with a host is remote; ':0' is the PC's own screen."""
    assert used(record(USER, "pts/0", "00:00:00", "an", "192.168.1.5"), record(DEAD, "pts/0", "00:30:00")) == {}
    assert used(record(USER, ":0", "00:00:00", "an", ":0"), record(DEAD, ":0", "00:30:00")) == {0: 1800}


def test_the_hour_that_still_runs_is_left_out() -> None:
    """It would change with each run; the recording's clock says 03:15."""
    assert used(record(USER, "tty2", "02:30:00", "an")) == {2: 1800}


def test_a_pulled_plug_ends_the_session_with_the_last_thing_known() -> None:
    """A restart without a shutdown: nobody used the PC in between as far as is known."""
    before = [
        record(USER, "tty2", "00:00:00", "an"),
        record(USER, "tty3", "00:10:00"),
        record(DEAD, "tty3", "00:20:00"),
    ]
    assert used(*before, record(BOOT, "~", "02:00:00", "reboot")) == {0: 1200}
    assert used(*before, record(RUN_LEVEL, "~", "01:00:00", "shutdown")) == {0: 3600}


def test_a_clock_that_jumped_counts_for_nothing() -> None:
    """An empty CMOS battery makes a session of years."""
    assert used(record(USER, "tty2", "2001-01-01T00:00:00Z", "an"), record(DEAD, "tty2", "00:20:00")) == {}


def test_only_the_last_seven_days_are_told() -> None:
    """What is older has been reported."""
    at = ("2026-02-22T00:00:00Z", "2026-02-22T01:00:00Z")
    assert used(record(USER, "tty2", at[0]), record(DEAD, "tty2", at[1])) == {}


def test_no_name_leaves_the_pc() -> None:
    """The rows hold an hour and a number."""
    found = rows("usage", machine({"/var/log/wtmp": record(USER, "tty2", "00:00:00", "hocsinh")}))
    assert {key for row in found for key in row} == {"hour", "active_seconds", "includes_idle"}


@pytest.mark.parametrize("data", [b"x" * 383, b"\xff" * 384, record(USER, "tty2", "2031-01-01T00:00:00Z")])
def test_a_damaged_file_is_a_failure(data: bytes) -> None:
    """Half a record, a kind that is none, a time in the future."""
    assert "/var/log/wtmp" in message("usage", machine({"/var/log/wtmp": data}))


def test_where_nothing_tells_of_use_it_is_unknown() -> None:
    """No wtmp (Debian 13), or a PC that signs in by itself: not an unused PC."""
    assert "writes no /var/log/wtmp" in message("usage", machine({}))
    gdm: dict[str, str | bytes] = {
        "/etc/gdm3/daemon.conf": "[daemon]\nAutomaticLoginEnable=true\n",
        "/var/log/wtmp": b"",
    }
    assert "signs in by itself" in message("usage", machine(gdm))


def test_an_older_file_is_read_first() -> None:
    """Wtmp turns monthly: a session may begin in the older one."""
    files = {"/var/log/wtmp.1": record(USER, "tty2", "00:30:00"), "/var/log/wtmp": record(DEAD, "tty2", "01:00:00")}
    assert [row["active_seconds"] for row in rows("usage", machine(files))] == [1800]


def test_the_times_are_utc() -> None:
    """The hour is that of the record itself."""
    (row,) = rows("usage", machine({"/var/log/wtmp": record(USER, "t", "01:00:00") + record(DEAD, "t", "02:00:00")}))
    assert parse_utc(row["hour"]) == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_of_no_other_pc_are_the_hours_of_use_collected() -> None:
    """A teacher's PC tells nothing, unless the configuration says that it stands in a lab."""
    section = collect("usage", machines.machine({"/var/log/wtmp": record(USER, "tty2", "00:00:00")}))
    assert section.outcome is Outcome.NOT_HERE
