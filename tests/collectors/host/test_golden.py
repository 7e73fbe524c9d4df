"""Every recording with an ``expected.json`` gives exactly what that file says.

``expected.json`` maps a table's name to how its run ends: {"outcome": "rows", "rows": […]} or {"outcome": "failed",
"message": "…"}. Tables that it does not name are not run. To write it anew after a change that is meant:
``python -m tests.collectors.host.test_golden --update [NAME…]``, then read the diff. A new recording starts with
{"software": null, …}.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from collectors.host import for_system
from collectors.run import run
from collectors.sources.recording import open_recording

RECORDINGS = Path(__file__).parent / "recordings"
EXPECTED = sorted(path.parent.name for path in RECORDINGS.glob("*/expected.json"))


def ended(name: str, table: str) -> dict[str, Any]:
    """Run one table's collector over a recording and return how it ended, as expected.json has it."""
    host = open_recording(RECORDINGS / name)
    section = run(for_system(host.system)[table], host)
    if section.rows is not None:
        return {"outcome": section.outcome.value, "rows": section.rows}
    return {"outcome": section.outcome.value, "message": section.message}


def expected(name: str) -> dict[str, Any]:
    """Return a recording's expected.json."""
    said: dict[str, Any] = json.loads((RECORDINGS / name / "expected.json").read_text(encoding="utf-8"))
    return said


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_gives_what_it_is_expected_to(name: str) -> None:
    """Each table of a recording ends as its expected.json says, row by row."""
    wanted = expected(name)
    assert wanted, "an expected.json without tables proves nothing"
    assert {table: ended(name, table) for table in wanted} == wanted


def update(names: list[str]) -> None:
    """Write expected.json anew for these recordings, or for all."""
    for name in names or EXPECTED:
        found = {table: ended(name, table) for table in sorted(expected(name))}
        text = json.dumps(found, ensure_ascii=False, indent=1)
        (RECORDINGS / name / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__" and sys.argv[1:2] == ["--update"]:
    update(sys.argv[2:])
