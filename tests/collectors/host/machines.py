"""Machines made up in memory, and recordings with something changed, for tests that need no folder of their own."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collectors.host import for_system
from collectors.run import Section, run
from collectors.sources.recording import RecordedLinux

RECORDINGS = Path(__file__).parent / "recordings"
MINE = (
    "healthy_debian",
    "neglected_debian",
    "ubuntu_lab",
    "fedora_office",
    "garbled",
    "unprivileged",
    "no_packages",
)

NOW = "2026-03-02T03:15:00Z"


def machine(files: Mapping[str, str | bytes] | None = None, **said: Any) -> RecordedLinux:
    """Return a machine that has these files, and what machine.json may say besides."""
    digits = {
        path: (content.encode("utf-8", "replace") if isinstance(content, str) else content).hex()
        for path, content in (files or {}).items()
    }
    with tempfile.TemporaryDirectory() as folder:
        described = {"system": "linux", "now": NOW, **said, "hex": digits | said.get("hex", {})}
        (Path(folder) / "machine.json").write_text(json.dumps(described), encoding="utf-8")
        return RecordedLinux(Path(folder))


def recorded(name: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return a recording's files, by their paths on the machine, and its machine.json."""
    root = RECORDINGS / name / "root"
    files = {f"/{path.relative_to(root)}": path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    said: dict[str, Any] = json.loads((RECORDINGS / name / "machine.json").read_text(encoding="utf-8"))
    return files, said


def collect(table: str, host: RecordedLinux) -> Section:
    """Run the Linux collector of a table."""
    return run(for_system("linux")[table], host)


def rows(table: str, host: RecordedLinux) -> list[dict[str, Any]]:
    """Return a table's rows; fails the test where the run ended otherwise."""
    section = collect(table, host)
    assert section.rows is not None, section.message
    return section.rows


def message(table: str, host: RecordedLinux) -> str:
    """Return why a table's run failed; fails the test where it gave rows."""
    section = collect(table, host)
    assert section.rows is None, section.rows
    assert section.message is not None
    return section.message
