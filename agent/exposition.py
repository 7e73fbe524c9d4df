"""/metrics, from the cache only: a scrape starts nothing and waits for nothing."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from agent import VERSION
from agent.cache import Kept
from collectors.facts import parse_utc

SERIES_LIMIT = 300
"""The budget of one PC, process metrics included."""

PROCESS_SERIES = 10
CLIENT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a scrape sees. The daemon puts a new one in the place of the old, so no scrape sees half of anything."""

    kept: Mapping[str, Kept] = field(default_factory=dict)
    killed: Mapping[str, int] = field(default_factory=dict)
    checks: Iterable[tuple[str, bool]] = ()
    spooled: int = 0
    acknowledged_at: str | None = None


def families(shown: Shown) -> Iterator[Metric]:
    """Yield the agent's own metrics, then the tables' and the checks', up to the budget of series."""
    own = list(_own(shown))
    yield from own
    free = SERIES_LIMIT - PROCESS_SERIES - 1 - sum(len(one.samples) for one in own)
    left_out = 0
    for family in _of_tables(shown):
        left_out += max(0, len(family.samples) - free)
        del family.samples[max(0, free) :]
        free -= len(family.samples)
        if family.samples:
            yield family
    yield GaugeMetricFamily(
        "baove_agent_series_left_out", "Series beyond the budget of one PC, which are not shown", left_out
    )


def _own(shown: Shown) -> Iterator[Metric]:
    yield InfoMetricFamily("baove_agent", "The agent that runs here", {"version": VERSION})
    outcome = GaugeMetricFamily(
        "baove_collector_outcome",
        "How a collector's last run ended: 1 for the present one",
        None,
        ["collector", "outcome"],
    )
    duration = GaugeMetricFamily("baove_collector_duration_seconds", "How long the last run took", None, ["collector"])
    success = GaugeMetricFamily(
        "baove_collector_last_success_timestamp_seconds", "When a run last ended in rows", None, ["collector"]
    )
    killed = CounterMetricFamily(
        "baove_collector_killed", "Runs that were killed at their deadline", None, ["collector"]
    )
    for table, one in shown.kept.items():
        outcome.add_metric([table, one.section.outcome], 1)
        duration.add_metric([table], one.section.duration_seconds)
        if one.last_success_at is not None:
            success.add_metric([table], parse_utc(one.last_success_at).timestamp())
    for table, times in shown.killed.items():
        killed.add_metric([table], times)
    yield from (outcome, duration, success, killed)
    yield GaugeMetricFamily("baove_agent_spooled_reports", "Reports that wait for the hub", shown.spooled)
    if shown.acknowledged_at is not None:
        yield GaugeMetricFamily(
            "baove_agent_last_acknowledged_timestamp_seconds",
            "When the hub last took a report",
            parse_utc(shown.acknowledged_at).timestamp(),
        )


def _of_tables(shown: Shown) -> Iterator[Metric]:
    checks = GaugeMetricFamily(
        "baove_check_passing", "1 where a check passes, 0 where it fails; absent when unknown", None, ["check"]
    )
    for check, passes in shown.checks:
        checks.add_metric([check], passes)
    yield checks
    made: dict[str, tuple[GaugeMetricFamily, list[str]]] = {}
    for one in shown.kept.values():
        for name, text, labels, value in one.section.samples:
            if name not in made:
                names = list(labels)
                made[name] = GaugeMetricFamily(name, text, None, names), names
            family, names = made[name]
            family.add_metric([labels[label] for label in names], value)
    for family, _ in made.values():
        yield family


class _FromCache(Collector):
    def __init__(self, shown: Callable[[], Shown]) -> None:
        self._shown = shown

    def collect(self) -> Iterable[Metric]:
        return families(self._shown())


def registry(shown: Callable[[], Shown]) -> CollectorRegistry:
    """Return what a scrape asks: the cache, and Python's own process metrics."""
    made = CollectorRegistry(auto_describe=False)
    made.register(_FromCache(shown))
    ProcessCollector(registry=made)
    return made


def serve(listen: tuple[str, int], shown: Callable[[], Shown], look_seconds: float = 3600.0) -> socketserver.TCPServer:
    """
    Serve /metrics from a thread of its own and return the server. Raises OSError where the address is taken.

    ``look_seconds`` is how often it looks whether to stop: the daemon's stops with its process.
    """
    asked = registry(shown)

    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_SECONDS
        server_version = "baove"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            body = encode(asked)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: a line for each scrape helps nobody."""

    class Server(socketserver.TCPServer):
        # Not http.server's: that one asks DNS for its own name, which may take long where there is no network.
        allow_reuse_address = True
        address_family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET

        def handle_error(self, *_: object) -> None:
            """Say nothing: a client that went away is no event."""

    server = Server(listen, Handler)
    threading.Thread(target=server.serve_forever, args=[look_seconds], daemon=True).start()
    return server
