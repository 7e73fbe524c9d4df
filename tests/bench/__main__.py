"""`make bench`: measures against the peers; `make bench ARGS=--json` prints one JSON document."""

import argparse
import compileall
import dataclasses
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from tests.bench import agent, hub
from tests.bench.result import Result

PARTS: dict[str, Callable[[], Iterator[Result]]] = {"agent": agent.results, "hub": hub.results}
WIDTH = 150
"""Columns where no terminal says how many it has."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    for folder in ("collectors", "rules", "agent", "hub", "cli"):  # as an installation is, whatever this shell forbids
        compileall.compile_dir(folder, quiet=1)
    found = [result for part in ([asked.only] if asked.only else PARTS) for result in PARTS[part]()]
    print(as_json(found)) if asked.json else show(found)


def as_json(found: list[Result]) -> str:
    """Return the results as one JSON document."""
    rows = [dataclasses.asdict(one) | {"ratio": one.ratio, "met": one.met} for one in found]
    return json.dumps({"machine": machine(), "results": rows}, indent=1)


def machine() -> str:
    """Return what was measured on, without its name."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, Linux {platform.release()}"
    )


def show(found: list[Result]) -> None:
    """Print the results as a table."""
    table = Table("what", "ours", "peer", "ours / peer", "bare", "budget", "", title=machine())
    for one in found:
        met = {None: "", True: "met", False: "NOT MET"}[one.met]
        peer = f"{number(one.peer)} {one.peer_name}" if one.peer is not None else ""
        table.add_row(one.what, number(one.ours), peer, number(one.ratio), number(one.floor), one.budget, met)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def number(value: float | None) -> str:
    """Return three figures of a number, nothing of none."""
    return "" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
