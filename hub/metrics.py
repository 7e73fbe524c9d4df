"""The hub's /metrics: the last known state of every device, the verdicts, and the hub's own health.

A lab that is switched off stays in view, with its age. Names are those of INTERFACES; nothing here is live.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from collectors.facts import parse_utc, utc_text
from hub.hub import Hub
from hub.judge import VERDICT_NOW
from hub.targets import measured
from rules.tables import Verdict

_DEVICES = """
SELECT m.device_id, m.hostname, m.room, m.campus, m.last_seen_at, d.kind
FROM managed_device AS m LEFT JOIN device AS d ON d.device_id = m.device_id
WHERE m.ownership = 'school' AND m.retired_at IS NULL ORDER BY m.device_id
"""
_STATES = """
SELECT COALESCE(m.room, '') AS room, COALESCE(m.campus, '') AS campus, COALESCE(d.kind, 'unknown') AS kind,
       CASE WHEN m.last_seen_at >= :day_ago THEN 'reporting' WHEN m.last_seen_at >= :month_ago THEN 'silent'
            ELSE 'lost' END AS state, COUNT(*) AS devices
FROM managed_device AS m LEFT JOIN device AS d ON d.device_id = m.device_id
WHERE m.ownership = 'school' AND m.retired_at IS NULL
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_CHECKS = f"""
SELECT v.rule, COALESCE(m.room, '') AS room, {VERDICT_NOW} AS verdict, COUNT(*) AS devices
FROM verdict AS v JOIN managed_device AS m ON m.device_id = v.device_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_FAILING = f"SELECT v.device_id, v.rule, v.until FROM verdict AS v WHERE {VERDICT_NOW} = 'fail' ORDER BY 1, 2"
_PROBES = """
SELECT COALESCE(m.campus, '') AS campus, c.target, c.kind, MAX(CASE WHEN c.ok THEN 1 ELSE 0 END) AS ok
FROM connectivity AS c JOIN managed_device AS m ON m.device_id = c.device_id
WHERE c.collected_at >= :day_ago GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_LABS = "students-per-computer"


class Health:
    """The hub's own figures: what came in, how long it took, which jobs ran. ``registry`` holds all that it serves."""

    def __init__(self, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        for own in (ProcessCollector, PlatformCollector, GCCollector):
            own(registry=self.registry)
        self.registry.register(_State(hub))
        self.reports = Counter("baove_reports", "Reports by how they ended", ["outcome"], registry=self.registry)
        self.report_seconds = Histogram(
            "baove_report_duration_seconds",
            "How long it took to take a report, from its last byte to its commit",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
        )
        self.jobs: dict[str, float] = {}
        self.registry.register(_Jobs(self.jobs))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Jobs:
    def __init__(self, jobs: Mapping[str, float]) -> None:
        self._jobs = jobs

    def collect(self) -> Iterator[Metric]:
        """Yield when each of the hub's jobs last succeeded."""
        family = GaugeMetricFamily(
            "baove_job_last_success_timestamp_seconds", "When a job of the hub last succeeded", labels=["job"]
        )
        for job, at in list(self._jobs.items()):
            family.add_metric([job], at)
        yield family


class _State:
    """Everything that comes from the database, asked at each scrape: one a minute costs less than keeping it all."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the last known state of all."""
        with self._lock:
            yield from _devices(self._hub)
            yield from _targets(self._hub)


def _gauge(name: str, about: str, labels: list[str], rows: list[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _devices(hub: Hub) -> Iterator[Metric]:
    now = hub.clock()
    named = {
        "now": utc_text(now),
        "day_ago": utc_text(now - timedelta(days=1)),
        "month_ago": utc_text(now - timedelta(days=30)),
    }
    with hub.database.reading() as query:
        devices = query(_DEVICES, {})
        states, checks, failing, probes = (query(sql, named) for sql in (_STATES, _CHECKS, _FAILING, _PROBES))
    severity = {check.id: check.severity for check in hub.rulebook.checks.values()}
    yield _gauge(
        "baove_device_info",
        "A device that reported",
        ["device", "hostname", "room", "campus", "kind"],
        [([row["device_id"], *_texts(row, "hostname", "room", "campus", "kind")], 1) for row in devices],
    )
    yield _gauge(
        "baove_device_last_seen_timestamp_seconds",
        "When a device last reported",
        ["device"],
        [([row["device_id"]], _seconds(row["last_seen_at"])) for row in devices],
    )
    yield _gauge(
        "baove_devices",
        "Devices by where they are and how long they were silent: reporting (a day), silent (30 days), lost",
        ["room", "campus", "kind", "state"],
        [(_texts(row, "room", "campus", "kind", "state"), row["devices"]) for row in states],
    )
    yield _gauge(
        "baove_check_devices",
        "Devices by what a check says of them",
        ["check", "room", "verdict"],
        [(_texts(row, "rule", "room", "verdict"), row["devices"]) for row in checks],
    )
    known = [row for row in failing if row["rule"] in severity]
    yield _gauge(
        "baove_check_failing",
        "1 for each check that a device fails",
        ["device", "check", "severity"],
        [([row["device_id"], row["rule"], severity[row["rule"]]], 1) for row in known],
    )
    yield _gauge(
        "baove_check_valid_until_timestamp_seconds",
        "Until when a failing verdict holds unless judged again",
        ["device", "check"],
        [([row["device_id"], row["rule"]], _seconds(row["until"])) for row in known],
    )
    yield _gauge(
        "baove_probe_success",
        "Whether any PC of a campus reached a target in the last day",
        ["campus", "target", "kind"],
        [(_texts(row, "campus", "target", "kind"), row["ok"]) for row in probes],
    )


def _targets(hub: Hub) -> Iterator[Metric]:
    found = measured(hub)
    yield _gauge(
        "baove_target_value",
        "What a target of the plan came to; absent when nothing is known",
        ["target"],
        [([one.target.id], one.measurement.value) for one in found if one.measurement.value is not None],
    )
    yield _gauge(
        "baove_target_threshold",
        "What the plan asks of a target",
        ["target"],
        [([one.target.id], one.measurement.threshold) for one in found],
    )
    yield _gauge(
        "baove_target_verdict",
        "1 for a target's verdict, 0 for the others",
        ["target", "verdict"],
        [([one.target.id, word.value], float(one.measurement.verdict is word)) for one in found for word in Verdict],
    )
    yield _gauge(
        "baove_target_measured_timestamp_seconds",
        "When a target was last measured",
        ["target"],
        [([one.target.id], _seconds(one.measured_at)) for one in found],
    )
    labs = [row for one in found if one.target.id == _LABS for row in one.measurement.evidence]
    yield _gauge(
        "baove_students_per_computer",
        "Pupils of the largest class for each working computer of a lab",
        ["room"],
        [([str(row["room"])], row["ratio"]) for row in labs if row.get("ratio") is not None],
    )
    yield _gauge(
        "baove_computers_missing",
        "Computers that a lab lacks for a level of the plan",
        ["room", "level"],
        [
            ([str(row["room"]), str(level)], row[f"missing_level_{level}"])
            for row in labs
            for level in (2, 3)
            if row.get(f"missing_level_{level}") is not None
        ],
    )


def _texts(row: Mapping[str, Any], *names: str) -> list[str]:
    return [str(row[name] or "") for name in names]


def _seconds(text: str) -> float:
    return parse_utc(text).timestamp()
