"""The collecting process: told on standard input what to collect, it says line by line how each section ended.

It may hang or crash: its parent (agent.supervise) kills it at the running collector's deadline. The request is one
JSON object: ``{"tables": ["disk", ...] or null for all, "probes": [[purpose, target], ...], "recording": folder or
null, "identifiers": whether they are asked}``. Each answer is a JSON list on a line of its own::

    ["collectors", [[table, every_seconds, has_volatile_fields], ...]]
    ["running", what, within_seconds]
    ["identifiers", {...}, now]
    ["section", {"table": ..., "outcome": ..., ...}]     # followed by a line of its rows, or null
    ["refused", template, arguments]
"""

import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from agent.process import peak_bytes
from collectors.facts import Collector, Failed, Outcome, compact, table_of, utc_text
from collectors.run import Section, run
from rules.words import Sentence, sentence

IDENTIFIERS_WITHIN_SECONDS = 20
ORPHAN_SECONDS = 15
"""So long after its deadline a child ends by itself: its parent, which should have killed it, must be dead."""


class Refused(Exception):  # noqa: N818 - what happened to the request
    """A request that can't be met: one sentence."""


def collect(request: Mapping[str, Any], answers: BinaryIO) -> None:
    """Collect what is asked and write how each section ended. Raises Refused."""

    def say(*answer: Any) -> None:
        answers.write(compact().encode(answer).encode() + b"\n")

    def running(what: str, within_seconds: int) -> None:
        say("running", what, within_seconds)
        answers.flush()
        orphan.ends_within(within_seconds + ORPHAN_SECONDS)

    orphan = _Orphan()
    host = _host(request)
    chosen = _chosen(host.system, request["tables"])
    say("collectors", [[one.table, one.every_seconds, _is_volatile(one)] for one in chosen])

    if request["identifiers"]:
        running("identifiers", IDENTIFIERS_WITHIN_SECONDS)
        found = _identifiers(host)
        if found is not None:
            say("identifiers", found, utc_text(host.now()))
    for collector in chosen:
        running(collector.table, collector.within_seconds)
        section = _section(collector, host)
        say("section", _without_rows(section))
        answers.write(compact().encode(section.rows).encode() + b"\n")
    answers.flush()


class _Orphan:
    """What ends this process should its parent be dead: an alarm, or where the system has none a thread."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def ends_within(self, seconds: int) -> None:
        """End this process after so many seconds, unless another deadline is set before."""
        if hasattr(signal, "alarm"):
            signal.alarm(seconds)
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, os._exit, [1])
        self._timer.daemon = True
        self._timer.start()


def _identifiers(host: Any) -> dict[str, Any] | None:
    """Return the identifiers; None where they could not be read, which must not cost the facts."""
    from collectors.identifiers import identifiers

    try:
        return identifiers(host)
    except (OSError, ValueError, LookupError, Failed) as why:
        print(f"the identifiers could not be read: {type(why).__name__}", file=sys.stderr)  # noqa: T201 - the agent's log
        return None


def _without_rows(section: Section) -> dict[str, Any]:
    return {
        "table": section.table,
        "outcome": section.outcome.value,
        "attempted_at": utc_text(section.attempted_at),
        "duration_seconds": round(section.duration_seconds, 4),
        "digest": section.digest,
        "message": section.message,
        "samples": section.samples,
        "cpu_seconds": round(section.cpu_seconds, 4),
        "process_cpu_seconds": round(time.process_time(), 4),
        "process_peak_bytes": peak_bytes(),
    }


def _host(request: Mapping[str, Any]) -> Any:
    if request["recording"] is not None:
        from collectors.sources.recording import open_recording

        try:
            return open_recording(Path(request["recording"]))
        except ValueError as why:
            raise Refused(str(why)) from why
    from collectors.sources.probe import Probe

    probes = [Probe(purpose, target) for purpose, target in request["probes"]]
    running_on: str = sys.platform  # mypy checks one system's branch only where it is asked for directly
    if running_on == "linux":
        from collectors.sources.linux import LiveLinux

        return LiveLinux(probes, is_lab=request["is_lab"])
    if running_on == "win32":
        from collectors.sources.live_windows import LiveWindows

        return LiveWindows(probes, is_lab=request["is_lab"])
    raise Refused(sentence("no collectors exist for {system} yet", system=running_on))


@dataclass(frozen=True, slots=True)
class _Broken:
    """A collector's file that can't even be imported: its own table's failure, and nobody else's."""

    table: str
    why: str
    every_seconds: int = 3600
    within_seconds: int = 10


def _chosen(system: str, tables: Sequence[str] | None) -> list[Collector | _Broken]:
    """Return the collectors of tables (None: all). Only their modules are imported: a file is named as its table."""
    import collectors.host

    known = sorted(path.stem for path in Path(collectors.host.__file__).parent.glob("[a-z]*.py"))
    found: list[Collector | _Broken] = []
    for table in known if tables is None else tables:
        if table not in known:
            raise Refused(
                sentence(
                    "no table {table} is collected on a PC: expected one of {known}",
                    table=table,
                    known=", ".join(known),
                )
            )
        try:
            module = importlib.import_module(f"collectors.host.{table}")
        except Exception as why:  # noqa: BLE001 - a bug of one collector must not take the others with it
            found.append(_Broken(table, f"{type(why).__name__} where {table}.py is imported: please report it"))
            continue
        mine = [one for one in vars(module).values() if isinstance(one, Collector) and one.system == system]
        if not mine and tables is not None:
            raise Refused(sentence("the table {table} is not collected on {system}", table=table, system=system))
        found += mine
    return found


def _is_volatile(one: Collector | _Broken) -> bool:
    return isinstance(one, Collector) and bool(table_of(one.fact).volatile)


def _section(one: Collector | _Broken, host: Any) -> Section:
    if isinstance(one, _Broken):
        return Section(one.table, Outcome.FAILED, host.now(), 0.0, message=one.why)
    return run(one, host)


def main() -> None:
    """Answer one request. What a collector prints goes to standard error, so it can't break the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        collect(json.load(sys.stdin.buffer), answers)
    except Refused as why:
        (said,) = why.args
        plainly = (
            said if isinstance(said, Sentence) else sentence("{why}", why=said)
        )  # a recording tells its own errors
        arguments = {name: str(value) for name, value in plainly.arguments.items()}
        answers.write(compact().encode(["refused", plainly.template, arguments]).encode() + b"\n")
    answers.flush()
    os._exit(0)  # nothing is left to tidy, and threads of a library that hang must not hold the process
