"""The commands around a hub, over a real database: what was handed in comes out again."""

import csv
import gzip
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Baove
from tests.shared import SHARED, needs_shared

RECORDING = Path(__file__).resolve().parents[1] / "collectors/host/recordings"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")


@pytest.fixture
def report(baove: Baove, tmp_path: Path) -> Path:
    """Return the file of this machine's own report, of two tables."""
    path = tmp_path / "may.json"
    path.write_text(baove("collect", "device", "operating_system", "--json").out, encoding="utf-8")
    return path


@needs_shared
def test_a_profile_goes_in_and_comes_out(baove: Baove, tmp_path: Path) -> None:
    """What school export writes is what school import took; the second hub has the same profile."""
    taken = baove("school", "import", SHARED / "school")
    written = baove("school", "export", tmp_path / "truong.xlsx")
    again = baove("school", "import", tmp_path / "truong.xlsx", "--data", tmp_path / "other")
    asked = "SELECT class_group, students, room FROM class_group ORDER BY class_group"
    first, second = (baove("query", asked, "--json", "--data", tmp_path / name).out for name in ("hub", "other"))

    assert (taken.code, written.code, again.code) == (0, 0, 0)
    assert written.out.strip() == str(tmp_path / "truong.xlsx")
    assert len(json.loads(first)) == 30
    assert first == second


@needs_shared
def test_an_import_with_errors_changes_nothing(baove: Baove, tmp_path: Path) -> None:
    """A profile with a mistake is refused with 2, and the hub keeps the one that it has."""
    baove("school", "import", SHARED / "school")
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in (SHARED / "school").iterdir():
        (bad / path.name).write_bytes(path.read_bytes().replace(b",TT-P101", b",TT-P999"))
    refused = baove("school", "import", bad)

    assert refused.code == 2
    assert "classes.csv line 2, room: there is no 'TT-P999'" in refused.err
    assert "30" in baove("query", "SELECT COUNT(*) AS classes FROM class_group", "--csv").out


def test_report_files_are_taken_whole_or_not_at_all(baove: Baove, report: Path, tmp_path: Path) -> None:
    """JSON, gzip, UTF-16: each good file is taken once; each bad one has its sentence, and the exit code says so."""
    packed, wide, bad = tmp_path / "may.json.gz", tmp_path / "wide.json", tmp_path / "bad.json"
    packed.write_bytes(gzip.compress(report.read_bytes()))
    wide.write_bytes(report.read_text(encoding="utf-8").encode("utf-16"))
    bad.write_text('{"format": 1}', encoding="utf-8")
    taken = baove("hub", "import", report, packed, wide)
    refused = baove("hub", "import", bad, report)
    rows = json.loads(baove("query", "SELECT device_id FROM device", "--json").out)

    assert taken.code == 0
    assert {line.split("\t")[1] for line in taken.out.splitlines()} == {rows[0]["device_id"]}
    assert len(rows) == 1
    assert refused.code == 2
    assert f"baove: {bad}: " in refused.err
    assert str(report) in refused.out


def test_targets_fall_short_in_the_exit_code(baove: Baove, report: Path) -> None:
    """A school of one computer does not meet the plan: 1, and each target with its verdict in one JSON document."""
    baove("hub", "import", report)
    targets = baove("targets", "--json")

    assert targets.code == 1
    assert {"id", "verdict", "value", "threshold", "clause", "evidence"} <= set(json.loads(targets.out)[0])


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("DELETE FROM managed_device", "only read"),
        ("ATTACH DATABASE '/tmp/x' AS x", "only read"),
        ("SELECT nothing_there FROM device", "no such column"),
        ("SELECT 1; SELECT 2", "one statement"),
    ],
)
def test_a_query_can_only_read(sql: str, word: str, baove: Baove, report: Path) -> None:
    """SQL that writes, or is none, is refused in a sentence."""
    baove("hub", "import", report)
    refused = baove("query", sql)

    assert refused.code == 2
    assert word in refused.err


def test_a_query_gives_csv(baove: Baove, report: Path) -> None:
    """--csv has a head and a line for each row, with quotes where they are needed."""
    baove("hub", "import", report)
    rows = list(csv.DictReader(io.StringIO(baove("query", "SELECT 'a,\"b' AS one, 2 AS two", "--csv").out)))

    assert rows == [{"one": 'a,"b', "two": "2"}]


def test_a_table_is_whole_in_a_pipe(baove: Baove, report: Path) -> None:
    """However long a row is, it is one line and nothing of it is cut off."""
    baove("hub", "import", report)
    shown = baove("query", "SELECT 'Phòng máy ' || printf('%0300d', 7) AS long, 'Đ' AS last").out.splitlines()

    assert len(shown) == 2
    assert shown[1].endswith("7  Đ")
    assert shown[0].index("last") == shown[1].index("Đ")


@pytest.mark.parametrize("recording", sorted(path.name for path in RECORDING.iterdir()))
def test_a_recorded_machine_is_collected_and_judged(recording: str, baove: Baove) -> None:
    """Collect and check work over a recording; each check has its verdict and the sentence of its reason."""
    collected = baove("collect", "--recording", RECORDING / recording, "--json")
    judged = baove("check", "--recording", RECORDING / recording, "--json")
    verdicts = json.loads(judged.out)

    assert json.loads(collected.out)["format"] == 1
    assert collected.code in {0, 1}
    assert judged.code == (1 if any(one["verdict"] in {"fail", "unknown"} for one in verdicts) else 0)
    assert all(one["text"]["vi"] for one in verdicts)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start `baove up` on a free port; yields it and its address once it answers."""
    with subprocess.Popen(
        [sys.executable, "-c", "from cli.main import main; main()", "up", "-v", "--data", str(tmp_path / "hub"),
         "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "BAOVE_METRICS_LISTEN": "127.0.0.1:0"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            found = next((hit for line in process.stdout if (hit := ADDRESS.search(line))), None)
            assert found is not None
            yield process, found.group()
        finally:
            process.kill()


def awaited(truth: Callable[[], Any]) -> Any:
    """Return what becomes true within 30 s, else what was false at the end."""
    until = time.monotonic() + 30
    while not (found := truth()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def test_the_agent_ends_with_up_whatever_ends_that(
    running: tuple["subprocess.Popen[str]", str], baove: Baove, tmp_path: Path
) -> None:
    """Even where `baove up` is killed, its agent does not stay behind."""
    process, _ = running

    def agent_runs() -> bool:
        said = baove("agent", "status", "--data", tmp_path / "hub/agent", "--json").out
        return bool(said) and bool(json.loads(said)["running"])

    assert awaited(agent_runs)
    process.kill()

    assert awaited(lambda: not agent_runs())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_collects_and_ends_in_order(
    how: signal.Signals, running: tuple["subprocess.Popen[str]", str], baove: Baove, tmp_path: Path
) -> None:
    """`baove up` answers, this machine's own report arrives, commands work beside it, and a signal ends all of it."""
    process, address = running
    assert process.stdout is not None
    with urllib.request.urlopen(address, timeout=20) as page:  # noqa: S310 - our own address
        assert page.status == 200
    second = baove("hub", "run", "--data", tmp_path / "hub", "--listen", "127.0.0.1:0")
    assert awaited(lambda: json.loads(baove("query", "SELECT hostname FROM device", "--json").out))
    process.send_signal(how)
    rest = process.stdout.read()

    assert second.code == 2
    assert "another hub already works on" in second.err
    assert process.wait(20) == 0
    assert "agent stopped" in rest
    assert "Traceback" not in rest


def test_a_port_in_use_is_told(baove: Baove, tmp_path: Path) -> None:
    """Where another program listens already, up says so before it opens anything."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = baove("up", "--data", tmp_path / "new", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")

    assert refused.code == 2
    assert "Address already in use" in refused.err
    assert not (tmp_path / "new").exists()
