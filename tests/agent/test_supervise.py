"""The collecting process: a real one, over a recorded machine, killed for real."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.settings import NOTHING_TOLD
from agent.supervise import Collected, Identifiers, Refusal, collecting
from collectors.facts import Outcome
from tests.agent.machines import recorded

SLOW = "/proc/sys/kernel/osrelease"


def run(recording: Path, tables: Sequence[str] | None, longest_seconds: float = 20) -> dict[str, Collected]:
    """Collect and return each table's section; a table that ends twice fails the test."""
    found: dict[str, Collected] = {}
    for said in collecting(tables, NOTHING_TOLD, recording, longest_seconds):
        if isinstance(said, Collected):
            assert said.table not in found
            found[said.table] = said
    return found


def test_a_child_says_its_tables_then_the_identifiers_then_each_section(tmp_path: Path) -> None:
    """The daemon learns periods from the child, since it imports no collector."""
    said = list(collecting(None, NOTHING_TOLD, recorded(tmp_path)))
    entries, identifiers, *sections = said

    assert isinstance(entries, list)
    assert isinstance(identifiers, Identifiers)
    assert identifiers.now == "2026-03-02T01:15:00Z"
    assert [entry.table for entry in entries] == [one.table for one in sections if isinstance(one, Collected)]
    assert {entry.every_seconds for entry in entries if entry.table == "operating_system"} == {3600}


def test_a_collector_that_hangs_is_killed_and_the_others_are_collected(tmp_path: Path) -> None:
    """One that hangs harms nobody else: another process does the rest, and what was killed says so."""
    started = time.monotonic()
    found = run(recorded(tmp_path, hanging=(SLOW,)), ["account_summary", "operating_system", "processor"], 1)

    assert found["operating_system"].outcome == Outcome.TIMED_OUT
    assert found["operating_system"].killed
    assert found["operating_system"].message == "killed after 1 s without an end"
    assert found["operating_system"].rows == b"null"
    assert [found[table].killed for table in ("account_summary", "processor")] == [False, False]
    assert time.monotonic() - started < 15


def test_a_process_that_dies_costs_the_section_that_it_was_at(tmp_path: Path) -> None:
    """A crash of a library, or the kernel's killer of memory hogs, is that section's error."""
    run_of_child = collecting(["operating_system", "processor"], NOTHING_TOLD, recorded(tmp_path, hanging=(SLOW,)), 20)
    assert isinstance(next(run_of_child), list)
    assert isinstance(next(run_of_child), Identifiers)
    child = _child()
    os.kill(child, signal.SIGKILL)
    found = {said.table: said for said in run_of_child if isinstance(said, Collected)}

    assert found["operating_system"].outcome == Outcome.FAILED
    assert found["operating_system"].message == "the collecting process ended with status -9"
    assert found.keys() == {"operating_system", "processor"}


def test_what_a_run_leaves_half_done_is_killed(tmp_path: Path) -> None:
    """A daemon that ends takes its child with it."""
    run_of_child = collecting(["operating_system"], NOTHING_TOLD, recorded(tmp_path, hanging=(SLOW,)), 20)
    next(run_of_child)
    next(run_of_child)
    child = _child()
    run_of_child.close()

    assert not Path(f"/proc/{child}").exists()


def test_rows_come_as_text_that_nobody_decoded(tmp_path: Path) -> None:
    """The daemon passes them on: 250 programs would cost it megabytes as objects."""
    found = run(recorded(tmp_path), ["operating_system"])["operating_system"]

    assert found.rows.startswith(b'[{"family":"linux","name":"Debian GNU/Linux"')
    assert found.digest is not None


@pytest.mark.parametrize("table", ["no_such_table", "../facts", "device; rm -rf /", "__init__"])
def test_an_unknown_table_is_refused_in_a_sentence(tmp_path: Path, table: str) -> None:
    """The sentence names the table and those that there are; a name is never a path."""
    with pytest.raises(Refusal, match=r"expected one of .*operating_system"):
        run(recorded(tmp_path), [table])


def test_a_folder_that_is_no_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """It says what is missing."""
    with pytest.raises(Refusal, match=r"is no recording: it lacks machine\.json"):
        run(tmp_path, None)


def _child() -> int:
    """Return the process id of the only child that runs the collectors."""
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for pid in mine.read_text(encoding="ascii").split():
            if "agent.child" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"):
                return int(pid)
    raise AssertionError("no collecting process was seen")


def test_identifiers_that_hang_cost_the_report_but_not_the_facts(tmp_path: Path) -> None:
    """Firmware that never answers: the sections come all the same, without the identifiers."""
    machine = recorded(tmp_path, hanging=("/sys/class/dmi/id/product_uuid",))
    said = list(collecting(["operating_system"], NOTHING_TOLD, machine, 1))

    assert not [one for one in said if isinstance(one, Identifiers)]
    assert [one.outcome for one in said if isinstance(one, Collected)] == ["rows"]
