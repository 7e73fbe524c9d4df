"""No row of any table names a person: no account, no home folder, no path of a file somebody made."""

import json
import re
from pathlib import Path

import pytest

from collectors.host import for_system
from collectors.run import run
from collectors.sources.recording import open_recording

RECORDINGS = Path(__file__).parent / "host" / "recordings"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/machine.json"))
_PATHS = re.compile(r"/home/|/root/|/media/|/Users/|/var/lib/AccountsService|\\\\Users\\\\", re.IGNORECASE)
SYSTEM_NAMES = {"root", "daemon", "guest"}
"""Accounts that every system has: their names are no person's."""


def people(folder: Path) -> set[str]:
    """Return the names of a recording's accounts, and what their owners are called."""
    passwd = folder / "root/etc/passwd"
    lines = passwd.read_text("utf-8", "replace").splitlines() if passwd.exists() else []
    fields = [line.split(":") for line in lines if line.count(":") == 6]
    words = {one[0] for one in fields} | {one[4].strip(",") for one in fields}
    homes = {path.name for path in (folder / "root/home").glob("*")}
    return {word for word in words | homes if len(word) > 3} - SYSTEM_NAMES


def said(name: str) -> str:
    """Return all that a recording's machine would report: rows, messages, and metrics."""
    host = open_recording(RECORDINGS / name)
    sections = [run(collector, host) for collector in for_system(host.system).values()]
    parts = [[one.rows, one.message, one.samples] for one in sections]
    return json.dumps(parts, ensure_ascii=False)


@pytest.mark.parametrize("name", NAMES)
def test_no_row_names_a_person_or_a_home(name: str) -> None:
    """Neither rows nor messages nor metrics hold an account's name, its owner's name or a path below a home."""
    text = said(name)
    assert [word for word in people(RECORDINGS / name) if word in text] == []
    assert _PATHS.search(text) is None


def test_the_recordings_hold_what_could_leak() -> None:
    """The rule above would mean nothing without accounts, homes and detections in homes in the recordings."""
    assert {"giaovien", "hocsinh", "Nguyễn Thị Hương"} <= people(RECORDINGS / "neglected_debian")
    log = RECORDINGS / "neglected_debian/root/var/log/clamav/clamav.log"
    assert "/home/hocsinh/" in log.read_text("utf-8")
