"""What the agent costs a PC, beside fusioninventory-agent and node_exporter."""

import gzip
import http.server
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench import measure
from tests.bench.result import Result

FUSION_SECTIONS = (
    "account_summary",
    "antivirus",
    "device",
    "disk",
    "firewall",
    "memory_module",
    "monitor",
    "network_interface",
    "operating_system",
    "printer",
    "processor",
    "software",
    "volume",
)
"""Our tables of what fusioninventory's Linux inventory has sections for."""

EIGHT_COLLECTORS = ("cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "stat", "uname")
SCRAPES = 100
RUNS = 5
IDLE_SECONDS = 65
"""Longer than the minute between two wake-ups."""

AGENT = (sys.executable, "-m", "agent")
AGENT_PORT, NODE_PORT, FUSION_PORT, SINK_PORT = 19977, 19100, 19979, 19978


def results() -> Iterator[Result]:
    """Measure the agent."""
    yield from inventory()
    yield from daemon()


def inventory() -> Iterator[Result]:
    """One whole inventory, from a fresh process to its end."""
    fusion = ["fusioninventory-inventory"]
    with_peer = measure.have(*fusion)
    ours = [*AGENT, "collect", "--json", *FUSION_SECTIONS]
    costs = measure.alternately(RUNS, ours, [sys.executable, "-c", "pass"], *([fusion] if with_peer else []))
    mine, bare, peer = costs[0], costs[1], costs[2] if with_peer else None
    yield Result(
        "inventory: CPU s",
        mine.cpu_seconds,
        peer.cpu_seconds if peer else None,
        "fusioninventory",
        most=0.3,
        floor=bare.cpu_seconds,
    )
    yield Result(
        "inventory: wall s",
        mine.wall_seconds,
        peer.wall_seconds if peer else None,
        "fusioninventory",
        most_ratio=1 / 2.5,
        floor=bare.wall_seconds,
    )
    yield Result(
        "inventory: peak MiB",
        mine.peak_bytes / measure.MIB,
        peer.peak_bytes / measure.MIB if peer else None,
        "fusioninventory",
        most=40e6 / measure.MIB,
        floor=bare.peak_bytes / measure.MIB,
    )
    (whole,) = measure.alternately(RUNS, [*AGENT, "collect", "--json"])
    yield Result("whole collection, probes too: CPU s", whole.cpu_seconds)
    _kept["whole"] = whole.cpu_seconds


_kept: dict[str, float] = {}


def _idle(process: int) -> float:
    """Return the CPU seconds a second of a daemon at rest, its wake-up each minute included."""
    began = measure.fine_cpu_seconds(process)
    time.sleep(IDLE_SECONDS)
    return (measure.fine_cpu_seconds(process) - began) / IDLE_SECONDS


def daemon() -> Iterator[Result]:
    """Measure the daemon at rest, its /metrics, its reports, and what all of that makes in a day."""
    with tempfile.TemporaryDirectory() as folder, Sink() as reports:
        command = [
            *AGENT,
            "run",
            "--data",
            folder,
            "--metrics-listen",
            f"127.0.0.1:{AGENT_PORT}",
            "--hub",
            f"http://127.0.0.1:{SINK_PORT}",
        ]
        with measure.running(command, lambda: bool(reports)) as process:
            mine = list(_scrapes(process, f"http://127.0.0.1:{AGENT_PORT}/metrics"))
            idle = min(_idle(process) for _ in range(2))  # a report that falls into one of them is no rest
            resident = measure.resident_bytes(process) / measure.MIB
        yield Result(
            "daemon: resident MiB", resident, _fusion_daemon(Path(folder)), "fusioninventory", most=25, most_ratio=0.5
        )
        peer = _node_exporter()
        scrape = median(cpu for _, cpu in mine)
        yield Result(
            "/metrics: ms",
            1e3 * median(wall for wall, _ in mine),
            1e3 * peer[0] if peer else None,
            "node_exporter",
            most_ratio=1.3,
        )
        yield Result("/metrics: CPU ms", 1e3 * scrape, 1e3 * peer[1] if peer else None, "node_exporter", most_ratio=1.3)
        yield Result("CPU s a day", 24 * _kept["whole"] + 1440 * scrape + 86400 * idle, most=15)
        first = reports[0]
        yield Result("first report: packed KB", len(first) / 1e3)
        yield Result("unchanged report: packed KB", len(_unchanged(first)) / 1e3, most=1)


def _scrapes(process: int, url: str) -> Iterator[tuple[float, float]]:
    """Yield the wall and processor seconds of each scrape."""
    for _ in range(SCRAPES):
        cpu, wall = measure.fine_cpu_seconds(process), time.perf_counter()
        measure.get(url)
        yield time.perf_counter() - wall, measure.fine_cpu_seconds(process) - cpu


def _node_exporter() -> tuple[float, float] | None:
    """Return the median wall and processor seconds of a scrape of node_exporter with eight collectors."""
    if not measure.have("prometheus-node-exporter"):
        return None
    url = f"http://127.0.0.1:{NODE_PORT}/metrics"
    command = [
        "prometheus-node-exporter",
        f"--web.listen-address=127.0.0.1:{NODE_PORT}",
        "--collector.disable-defaults",
    ]
    with measure.running(
        [*command, *(f"--collector.{one}" for one in EIGHT_COLLECTORS)], lambda: bool(measure.get(url))
    ) as process:
        scrapes = list(_scrapes(process, url))
    return median(wall for wall, _ in scrapes), median(cpu for _, cpu in scrapes)


def _fusion_daemon(folder: Path) -> float | None:
    """Return the resident MiB of fusioninventory's daemon after its first inventory, with its web page, as it comes."""
    if not measure.have("fusioninventory-agent"):
        return None
    written = folder / "fusion"
    written.mkdir()
    subprocess.run(["fusioninventory-agent", "--set-forcerun", "--no-httpd", f"--local={written}"], check=True)
    command = [
        "fusioninventory-agent",
        "--daemon",
        "--no-fork",
        f"--httpd-port={FUSION_PORT}",
        "--httpd-ip=127.0.0.1",
        f"--local={written}",
        "--wait=0",
        "--delaytime=1",
    ]
    with measure.running(command, lambda: any(written.iterdir())) as process:
        time.sleep(2)
        return measure.resident_bytes(process) / measure.MIB


class Sink:
    """A hub that takes every report and keeps it."""

    def __enter__(self) -> list[bytes]:
        reports: list[bytes] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                reports.append(self.rfile.read(int(self.headers["Content-Length"])))
                answer = b'{"accepted": true, "device_id": "bench", "resend": []}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", SINK_PORT), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return reports

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _unchanged(first: bytes) -> bytes:
    """Return the report that follows a first one when nothing changed, as the agent packs it."""
    report = json.loads(gzip.decompress(first))
    report["unchanged"] = {
        name: {"collected_at": table["collected_at"], "digest": table["digest"]}
        for name, table in report["tables"].items()
    }
    report["tables"] = {}
    return gzip.compress(json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)
