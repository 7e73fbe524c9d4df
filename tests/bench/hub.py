"""What the hub does in a second of one core: reports through HTTP, and rules over a large school."""

import dataclasses
import gc
import http.client
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from hub import judge, targets
from hub.database import Database
from hub.hub import Hub, open_hub
from hub.ingest import ingest
from hub.reports import Report, decode
from tests.bench import measure, school
from tests.bench.result import Result

DEVICES = 120
AT_ONCE = 4
"""Agents that send at the same time."""

PORT = 19980
PATH = "/api/v1/reports"
LARGE_SCHOOL = 1500
BUDGETS = {"first": 60.0, "changed": 200.0, "unchanged": 500.0}


def results() -> Iterator[Result]:
    """Measure the hub."""
    yield from reports()
    yield from rules()


def reports() -> Iterator[Result]:
    """Send reports to a hub that has one core for itself."""
    lives = [school.life(device) for device in range(DEVICES)]
    floor = DEVICES / _bare_inserts([school.tables(device, 0, "2026-03-02T01:15:00Z") for device in range(DEVICES)])
    with tempfile.TemporaryDirectory() as folder:
        command = ["taskset", "--cpu-list", "0", str(Path(sys.executable).with_name("baove")), "hub", "run"]
        os.sched_setaffinity(0, {1})  # this process stays off that core
        try:
            with measure.running(
                [*command, "--data", folder, "--listen", f"127.0.0.1:{PORT}"],
                lambda: bool(measure.get(f"http://127.0.0.1:{PORT}/healthz")),
            ) as process:
                for kind, (name, least) in enumerate(BUDGETS.items()):
                    cpu = measure.fine_cpu_seconds(process)
                    wall = DEVICES / _send([life[kind] for life in lives])
                    rate = DEVICES / (measure.fine_cpu_seconds(process) - cpu)
                    yield Result(f"{name} reports a CPU second", rate, least=least, floor=floor if not kind else None)
                    yield Result(f"{name} reports a second on the clock", wall)
                yield Result("hub: resident MiB", measure.resident_bytes(process) / measure.MIB)
        finally:
            os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))


def _send(bodies: Sequence[bytes]) -> float:
    """Send all and return the seconds until the last was acknowledged. Raises RuntimeError where one was not."""

    def send(some: Sequence[bytes]) -> None:
        client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        for body in some:
            client.request("POST", PATH, body, headers)
            with client.getresponse() as answer:
                said = answer.read()
                if answer.status >= http.client.BAD_REQUEST or b'"resend":[]' not in said:
                    raise RuntimeError(f"the hub answered {answer.status} {said[:300]!r}")
        client.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, [bodies[start::AT_ONCE] for start in range(AT_ONCE)]))
    return time.perf_counter() - began


def _bare_inserts(devices: Sequence[dict[str, list[dict[str, Any]]]]) -> float:
    """Return the seconds that SQLite alone takes for the same rows, flat, one transaction a report."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        for name, rows in devices[0].items():
            database.execute(f'CREATE TABLE "{name}" (device_id, {", ".join(rows[0])})')
        began = time.perf_counter()
        for device, tables in enumerate(devices):
            database.execute("BEGIN")
            for name, rows in tables.items():
                values = [[device, *map(str, row.values())] for row in rows]
                database.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(values[0]))})', values)
            database.execute("COMMIT")
        took = time.perf_counter() - began
        database.close()
        return took


class _WritesNothing:
    """A database that reads as the hub's own does, so that evaluating is measured without storing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, job: object) -> None:
        """Do nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def rules() -> Iterator[Result]:
    """Judge a school of 1,500 PCs with 250 software rows each."""
    with tempfile.TemporaryDirectory() as folder:
        hub = open_hub(Path(folder))
        try:
            _fill(hub)
            dry = dataclasses.replace(hub, database=cast("Database", _WritesNothing(hub.database)))
            with hub.database.reading() as query:
                devices = {
                    row["device_id"]: set(hub.rulebook.checks) for row in query("SELECT device_id FROM device", {})
                }
            gc.collect()
            gc.freeze()  # as hub.app.serve does
            checks = min(_seconds(lambda: judge.judge_devices(dry, devices)) for _ in range(3))
            stored = _seconds(lambda: judge.judge_all(hub))
            of_targets = min(_seconds(lambda: targets._measure(hub, hub.clock())) for _ in range(3))
            with hub.database.reading() as query:
                bare = min(
                    _seconds(lambda: query("SELECT device_id, COUNT(*) AS n FROM software GROUP BY device_id", {}))
                    for _ in range(3)
                )
        finally:
            hub.close()
    many = f"{len(devices):,} PCs"
    yield Result(f"rules over {many}: evaluate all, s", checks + of_targets, most=1, floor=bare)
    yield Result(f"rules over {many}: the checks alone, s", checks)
    yield Result(f"rules over {many}: the targets alone, s", of_targets)
    yield Result(f"rules over {many}: judge all and store the verdicts, s", stored)


def _fill(hub: Hub) -> None:
    now = datetime.now(UTC)
    for device in range(LARGE_SCHOOL):
        hub.database.write(partial(_take, decode(school.life(device)[0], "gzip"), now))


def _take(report: Report, now: datetime, connection: sa.Connection) -> None:
    ingest(connection, report, now)


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
