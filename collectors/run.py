"""Runs one collector and says how it ended: the only place where a collector's errors are caught."""

import time
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.facts import Collector, Failed, NotHere, Outcome, digest, plain, table_of, utc_text
from collectors.sources.wmi import NoSuchClass

MESSAGE_LIMIT = 300
_SYSTEM_FOLDERS = ("/proc/", "/sys/", "/etc/", "/run/", "/dev/", "/var/lib/", "/var/log/", "root\\", "HKLM\\")


@dataclass(frozen=True, slots=True)
class Section:
    """One run of a collector. ``rows`` are as in JSON, and None unless the outcome is rows."""

    table: str
    outcome: Outcome
    attempted_at: datetime
    duration_seconds: float
    rows: list[dict[str, Any]] | None = None
    digest: str | None = None
    message: str | None = None
    samples: tuple[tuple[str, str, dict[str, str], float], ...] = ()
    """(metric, help, labels, value) of the table's own metrics."""
    cpu_seconds: float = 0.0
    """What the run cost this process; programs that it started are not in it."""

    def as_table(self) -> dict[str, Any]:
        """Return the section as a report carries it under ``tables``."""
        return {"collected_at": utc_text(self.attempted_at), "digest": self.digest, "rows": self.rows}

    def as_missing(self) -> dict[str, Any]:
        """Return the section as a report carries it under ``missing``."""
        return {
            "table": self.table,
            "why": self.outcome.value,
            "attempted_at": utc_text(self.attempted_at),
            "message": self.message,
        }


def run(collector: Collector, host: Any) -> Section:  # noqa: PLR0911 - one return for each way to end
    """Run a collector over a host. A run that raised keeps none of its rows."""
    table = table_of(collector.fact)
    attempted_at = host.now()
    started, busy = time.perf_counter(), time.process_time()

    def ended(outcome: Outcome, message: str | None = None, **more: Any) -> Section:
        text = " ".join(message.split())[:MESSAGE_LIMIT] if message else None
        took, cost = time.perf_counter() - started, time.process_time() - busy
        return Section(table.name, outcome, attempted_at, took, message=text, cpu_seconds=cost, **more)

    try:
        facts = list(dict.fromkeys(collector.function(host)))
        rows = [plain(row) for row in facts]
        samples = tuple(
            (metric.name, metric.help, {label: of(row) for label, of in metric.labels.items()}, float(value))
            for metric in table.metrics
            for row in facts
            if (value := metric.value(row)) is not None
        )
        return ended(Outcome.ROWS, rows=rows, digest=digest(table, rows), samples=samples)
    except NotHere as why:
        return ended(Outcome.NOT_HERE, str(why))
    except Failed as why:
        return ended(Outcome.FAILED, str(why))
    except TimeoutError as why:
        return ended(Outcome.TIMED_OUT, str(why))
    except PermissionError as why:
        who = "an administrator" if collector.system == "windows" else "root"
        return ended(Outcome.FAILED, f"{_system_path(why)} can be read by {who} only: run the agent as {who}")
    except NoSuchClass as why:
        return ended(Outcome.FAILED, f"this Windows has no {why}")
    except OSError as why:
        return ended(Outcome.FAILED, f"{_system_path(why)}: {why.strerror or type(why).__name__}")
    except Exception as why:  # noqa: BLE001 - a collector's bug must not take the other sections with it: it becomes this one's error
        return ended(Outcome.FAILED, f"{type(why).__name__} at {_place(why)}: please report it")


def _system_path(error: OSError) -> str:
    """Return the file that an error is about, unless it lies where it could name a person."""
    path = str(error.filename or "a file")
    return path if path.startswith(_SYSTEM_FOLDERS) else "a file"


def _place(error: Exception) -> str:
    """Return the innermost file and line, never the message: it could hold anything that was being read."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name} line {frame.lineno}"
