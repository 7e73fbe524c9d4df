"""Runs the collecting process and kills it at a collector's deadline; another one does the rest."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import process
from agent.schedule import Entry
from agent.settings import NOTHING_TOLD, Here
from collectors.facts import Outcome, utc_text
from rules.words import sentence

START_WITHIN_SECONDS = 60.0
LONGEST_SECONDS = 300.0
"""No collector gets longer than this, whatever it says."""

END_WITHIN_SECONDS = 2.0

LINE_LIMIT = 8 << 20
"""A section larger than this is no section."""


class Refusal(Exception):  # noqa: N818 - what happened
    """The collecting process would not start on this request: one sentence."""


@dataclass(frozen=True, slots=True)
class Collected:
    """One section, whole. ``rows`` is JSON text, b'null' unless the outcome is rows: the daemon never decodes it."""

    table: str
    outcome: str
    attempted_at: str
    duration_seconds: float
    digest: str | None
    message: str | None
    samples: tuple[tuple[str, str, dict[str, str], float], ...] = ()
    rows: bytes = b"null"
    killed: bool = False
    cpu_seconds: float | None = None
    process_cpu_seconds: float | None = None
    """What the collecting process had cost by then, its own start included."""
    process_peak_bytes: int | None = None
    """The most memory that it had held by then."""


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The credible hardware identifiers, and the host's clock when they were read."""

    found: Mapping[str, Any]
    now: str


Said = list[Entry] | Identifiers | Collected
"""What a run tells, in this order: its tables, the identifiers, each section as it ends."""


def collecting(
    tables: Sequence[str] | None,
    here: Here = NOTHING_TOLD,
    recording: Path | None = None,
    longest_seconds: float = LONGEST_SECONDS,
) -> Generator[Said, None, None]:
    """
    Collect tables (None: all) in a child process and yield what it says.

    Each table ends in exactly one section: a collector that is killed at its deadline, or takes its process with it,
    has one that says so, and another process collects what is left. Raises Refusal.
    """
    request: dict[str, Any] = {
        "tables": None if tables is None else list(tables),
        "probes": [[probe.purpose, probe.target] for probe in here.probes],
        "is_lab": here.is_lab,
        "recording": str(recording.absolute()) if recording else None,
        "identifiers": True,
    }
    while request["tables"] is None or request["tables"]:
        child = _Child(request, longest_seconds)
        try:
            yield from child.answers()
        finally:
            child.end()
        if child.left is None:
            raise Refusal(sentence("the collecting process ended before it could say what it collects"))
        if child.running in child.left:
            child.left.remove(child.running)
            yield child.lost(child.running)
        elif child.running is None:
            yield from map(child.lost, child.left)
            return
        request |= {"tables": child.left, "identifiers": False}


class _Child:
    """One collecting process, and how far it got. ``left`` is None until it has said which tables it collects."""

    def __init__(self, request: Mapping[str, Any], longest_seconds: float) -> None:
        self.left: list[str] | None = request["tables"] and list(request["tables"])
        self.running: str | None = None
        self._began = time.monotonic(), datetime.now(UTC)
        self._longest = longest_seconds
        self._quiet = not request["identifiers"]
        self._killed_after: float | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            process.command("agent.child"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that the programs which a collector started are killed with it
            creationflags=process.NO_WINDOW,
        )
        threading.Thread(target=self._read, args=[json.dumps(request).encode()], daemon=True).start()

    def _read(self, request: bytes) -> None:
        """
        Pass the child's lines on, then an empty one. A thread of its own, which may be left behind.

        A process that waits for a broken disk can't even be killed, and its pipe stays open with it.
        """
        asked, answers = self._process.stdin, self._process.stdout
        with contextlib.suppress(OSError, ValueError):
            if asked is not None and answers is not None:  # both are pipes
                asked.write(request)
                asked.close()
                while line := answers.readline(LINE_LIMIT):
                    self._lines.put(line)
        self._lines.put(b"")

    def _line(self, until: float) -> bytes:
        """Return the next whole line; an empty one at the end, and at the deadline, when the child is killed."""
        try:
            line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            self._killed_after = time.monotonic() - self._began[0]
            return b""
        return line[:-1] if line.endswith(b"\n") else b""

    def answers(self) -> Iterator[Said]:
        """Yield what the child says until it ends or its deadline passes."""
        until = self._began[0] + START_WITHIN_SECONDS
        while line := self._line(until):
            kind, *answer = json.loads(line)
            if kind == "running":
                self.running, within_seconds = answer
                self._began = time.monotonic(), datetime.now(UTC)
                until = self._began[0] + min(within_seconds, self._longest)
            elif kind == "refused":
                raise Refusal(sentence(answer[0], **answer[1]))
            elif kind == "collectors":
                self.left = [table for table, _, _ in answer[0]]
                if not self._quiet:
                    yield [Entry(*one) for one in answer[0]]
            elif kind == "identifiers":
                yield Identifiers(*answer)
            elif rows := self._line(until):
                self.running = None
                section = Collected(**answer[0], rows=rows)
                if self.left is not None:
                    self.left.remove(section.table)
                yield section

    def lost(self, table: str) -> Collected:
        """Return the section of a collector that was killed, or that took its process with it."""
        seconds, at = self._killed_after, utc_text(self._began[1])
        if seconds is not None:
            timed_out, took = Outcome.TIMED_OUT.value, round(seconds, 4)
            return Collected(
                table, timed_out, at, took, None, f"killed after {seconds:.0f} s without an end", killed=True
            )
        status = self._process.poll()
        return Collected(
            table, Outcome.FAILED.value, at, 0.0, None, f"the collecting process ended with status {status}"
        )

    def end(self) -> None:
        """Kill the child and what it started, and wait for it a little."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                if self._process.returncode is None:
                    os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_WITHIN_SECONDS)
            if self._process.stdout is not None:
                self._process.stdout.close()
