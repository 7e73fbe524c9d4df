"""How a process is measured: processor time with all its children, the largest memory of any, and time on the clock."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MIB = 1 << 20
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

# A process begins with the peak of the one that started it (Linux keeps it over exec), so a small one starts it.
_LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
_, status, used = os.wait4(process, 0)
json.dump([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, status], sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a program cost."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: float


def program(command: Sequence[str]) -> Cost:
    """Run a program to its end. Raises RuntimeError when it can't be started."""
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command], stdout=subprocess.PIPE, text=True, check=True
    )
    wall, cpu, peak, status = json.loads(ran.stdout)
    if os.waitstatus_to_exitcode(status) not in {0, 1}:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(wall, cpu, peak)


def alternately(times: int, *commands: Sequence[str]) -> list[Cost]:
    """Run programs in turns, so that a noisy moment meets all; return each one's median."""
    runs: list[list[Cost]] = [[] for _ in commands]
    for turn in range(times + 1):
        for command, kept in zip(commands, runs, strict=True):
            cost = program(command)
            if turn:  # the first turn only warms the caches of files
                kept.append(cost)
    return [
        Cost(
            median(one.wall_seconds for one in kept),
            median(one.cpu_seconds for one in kept),
            max(one.peak_bytes for one in kept),
        )
        for kept in runs
    ]


def cpu_seconds(process: int) -> float:
    """Return the processor time that a running process has used, with the children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_A_SECOND


def fine_cpu_seconds(process: int) -> float:
    """Return a running process's own processor time from the scheduler's nanoseconds, over all its threads."""
    total = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_bytes(process: int) -> int:
    """Return the memory that a process holds now."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


@contextmanager
def running(command: Sequence[str], ready: Callable[[], bool], seconds: float = 60) -> Iterator[int]:
    """Keep a program running; yields its process id once it is ready. Raises TimeoutError."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + seconds
            while not ready():
                if process.poll() is not None:
                    raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
                if time.monotonic() > until:
                    raise TimeoutError(f"{' '.join(command)} was not ready after {seconds:g} s")
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()


def get(url: str) -> bytes:
    """Return what a URL of this machine answers; nothing where nobody does."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        body: bytes = answer.read()
        return body
    return b""


def have(*programs: str) -> bool:
    """Tell whether programs are installed."""
    return all(shutil.which(one) for one in programs)
