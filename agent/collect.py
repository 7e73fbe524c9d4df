"""One run of the collectors, as one whole report that is not sent."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import report
from agent.cache import Kept
from agent.settings import NOTHING_TOLD, Here
from agent.supervise import Collected, Identifiers, collecting
from collectors.facts import utc_text


def sections(
    tables: Sequence[str] = (),
    here: Here = NOTHING_TOLD,
    recording: Path | None = None,
    ended: Callable[[Collected], None] = lambda _: None,
) -> tuple[Identifiers, dict[str, Collected]]:
    """
    Collect tables (none named: all) here or over a recording, and return the identifiers and each table's section.

    ``ended`` is told of each section as it ends. Raises supervise.Refusal, with a sentence.
    """
    identifiers = Identifiers({}, utc_text(datetime.now(UTC)))
    found: dict[str, Collected] = {}
    for said in collecting(tables or None, here, recording):
        if isinstance(said, Identifiers):
            identifiers = said
        elif isinstance(said, Collected):
            found[said.table] = said
            ended(said)
    return identifiers, found


def collect(
    tables: Sequence[str] = (),
    here: Here = NOTHING_TOLD,
    recording: Path | None = None,
    data: Path | None = None,
    ended: Callable[[Collected], None] = lambda _: None,
) -> dict[str, Any]:
    """
    Return the report of one run, all its tables whole: what ``collect --json`` prints and ``hub import`` takes.

    ``data`` is the agent's folder, where a random id is kept should the hardware have none. Raises supervise.Refusal.
    """
    identifiers, found = sections(tables, here, recording, ended)
    kept = {table: Kept(section, None) for table, section in found.items()}
    contents = report.choose(kept, found.keys(), {}, frozenset(), datetime.now(UTC))
    known = report.with_weak_id(identifiers.found, data) if data else dict(identifiers.found)
    top = report.head(report.new_stream(), 1, identifiers.now, known)
    rows = {table: section.rows for table, section in found.items()}
    made: dict[str, Any] = json.loads(b"".join(report.pieces(top, contents, rows, None)))
    return made


def profile(found: Sequence[Collected]) -> str:
    """Return what each table of a run cost, the dearest first, and what the collecting process did in all."""
    dear = sorted(found, key=lambda one: one.cpu_seconds or 0.0, reverse=True)
    width = max((len(one.table) for one in found), default=0)
    lines = [
        f"{one.table:{width}}  {_figure(one.cpu_seconds)} CPU s  {one.duration_seconds:7.3f} s  {one.outcome}"
        for one in dear
    ]
    cpu = max((one.process_cpu_seconds for one in found if one.process_cpu_seconds is not None), default=None)
    peak = max((one.process_peak_bytes for one in found if one.process_peak_bytes is not None), default=None)
    memory = "an unknown amount of memory" if peak is None else f"{peak / (1 << 20):.1f} MiB at most"
    return "\n".join([*lines, f"{'in all':{width}}  {_figure(cpu)} CPU s, the start of Python included; {memory}"])


def _figure(seconds: float | None) -> str:
    return "      ?" if seconds is None else f"{seconds:7.3f}"


def failing(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a report says could not be collected; what is not here by design is no failure."""
    return [one for one in made["missing"] if one["why"] != "not_here"]


def as_text(made: dict[str, Any]) -> str:
    """Return a report for people: a line a table, with the number of its rows or the reason why there are none."""
    lines = [(table, f"{len(section['rows'])} rows") for table, section in made["tables"].items()]
    lines += [(one["table"], f"{one['why']}: {one['message']}") for one in made["missing"]]
    width = max((len(table) for table, _ in lines), default=0)
    return "\n".join(f"{table:{width}}  {said}" for table, said in sorted(lines))
