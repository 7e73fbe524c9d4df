"""The spool: bounded, in order, and whole whatever kills the process."""

import contextlib
import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent import files, spool


def test_reports_wait_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    """The oldest is sent first."""
    for number in range(12):
        spool.add(tmp_path, b"%d" % number)

    assert [one.path.read_bytes() for one in spool.waiting(tmp_path)] == [b"%d" % number for number in range(12)]


def test_numbers_go_on_after_the_oldest_were_sent(tmp_path: Path) -> None:
    """A number is not used again while another report waits."""
    spool.add(tmp_path, b"a")
    second, _ = spool.add(tmp_path, b"b")
    spool.remove(spool.waiting(tmp_path)[0])
    third, _ = spool.add(tmp_path, b"c")

    assert [one.number for one in spool.waiting(tmp_path)] == [second.number, third.number]


def test_the_oldest_goes_when_there_are_too_many(tmp_path: Path) -> None:
    """The bound on reports holds, and who went is said."""
    for number in range(3):
        spool.add(tmp_path, b"%d" % number, reports_limit=3)
    _, dropped = spool.add(tmp_path, b"3", reports_limit=3)

    assert dropped == [1]
    assert [one.path.read_bytes() for one in spool.waiting(tmp_path)] == [b"1", b"2", b"3"]


def test_the_oldest_go_when_they_take_too_much(tmp_path: Path) -> None:
    """The bound on bytes holds for a report of any size."""
    for _ in range(3):
        spool.add(tmp_path, bytes(100), bytes_limit=300)
    _, dropped = spool.add(tmp_path, bytes(150), bytes_limit=300)

    assert dropped == [1, 2]
    assert spool.size_bytes(tmp_path) == 250


def test_an_unfinished_report_is_never_seen(tmp_path: Path) -> None:
    """What a killed process left is neither sent nor counted, and goes at the next start."""
    (tmp_path / f"00000009.json.gz{files.UNFINISHED}").write_bytes(b"half")

    assert spool.waiting(tmp_path) == []
    files.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


WRITER = """
import sys
from pathlib import Path
from agent import spool
folder = Path(sys.argv[1])
body = bytes(range(256)) * 4000
print("ready", flush=True)
while True:
    spool.add(folder, body, reports_limit=5)
"""


def test_a_process_killed_while_it_writes_leaves_whole_reports_only(tmp_path: Path) -> None:
    """SIGKILL, at any moment: every report that is there is whole."""
    whole = bytes(range(256)) * 4000
    for attempt in range(12):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.01 + attempt * 0.004)
            writer.kill()
        assert {one.path.read_bytes() == whole for one in spool.waiting(tmp_path)} <= {True}
        assert len(spool.waiting(tmp_path)) <= 5

    assert len(spool.waiting(tmp_path)) > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> object:
    """Mount a file system of 256 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "baove-test", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs root, to mount a disk that is small enough to be full")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_costs_the_oldest_reports_first(small_disk: Path) -> None:
    """The newest says what is so now; it is kept as long as anything can be."""
    for number in range(6):
        spool.add(small_disk, bytes([number]) * 60_000)

    waiting = [one.path.read_bytes()[0] for one in spool.waiting(small_disk)]
    assert waiting == list(range(6))[-len(waiting) :]
    assert 0 < len(waiting) < 6


def test_a_disk_that_others_filled_is_an_error_and_leaves_nothing_half_done(small_disk: Path) -> None:
    """Where not even the newest fits, its maker is told; no piece of it stays."""
    _fill(small_disk / "others")
    with pytest.raises(OSError, match="No space") as caught:
        spool.add(small_disk, bytes(60_000))

    assert caught.value.errno == errno.ENOSPC
    assert [path.name for path in small_disk.iterdir()] == ["others"]


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(os.urandom(4096))
