"""The daemon: cycles over a real data folder, real children and a real hub; and the whole process."""

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import cache, daemon, spool, state
from agent.schedule import Entry, Moment
from agent.supervise import Collected
from tests.agent.machines import Hub, listening, taken

AGENT = [sys.executable, "-m", "agent"]
START = Moment(1000.0, 1772413200.0)
IDENTIFIERS = {"smbios_uuid": "4c4c4544-0042-3510-8052-b4c04f564d32", "disk_serials": ["S4EVNX0M"], "macs": []}


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a hub."""
    with listening() as running:
        yield running


def later(seconds: float) -> Moment:
    """Return a moment after the start, of a clock that nobody set."""
    return Moment(START.elapsed + seconds, START.wall + seconds)


def ready(data: Path, hub: Hub | None) -> daemon.Agent:
    """Return a daemon that knows its machine and has collected nothing yet."""
    daemon.prepare(data)
    agent = daemon.start(data, hub.url if hub else None)
    agent.started, agent.identifiers = True, dict(IDENTIFIERS)
    return agent


def see(agent: daemon.Agent, table: str, *names: str, outcome: str = "rows") -> None:
    """Let a section have been collected whose rows, and digest, are these names."""
    rows = json.dumps([{"name": name} for name in names]).encode() if outcome == "rows" else b"null"
    digest = "-".join(names) if outcome == "rows" else None
    message = None if outcome == "rows" else "it was not to be"
    section = Collected(table, outcome, "2026-03-02T01:00:00Z", 0.1, digest, message, rows=rows)
    daemon._heed(agent, section)


def report(agent: daemon.Agent, now: Moment) -> None:
    """Let the agent make a report and send what waits."""
    daemon.make_report(agent, now)
    daemon.send_waiting(agent, now)


def test_a_first_report_is_whole_and_the_next_tells_digests(tmp_path: Path, hub: Hub) -> None:
    """What the hub acknowledged and did not change goes as a digest."""
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    see(agent, "malware", outcome="failed")
    report(agent, START)
    see(agent, "disk", "sda")
    report(agent, later(3600))
    first, second = hub.reports

    assert first["tables"]["disk"]["rows"] == [{"name": "sda"}]
    assert first["missing"] == [
        {"table": "malware", "why": "failed", "attempted_at": "2026-03-02T01:00:00Z", "message": "it was not to be"}
    ]
    assert second["tables"] == {}
    assert second["unchanged"] == {"disk": {"collected_at": "2026-03-02T01:00:00Z", "digest": "sda"}}
    assert (first["stream"], first["sequence"] + 1) == (second["stream"], second["sequence"])


def test_a_table_that_was_not_due_stands_nowhere(tmp_path: Path, hub: Hub) -> None:
    """Its age runs on, at the hub."""
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    report(agent, START)
    report(agent, later(3600))

    assert [hub.reports[1][part] for part in ("tables", "unchanged", "missing")] == [{}, {}, []]


def test_what_the_hub_wants_again_comes_whole_though_it_was_not_due(tmp_path: Path, hub: Hub) -> None:
    """The rows come from the PC's disk."""
    hub.replies = [taken(resend=["disk", "nonsense"]), taken()]
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    report(agent, START)
    report(agent, later(300))

    assert hub.reports[1]["tables"]["disk"]["rows"] == [{"name": "sda"}]
    assert agent.plan.report_at is not None


def test_a_table_that_was_not_here_comes_whole_when_it_is_back(tmp_path: Path, hub: Hub) -> None:
    """A hub that was told "not here" need not keep rows to compare with."""
    agent = ready(tmp_path, hub)
    for number, outcome in enumerate(["rows", "not_here", "rows"]):
        see(agent, "printer", "HP", outcome=outcome)
        report(agent, later(3600 * number))

    assert "printer" in hub.reports[2]["tables"]


def test_a_volatile_table_comes_whole_once_a_day(tmp_path: Path, hub: Hub) -> None:
    """Free space stands in no digest, so it would else never be told."""
    agent = ready(tmp_path, hub)
    agent.state.entries = [Entry("volume", 3600, volatile=True)]
    for hour in range(26):
        see(agent, "volume", "/")
        report(agent, later(3600 * hour))

    assert [hour for hour, one in enumerate(hub.reports) if one["tables"]] == [0, 24]


def test_a_hub_that_is_away_gets_everything_later_in_order_and_once(tmp_path: Path, hub: Hub) -> None:
    """Nothing is lost, nothing comes twice."""
    hub.replies = [(503, b""), (503, b""), taken()]
    agent = ready(tmp_path, hub)
    for hour, names in enumerate([["a"], ["a", "b"], ["a", "b"]]):
        see(agent, "software", *names)
        report(agent, later(3600 * hour))
    taken_reports = hub.reports[2:]

    assert [one["sequence"] for one in taken_reports] == [1, 2, 3]
    assert [list(one["tables"]) for one in taken_reports] == [["software"], ["software"], []]
    assert spool.waiting(agent.spool) == []
    assert agent.state.acknowledged == 3


def test_a_hub_that_is_away_is_asked_less_and_less_often(tmp_path: Path, hub: Hub) -> None:
    """Forty PCs do not beat on a hub that starts."""
    hub.replies = [(503, b"")]
    agent = ready(tmp_path, hub)
    daemon.make_report(agent, START)
    waits = []
    for _ in range(6):
        daemon.send_waiting(agent, START)
        waits.append(agent.retry_at - START.elapsed)

    assert waits[:5] == sorted(waits[:5])
    assert 60 <= waits[0] <= 75
    assert 1800 <= waits[-1] <= 2250
    assert agent.state.last_error == "the hub answered 503 "


def test_a_report_that_the_hub_refuses_is_dropped_and_its_rows_come_anew(tmp_path: Path, hub: Hub) -> None:
    """One bad report must not stand before all others for ever; what it was to tell is not taken as known."""
    hub.replies = [(400, b'{"detail":"no such format"}'), taken()]
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    report(agent, START)

    assert spool.waiting(agent.spool) == []
    assert agent.state.rejected == 1
    assert agent.state.last_error == "a report was dropped: the hub refused the report: 400 no such format"
    report(agent, later(3600))
    assert "disk" in hub.reports[1]["tables"]


def test_a_restart_goes_on_where_it_was(tmp_path: Path, hub: Hub) -> None:
    """The stream is new, what the hub has is not sent again, and what waited still waits."""
    hub.replies = [
        taken(report_every_seconds=600, probes=[{"purpose": "hub", "target": "tcp://127.0.0.1:8080"}]),
        (500, b""),
    ]
    before = ready(tmp_path, hub)
    see(before, "disk", "sda")
    report(before, START)
    before.state.identifiers = dict(IDENTIFIERS)
    report(before, later(3600))
    after = daemon.start(tmp_path, hub.url)
    daemon.recognise(after, dict(IDENTIFIERS))
    hub.replies = [taken()]
    see(after, "disk", "sda")
    report(after, later(7200))

    assert len(spool.waiting(after.spool)) == 0
    assert hub.reports[-1]["unchanged"].keys() == {"disk"}
    assert hub.reports[-2]["stream"] == before.stream != hub.reports[-1]["stream"] == after.stream
    assert after.every == 600
    assert after.state.probes == [{"purpose": "hub", "target": "tcp://127.0.0.1:8080"}]


def test_another_hub_is_told_everything(tmp_path: Path, hub: Hub) -> None:
    """What one hub acknowledged says nothing of what another knows."""
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    report(agent, START)
    with listening() as other:
        moved = daemon.start(tmp_path, other.url)
        daemon.recognise(moved, dict(IDENTIFIERS))
        see(moved, "disk", "sda")
        report(moved, later(60))

        assert "disk" in other.reports[0]["tables"]
    assert moved.state.device_id == "pc-1"


def test_a_clone_throws_away_what_its_image_brought(tmp_path: Path, hub: Hub) -> None:
    """An image holds the facts and the unsent reports of the PC that it was made on."""
    hub.replies = [(500, b"")]
    golden = ready(tmp_path, hub)
    daemon.recognise(golden, dict(IDENTIFIERS))
    see(golden, "disk", "sda")
    report(golden, START)
    clone = daemon.start(tmp_path, hub.url)
    daemon.recognise(clone, {"smbios_uuid": "4c4c4544-0042-3510-8052-b4c04f999999", "disk_serials": [], "macs": []})

    assert clone.kept == {}
    assert clone.state.known == {}
    assert spool.waiting(clone.spool) == []
    assert cache.read(clone.cache) == {}


def test_a_new_disk_makes_no_new_machine(tmp_path: Path, hub: Hub) -> None:
    """What one shared identifier holds together stays."""
    agent = ready(tmp_path, hub)
    daemon.recognise(agent, dict(IDENTIFIERS))
    see(agent, "disk", "sda")
    report(agent, START)
    repaired = daemon.start(tmp_path, hub.url)
    daemon.recognise(repaired, {**IDENTIFIERS, "disk_serials": ["NEW"]})

    assert repaired.kept.keys() == {"disk"}
    assert repaired.state.known.keys() == {"disk"}


def test_a_damaged_data_folder_costs_a_whole_report_only(tmp_path: Path, hub: Hub) -> None:
    """Zeros where the state and a section were, as after a power cut: the agent starts anew, in no way worse."""
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    report(agent, START)
    (tmp_path / "state.json").write_bytes(bytes(500))
    (tmp_path / "cache" / "disk.json").write_bytes(bytes(500))
    again = daemon.start(tmp_path, hub.url)
    daemon.recognise(again, dict(IDENTIFIERS))
    see(again, "disk", "sda")
    report(again, later(60))

    assert "disk" in hub.reports[-1]["tables"]


def test_rows_that_the_disk_does_not_give_back_are_missing_not_empty(tmp_path: Path, hub: Hub) -> None:
    """The hub hears that they could not be read."""
    agent = ready(tmp_path, hub)
    see(agent, "disk", "sda")
    (tmp_path / "cache" / "disk.json").unlink()
    report(agent, START)

    assert hub.reports[0]["tables"] == {}
    assert hub.reports[0]["missing"][0]["why"] == "failed"
    assert "could not be read back" in hub.reports[0]["missing"][0]["message"]


def test_a_killed_collector_is_counted(tmp_path: Path) -> None:
    """What was killed, and how often, is itself a fact."""
    agent = ready(tmp_path, None)
    killed = Collected("disk", "timed_out", "2026-03-02T01:00:00Z", 20.0, None, "killed after 20 s", killed=True)
    for _ in range(2):
        daemon._heed(agent, killed)

    assert agent.state.killed == {"disk": 2}


def test_a_thousand_cycles_keep_memory_and_handles(tmp_path: Path, hub: Hub) -> None:
    """Six weeks of hours: collected, kept, reported, spooled while the hub is away, shown."""
    agent = ready(tmp_path, hub)
    programs = [f"program-{number}" for number in range(200)]
    answers = 0

    def answer(_: dict[str, Any]) -> tuple[int, bytes]:
        nonlocal answers
        answers += 1
        return (503, b"") if answers % 40 < 8 else taken(resend=["software"])

    def cycle(number: int) -> None:
        see(agent, "software", *programs, f"program-of-{number}")
        see(agent, "malware", outcome="failed")
        report(agent, later(3600 * number))
        daemon.show(agent)
        for seen in (hub.reports, hub.headers, hub.sizes):
            seen.clear()

    hub.answer = answer
    for number in range(50):
        cycle(number)
    gc.collect()
    handles = len(list(Path("/proc/self/fd").iterdir()))
    tracemalloc.start()
    for number in range(50, 1000):
        cycle(number)
    gc.collect()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert grown < 200_000
    assert len(list(Path("/proc/self/fd").iterdir())) <= handles + 2
    assert threading.active_count() < 10
    assert agent.state.made == 1000 == agent.state.acknowledged + len(spool.waiting(agent.spool))


def start_agent(*more: str, environ: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start the real daemon and wait until it says that it runs."""
    command = [*AGENT, "run", "--metrics-listen", "127.0.0.1:0", *more]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})})
    assert running.stderr is not None
    assert "agent started" in running.stderr.readline()
    return running


def wait_for(what: Any, seconds: float = 30) -> Any:
    """Return what a function gives once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come in time")


def test_a_real_daemon_reports_this_machine_and_ends_when_asked(tmp_path: Path, hub: Hub) -> None:
    """From the start of the process to the hub, and SIGTERM ends it within 5 s."""
    running = start_agent("--data", str(tmp_path), "--hub", hub.url)
    try:
        report_of_this = wait_for(lambda: hub.reports)[0]
        wait_for(lambda: state.load(tmp_path / "state.json").acknowledged)
    finally:
        asked = time.monotonic()
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=20)

    assert time.monotonic() - asked < 5
    assert running.returncode == 0
    assert said.endswith("agent stopped\n")
    assert report_of_this["tables"]["operating_system"]["rows"][0]["family"] == "linux"
    assert report_of_this["metrics_port"] > 0
    assert state.load(tmp_path / "state.json").device_id == "pc-1"


def test_sigterm_ends_a_daemon_that_waits_for_a_slow_hub(tmp_path: Path) -> None:
    """A hub that takes the report and never answers holds nobody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = start_agent("--data", str(tmp_path), "--hub", f"http://127.0.0.1:{silent.getsockname()[1]}")
        connection, _ = silent.accept()
        asked = time.monotonic()
        running.terminate()
        running.communicate(timeout=20)
        connection.close()

    assert time.monotonic() - asked < 5
    assert running.returncode == 0


def test_the_second_agent_on_a_folder_says_so(tmp_path: Path) -> None:
    """One sentence, exit 2; the first one runs on."""
    first = start_agent("--data", str(tmp_path))
    try:
        second = subprocess.run(
            [*AGENT, "run", "--data", str(tmp_path), "--metrics-listen", "127.0.0.1:0"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert second.returncode == 2
        assert second.stderr == f"baove: another agent already runs on {tmp_path}\n"
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()

    third = start_agent("--data", str(tmp_path))
    third.kill()
    third.communicate()


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    """It names the address."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        refused = subprocess.run(
            [*AGENT, "run", "--data", str(tmp_path), "--metrics-listen", address],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

    assert refused.returncode == 2
    assert refused.stderr == f"baove: can't serve metrics on {address}: Address already in use\n"


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    """It names the folder."""
    (tmp_path / "file").touch()
    refused = subprocess.run(
        [*AGENT, "run", "--data", str(tmp_path / "file" / "agent")],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"baove: can't keep anything in {tmp_path}/file/agent: ")
    assert refused.stderr.count("\n") == 1


def test_the_daemon_imports_no_collector() -> None:
    """What may hang, crash or leak runs in the child only."""
    code = "import sys, agent.daemon; print(sorted(m for m in sys.modules if m.startswith(('collectors.', 'psutil'))))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert (
        loaded.stdout.strip()
        == "['collectors.facts', 'collectors.settings', 'collectors.sources', 'collectors.sources.probe']"
    )


def test_a_daemon_killed_at_any_moment_starts_again(tmp_path: Path, hub: Hub) -> None:
    """SIGKILL while it collects, keeps, reports or sends: the next one knows its device, and nothing is in its way."""
    for attempt in range(6):
        running = start_agent("--data", str(tmp_path), "--hub", hub.url)
        time.sleep(0.05 + 0.07 * attempt)
        running.kill()
        running.communicate()
    before = len(hub.reports)
    running = start_agent("--data", str(tmp_path), "--hub", hub.url)
    try:
        wait_for(lambda: len(hub.reports) > before)
        wait_for(lambda: not spool.waiting(tmp_path / "spool"))
    finally:
        running.kill()
        running.communicate()

    seen = [(one["stream"], one["sequence"]) for one in hub.reports]
    assert len(set(seen)) >= len(seen) - 6  # a report may come once more where a kill hid its acknowledgement
    assert not list(tmp_path.rglob("*.unfinished"))


def test_a_full_disk_is_told_to_the_hub(tmp_path: Path, hub: Hub) -> None:
    """Nothing can be kept, not even the report: it is sent from memory, and says what is so."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "baove-test", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs root, to mount a disk that is small enough to be full")
    try:
        agent = ready(folder, hub)
        with (folder / "others").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        see(agent, "disk", "sda")
        report(agent, START)
        full = hub.reports[-1]
        (folder / "others").unlink()
        see(agent, "disk", "sda")
        report(agent, later(3600))
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)

    assert full["missing"][0]["message"] == "No space left on device: the section could not be kept on the PC's disk"
    assert hub.reports[-1]["tables"]["disk"]["rows"] == [{"name": "sda"}]
    assert [one["sequence"] for one in hub.reports] == [1, 2]
