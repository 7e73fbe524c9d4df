"""Windows PCs made up in memory, for tests that need no folder of their own, and the recordings of real ones."""

import json
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collectors.host import for_system
from collectors.run import Section, run
from collectors.sources.windows_recording import RecordedWindows
from tests.shared import SHARED

NOW = "2026-03-02T03:15:00Z"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
PERSON = "S-1-5-21-1-2-3-1001"

Keys = Mapping[str, Mapping[str, Any]]


def pc(registry: Keys | None = None, wmi: Mapping[str, Any] | None = None, **said: Any) -> RecordedWindows:
    """Return a PC with these registry keys and WMI classes, and what machine.json may say besides."""
    described = {"system": "windows", "now": NOW, "registry": registry or {}, "wmi": wmi or {}, **said}
    return _opened({"machine.json": json.dumps(described).encode()})


def dumps(**files: bytes) -> RecordedWindows:
    """Return a PC of which these files were sent, such as ``Win32_BIOS.wmi`` (written ``Win32_BIOS__wmi``)."""
    return _opened({name.replace("__", "."): content for name, content in files.items()})


def _opened(files: Mapping[str, bytes]) -> RecordedWindows:
    folder = tempfile.TemporaryDirectory()
    for name, content in files.items():
        (Path(folder.name) / name).write_bytes(content)
    host = RecordedWindows(Path(folder.name))
    weakref.finalize(host, folder.cleanup)  # files are read when they are asked for
    return host


def services(**starts: int) -> dict[str, dict[str, Any]]:
    """Return the keys of services, by how each starts: 2 with the PC, 3 on demand, 4 never."""
    return {SERVICES: {}, **{rf"{SERVICES}\{name}": {"Start": start} for name, start in starts.items()}}


def collect(table: str, host: RecordedWindows) -> Section:
    """Run the Windows collector of a table."""
    return run(for_system("windows")[table], host)


def rows(table: str, host: RecordedWindows) -> list[dict[str, Any]]:
    """Return a table's rows; fails the test where the run ended otherwise."""
    section = collect(table, host)
    assert section.rows is not None, section.message
    return section.rows


def message(table: str, host: RecordedWindows) -> str:
    """Return why a table's run did not end in rows; fails the test where it did."""
    section = collect(table, host)
    assert section.rows is None, section.rows
    assert section.message is not None
    return section.message


def real(recording: str) -> tuple[dict[str, Any], RecordedWindows]:
    """Return what is expected of a real PC's recording in ../shared, and that PC."""
    shared = SHARED / "windows"
    said = json.loads((shared / "expected.json").read_text(encoding="utf-8"))
    (entry,) = (one for one in said["recordings"] if one["id"] == recording)
    files = [shared / file["path"] for file in entry["files"]]
    return entry["expected"], _opened({file.name: file.read_bytes() for file in files})
