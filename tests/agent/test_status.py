"""Status: read from the data folder alone, and every shortcoming is a sentence."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent import cache, files, lock, spool, state
from agent.schedule import Entry
from agent.settings import SETTINGS
from agent.status import as_text, status
from agent.supervise import Collected
from collectors.facts import parse_utc
from collectors.settings import Value, load

NOW = parse_utc("2026-03-02T01:15:00Z")
SECTION = Collected("disk", "rows", "2026-03-02T01:00:00Z", 0.1, "aa", None)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Make the folder of an agent that runs and fares well."""
    for name in ("cache", "spool"):
        files.make_folder(tmp_path / name)
    held = lock.take(tmp_path)
    assert held is not None
    cache.keep(tmp_path / "cache", SECTION, None)
    state.save(tmp_path / "state.json", well())
    yield tmp_path
    os.close(held)


def well() -> state.State:
    """Return the memory of an agent that fares well."""
    return state.State(
        hub="http://127.0.0.1:8080",
        device_id="pc-1",
        entries=[Entry("disk", 3600)],
        made=3,
        acknowledged=3,
        last_made_at="2026-03-02T01:00:00Z",
        last_acknowledged_at="2026-03-02T01:00:01Z",
    )


def of(data: Path) -> dict[str, Value]:
    """Return the settings of an agent on a folder."""
    return load(SETTINGS, {"BAOVE_DATA": str(data)}, others=["listen"])


def test_an_agent_that_fares_well_falls_short_in_nothing(data: Path) -> None:
    """Hub, device, times, tables and what waits are told."""
    said = status(of(data), NOW)

    assert said["falls_short"] == []
    assert (said["running"], said["hub"], said["device_id"]) == (True, "http://127.0.0.1:8080", "pc-1")
    assert said["tables"]["disk"]["outcome"] == "rows"
    assert said["spool"] == {"reports": 0, "bytes": 0}
    assert "pc-1" in as_text(said)


def test_the_lock_tells_whether_it_runs(data: Path) -> None:
    """Asking does not take the lock away from the agent, nor keep it."""
    assert status(of(data), NOW)["running"]
    assert lock.take(data) is None


def test_what_waits_is_counted(data: Path) -> None:
    """Reports and bytes."""
    spool.add(data / "spool", bytes(300))

    assert status(of(data), NOW)["spool"] == {"reports": 1, "bytes": 300}


def test_a_failed_table_falls_short(data: Path) -> None:
    """With its reason."""
    cache.keep(data / "cache", replace(SECTION, outcome="timed_out", message="killed after 20 s"), None)

    assert status(of(data), NOW)["falls_short"] == ["disk could not be collected: killed after 20 s"]


def test_what_is_not_here_by_design_does_not_fall_short(data: Path) -> None:
    """A PC without a printer is as it should be."""
    cache.keep(data / "cache", replace(SECTION, outcome="not_here", message="no such thing"), None)

    assert status(of(data), NOW)["falls_short"] == []


def test_an_overdue_table_falls_short(data: Path) -> None:
    """A daemon that hangs looks as if it ran."""
    said = status(of(data), NOW + timedelta(hours=1))

    assert said["falls_short"] == ["disk is overdue"]


def test_a_hub_that_takes_nothing_falls_short(data: Path) -> None:
    """Since when, and the last error."""
    error = "the hub can't be reached: Connection refused"
    state.save(data / "state.json", replace(well(), last_error=error, dropped=2))
    said = status(of(data), NOW + timedelta(hours=3))["falls_short"]

    assert said[1:] == [
        "the hub has not taken a report since 2026-03-02T01:00:01Z",
        error,
        "reports were dropped since the spool was full: 2",
    ]
