"""A hub that heard the made-up school shows every state that its pages have."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from hub import devices, targets
from hub.app import create_app
from hub.demo import fill, live, replay
from hub.hub import Hub, open_hub
from rules.engine import Measurement

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Return a hub that has just been filled, at half past three on a school day."""
    found = open_hub(tmp_path_factory.mktemp("demo"), clock=lambda: NOW, made_up=True)
    try:
        fill(found, NOW)
        yield found
    finally:
        found.close()


@pytest.fixture
def copy(hub: Hub, tmp_path: Path) -> Iterator[Hub]:
    """Return a copy of that hub, for a test that changes it."""
    kept = Path(hub.database.engine.url.database or "")
    with sqlite3.connect(kept) as source, sqlite3.connect(tmp_path / kept.name) as target:
        source.backup(target)
    found = open_hub(tmp_path, clock=lambda: NOW, made_up=True)
    try:
        yield found
    finally:
        found.close()


def ask(hub: Hub, sql: str, **named: Any) -> list[dict[str, Any]]:
    """Ask the hub's database."""
    with hub.database.reading() as query:
        return query(sql, named)


def measurement(hub: Hub, name: str) -> Measurement:
    """Return what a target came to."""
    return next(one.measurement for one in targets.measured(hub) if one.target.id == name)


def test_the_labs_are_as_worked_out_by_hand(hub: Hub) -> None:
    """The roster's own numbers: 35 pupils at 17 of 18 computers are 2.06, 34 at 14 are 2.43; what is missing, too."""
    evidence = {row["room"]: row for row in measurement(hub, "students-per-computer").evidence}
    columns = ("class_group", "students", "computers_working", "missing_level_2", "missing_level_3", "verdict")
    found = {room: tuple(row[name] for name in columns) for room, row in evidence.items()}

    assert found == {"TT-PM1": ("5A", 35, 17, 1, 18, "fail"), "TG-PM1": ("3G", 34, 14, 3, 20, "fail")}
    assert {room: round(row["ratio"], 2) for room, row in evidence.items()} == {"TT-PM1": 2.06, "TG-PM1": 2.43}


def test_every_word_of_a_verdict_is_seen(hub: Hub) -> None:
    """Each check has PCs that pass; over all checks every word occurs that a rule in force can come to."""
    rows = ask(hub, "SELECT DISTINCT rule, verdict FROM verdict")
    words = {"pass", "fail", "unknown", "exempt"}

    assert {row["rule"] for row in rows if row["verdict"] == "pass"} == set(hub.rulebook.checks)
    assert {row["verdict"] for row in rows} >= words


def test_every_check_finds_something(hub: Hub) -> None:
    """A check that nobody fails shows nothing of how a failing one looks."""
    failing = {row["rule"] for row in ask(hub, "SELECT DISTINCT rule FROM verdict WHERE verdict = 'fail'")}

    assert failing == set(hub.rulebook.checks)


def test_targets_are_met_and_missed(hub: Hub) -> None:
    """The first page has both; nothing on it is an error."""
    found = targets.measured(hub)

    assert [one.target.id for one in found if one.measurement.error] == []
    assert {one.measurement.verdict.value for one in found} >= {"pass", "fail"}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/unassigned", "DESKTOP-7Q2KD1M"),
        ("/conflicts", "TT-P401-GV"),
        ("/conflicts", "TT-P504-GV"),
        ("/conflicts", "TT-PM1-19"),
        ("/silent", "TG-P205-GV"),
        ("/failing", "TT-P301-GV"),
        ("/failing", "TT-P302-GV"),
        ("/never-heard", "TB-0019"),
        ("/retired-reporting", "MÁY-CŨ-THANH-LÝ"),
    ],
)
def test_each_list_that_needs_a_hand_has_somebody(hub: Hub, path: str, named: str) -> None:
    """Every list of the page shows what it is for."""
    with TestClient(create_app(hub), base_url="http://127.0.0.1") as client:
        answer = client.get(path)

    assert answer.status_code == 200
    assert named in answer.text


def test_a_stolen_module_shows_in_the_history(hub: Hub) -> None:
    """A memory module that went, software that came and went, and versions that rose are on the devices' pages."""
    rows = ask(
        hub,
        'SELECT m.hostname, c."table", c.what FROM change AS c JOIN managed_device AS m ON m.device_id = c.device_id',
    )
    found = {(row["hostname"], row["table"], row["what"]) for row in rows}

    assert found >= {
        ("TT-P203-GV", "memory_module", "went"),
        ("TT-PM1-03", "software", "came"),
        ("TT-PM1-03", "software", "went"),
        ("TT-PM1-03", "software", "changed"),
    }


def test_two_boards_with_one_number_are_two_devices(hub: Hub) -> None:
    """Both cloned PCs are there, and in a conflict of their own."""
    names = {row["hostname"] for row in ask(hub, "SELECT hostname FROM managed_device")}
    kinds = {row["kind"] for row in ask(hub, "SELECT kind FROM conflict WHERE resolved_at IS NULL")}

    assert names >= {"TT-P401-GV", "TT-P402-GV"}
    assert kinds == {"clone", "same_machine"}


def test_a_pc_without_hardware_numbers_is_marked_weak(hub: Hub) -> None:
    """Nothing tells it from another but a number that its agent keeps."""
    (row,) = ask(hub, "SELECT weak FROM managed_device WHERE hostname = 'TG-P405-GV'")

    assert row["weak"]


def test_a_guests_laptop_is_not_judged(hub: Hub) -> None:
    """The officer said that it is not the school's."""
    (row,) = ask(hub, "SELECT device_id, ownership FROM managed_device WHERE hostname = 'LAPTOP-KHÁCH'")

    assert row["ownership"] == "other"
    assert ask(hub, "SELECT rule FROM verdict WHERE device_id = :device_id", device_id=row["device_id"]) == []


def test_each_target_has_a_history(hub: Hub) -> None:
    """Each replayed day was judged and written down; some target was once better or worse than it is now."""
    rows = ask(hub, "SELECT target, day, verdict, value FROM target_day")

    assert {row["target"] for row in rows} == set(hub.plan().demands)
    assert len({row["day"] for row in rows}) >= 36
    assert len({(row["target"], row["value"]) for row in rows}) > 2 * len(hub.plan().demands)


def test_some_six_of_ten_records_are_complete(hub: Hub) -> None:
    """Enough to see what a complete record is, too few for the plan."""
    value = measurement(hub, "digital-records").value

    assert value is not None
    assert 0.5 < value < 0.7


def test_filling_again_takes_in_only_what_is_new(copy: Hub) -> None:
    """A demonstration that is started again on the same folder goes on."""
    assert fill(copy, NOW) == 0
    assert 0 < fill(copy, NOW + timedelta(hours=18)) < 100


def test_the_story_goes_on_where_it_was_told(copy: Hub) -> None:
    """A week later nothing happens a second time: the module that was taken out was not put back meanwhile."""
    history = "SELECT COUNT(*) AS number FROM change WHERE \"table\" IN ('memory_module', 'device')"
    before = ask(copy, history)
    fill(copy, NOW + timedelta(days=7))

    assert ask(copy, history) == before


def test_what_was_changed_by_hand_stays(copy: Hub) -> None:
    """Who tries the demonstration's buttons finds the next day what he did."""
    named = "FROM managed_device WHERE hostname = 'DESKTOP-7Q2KD1M'"
    (row,) = ask(copy, f"SELECT device_id {named}")
    copy.database.write(lambda connection: devices.set_room(connection, row["device_id"], "TT-VP"))
    fill(copy, NOW + timedelta(days=1))

    assert [one["room"] for one in ask(copy, f"SELECT room {named}")] == ["TT-VP"]


def test_pcs_go_on_reporting(copy: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the demonstration runs, reports keep coming, until it is told to stop."""
    count = "SELECT COUNT(*) AS number FROM report"
    before = ask(copy, count)[0]["number"]
    monkeypatch.setattr(replay, "LIVE_SECONDS", 0.01)
    stop = threading.Event()
    running = threading.Thread(target=live, args=(copy, stop))
    running.start()
    deadline = time.monotonic() + 20
    while ask(copy, count)[0]["number"] < before + 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    running.join(timeout=20)

    assert not running.is_alive()
    assert ask(copy, count)[0]["number"] >= before + 4
