"""/metrics: names and values as the interface has them, within the budget of one PC, over real HTTP."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.cache import Kept
from agent.exposition import SERIES_LIMIT, Shown, serve
from agent.supervise import Collected

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@contextmanager
def served(shown: Shown) -> Iterator[int]:
    """Serve metrics and give their port."""
    server = serve(("127.0.0.1", 0), lambda: shown, 0.02)
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def get(port: int, path: str, accept: str = "") -> tuple[int, str, bytes]:
    """Return the status, the kind and the content of a page."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", path, headers={"Accept": accept} if accept else {})
    answer = client.getresponse()
    found = answer.status, answer.headers.get("Content-Type", ""), answer.read()
    client.close()
    return found


def scrape(shown: Shown) -> Samples:
    """Return what one scrape gives."""
    with served(shown) as port:
        _, _, body = get(port, "/metrics")
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(body.decode())
        for one in family.samples
    }


def kept(table: str, outcome: str = "rows", samples: tuple[tuple[str, str, dict[str, str], float], ...] = ()) -> Kept:
    """Return a kept section."""
    section = Collected(table, outcome, "2026-03-02T01:15:00Z", 0.25, None, None, samples)
    return Kept(section, "2026-03-02T00:15:00Z" if outcome != "rows" else "2026-03-02T01:15:00Z")


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return a sample's key."""
    return name, frozenset(labels.items())


def test_each_collector_says_how_it_ended_how_long_it_took_and_when_it_last_went_well() -> None:
    """A failing collector keeps the time of its last success: its age is an alert's."""
    seen = scrape(Shown({"disk": kept("disk"), "malware": kept("malware", "failed")}, {"malware": 2}))

    assert seen[key("baove_collector_outcome", collector="disk", outcome="rows")] == 1
    assert seen[key("baove_collector_outcome", collector="malware", outcome="failed")] == 1
    assert key("baove_collector_outcome", collector="disk", outcome="failed") not in seen
    assert seen[key("baove_collector_duration_seconds", collector="disk")] == 0.25
    assert seen[key("baove_collector_last_success_timestamp_seconds", collector="malware")] == 1772410500
    assert seen[key("baove_collector_killed_total", collector="malware")] == 2
    assert seen[key("baove_agent_info", version="0.1.0")] == 1


def test_tables_show_their_own_metrics() -> None:
    """One family for a metric, whichever rows it comes from; letters in labels stay as they are."""
    samples = (
        ("baove_volume_free_bytes", "Free", {"mount": "/"}, 5e9),
        ("baove_volume_free_bytes", "Free", {"mount": '/mnt/"Dữ liệu"\\n'}, 7.0),
    )
    seen = scrape(Shown({"volume": kept("volume", samples=samples)}))

    assert seen[key("baove_volume_free_bytes", mount="/")] == 5e9
    assert seen[key("baove_volume_free_bytes", mount='/mnt/"Dữ liệu"\\n')] == 7


def test_a_check_is_one_or_zero_and_absent_when_unknown() -> None:
    """Unknown is never 0, and never 1."""
    seen = scrape(Shown(checks=(("firewall-enabled", True), ("antivirus-enabled", False))))

    assert {name: value for (name, labels), value in seen.items() if name == "baove_check_passing"}.values()
    assert seen[key("baove_check_passing", check="firewall-enabled")] == 1
    assert seen[key("baove_check_passing", check="antivirus-enabled")] == 0


def test_python_shows_its_own_process() -> None:
    """Memory and handles of the daemon itself."""
    assert scrape(Shown())[key("process_resident_memory_bytes")] > 1e6


def test_a_pc_never_shows_more_series_than_its_budget() -> None:
    """A machine with a thousand volumes costs Prometheus no more than another, and says what it left out."""
    many = tuple(("baove_volume_free_bytes", "Free", {"mount": f"/mnt/{number}"}, 1.0) for number in range(1000))
    tables = {f"table_{number}": kept(f"table_{number}") for number in range(24)}
    seen = scrape(Shown({**tables, "volume": kept("volume", samples=many)}))
    shown = sum(name == "baove_volume_free_bytes" for name, _ in seen)

    assert len(seen) <= SERIES_LIMIT
    assert shown > 100
    assert seen[key("baove_agent_series_left_out")] == 1000 - shown


def test_prometheus_own_format_is_given_where_it_is_asked_for() -> None:
    """Prometheus asks for OpenMetrics first."""
    with served(Shown()) as port:
        _, kind, body = get(port, "/metrics", "application/openmetrics-text; version=1.0.0")

    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize("path", ["/", "/metrics/../status", "/favicon.ico"])
def test_nothing_else_is_served(path: str) -> None:
    """There is one page."""
    with served(Shown()) as port:
        status, _, _ = get(port, path)

    assert status == 404
