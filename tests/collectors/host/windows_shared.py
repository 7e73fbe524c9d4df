"""The recordings of real Windows PCs in ../shared, and what is expected of each: not part of the repository."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from collectors.host import for_system
from collectors.run import run
from collectors.sources.windows_recording import RecordedWindows
from tests.shared import SHARED

FOLDER = SHARED / "windows"


@cache
def all_expected() -> tuple[dict[str, Any], ...]:
    """Return the recordings of expected.json; none where the folder is absent."""
    path = FOLDER / "expected.json"
    return tuple(json.loads(path.read_text("utf-8"))["recordings"]) if path.exists() else ()


def about(*topics: str) -> list[dict[str, Any]]:
    """Return the recordings of some topics."""
    return [one for one in all_expected() if one["topic"] in topics]


def whole_hosts() -> dict[str, list[str]]:
    """Return each host with all its files, whatever they are about."""
    found: dict[str, dict[str, None]] = {}
    for one in all_expected():
        if one["topic"] not in {"edid", "antivirus"}:
            found.setdefault(one["host"], {}).update(dict.fromkeys(file["path"] for file in one["files"]))
    return {host: list(files) for host, files in found.items()}


def machine(folder: Path, paths: list[str]) -> RecordedWindows:
    """Copy files into one folder, as somebody who records a machine would have them, and open it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        shutil.copyfile(FOLDER / path, folder / Path(path).name)
    return RecordedWindows(folder)


def of(recording: dict[str, Any], folder: Path) -> RecordedWindows:
    """Return the machine of one recording's files."""
    return machine(folder, [file["path"] for file in recording["files"]])


def rows(table: str, host: RecordedWindows) -> list[dict[str, Any]]:
    """Return a table's rows; fails the test where the run ended otherwise."""
    section = run(for_system("windows")[table], host)
    assert section.rows is not None, section.message
    return section.rows
