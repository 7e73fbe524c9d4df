"""The main job on this very machine: a real agent, a real hub, a real Prometheus, and a real browser."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.tools import tool

TOP = Path(__file__).parents[2]
BAOVE = Path(sys.executable).parent / "baove"

PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: hub
    static_configs: [{{targets: ["{hub}"]}}]
  - job_name: agents
    http_sd_configs: [{{url: "http://{hub}/sd/prometheus", refresh_interval: 1s}}]
    relabel_configs: [{{source_labels: [__meta_baove_hostname], target_label: hostname}}]
"""


@dataclass(frozen=True, slots=True)
class Running:
    """What `baove up` started: its process, the page's address, and the agent's."""

    process: subprocess.Popen[bytes]
    page: str
    agent: str


def free_address() -> str:
    """Return an address on loopback at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{bound.getsockname()[1]}"


def answer(url: str) -> Any:
    """Return what an address answers: JSON decoded, else text; None while nobody answers."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as opened:  # noqa: S310 - on loopback
        text = opened.read().decode()
        return json.loads(text) if "json" in opened.headers["Content-Type"] else text
    return None


def eventually(ask: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the first answer that is something; fail where none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := ask():
            return found
        time.sleep(0.2)
    pytest.fail(f"nothing came within {seconds:g} s")


def profile(folder: Path, hub: str) -> Path:
    """Return the made-up school's profile, which probes nothing but the hub: no test reaches beyond this machine."""
    shutil.copytree(TOP / "hub" / "demo" / "school", folder)
    text = (folder / "school.yaml").read_text(encoding="utf-8")
    head, rest = text.split("\nprobes:\n")
    kept = "\n".join(line for line in rest.splitlines() if not line.startswith((" ", "website:")))
    probe = f'probes: [{{purpose: internet, target: "http://{hub}/healthz"}}]'
    (folder / "school.yaml").write_text(f"{head}\n{probe}\n{kept}\n", encoding="utf-8")
    return folder


@contextlib.contextmanager
def started(data: Path) -> Iterator[Running]:
    """Run `baove up` as a person does, with the made-up school's profile; wait until this machine is judged."""
    hub, agent = free_address(), free_address()
    environment = {**os.environ, "BAOVE_METRICS_LISTEN": agent, "LC_ALL": "C.UTF-8"}
    school = str(profile(data / "school", hub))
    command = [str(BAOVE), "up", "--data", str(data), "--listen", hub, "--school", school]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=data, env=environment) as process:
        try:
            eventually(lambda: answer(f"http://{hub}/api/v1/devices"))
            yield Running(process, f"http://{hub}/", agent)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return what runs while the tests of this file look at it."""
    with started(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.fixture(scope="module")
def prometheus(up: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[Any]]]:
    """Run Debian's Prometheus, told nothing but where the hub is; return a function that asks it."""
    folder, listen = tmp_path_factory.mktemp("prometheus"), free_address()
    hub = urllib.parse.urlsplit(up.page).netloc
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(hub=hub))
    command = [
        tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={listen}", "--log.level=error",
    ]  # fmt: skip

    def ask(query: str) -> list[Any]:
        found = answer(f"http://{listen}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
        return [] if found is None else list(found["data"]["result"])

    with subprocess.Popen(command, cwd=folder) as process:
        try:
            eventually(lambda: answer(f"http://{listen}/-/ready"))
            yield ask
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def page(up: Running, chromium: Browser) -> Iterator[Page]:
    """Open the page in Debian's Chromium."""
    opened = chromium.new_page(viewport={"width": 1280, "height": 900}, locale="vi-VN")
    opened.goto(up.page)
    yield opened
    opened.close()


def test_this_machine_is_read_and_judged(up: Running) -> None:
    """Its report came, every check has judged it, and each verdict says why, since when and until when."""
    hostname = socket.gethostname()
    (device,) = eventually(lambda: answer(f"{up.page}api/v1/devices"))
    checks = {one["id"] for one in answer(f"{up.page}api/v1/checks")}

    shown = eventually(
        lambda: (
            found
            if len((found := answer(f"{up.page}api/v1/devices/{device['device_id']}"))["verdicts"]) == len(checks)
            else None
        )
    )

    assert hostname == shown["hostname"]
    assert checks == {row["rule"] for row in shown["verdicts"]}
    assert all(row["reason"] and row["since"] < row["until"] for row in shown["verdicts"])
    assert shown["tables"]["operating_system"][0]["version"] in Path("/etc/os-release").read_text()


def test_prometheus_finds_the_agent_by_itself(up: Running, prometheus: Callable[[str], list[Any]]) -> None:
    """By the hub's service discovery alone; what the agent serves carries the device's labels."""
    (found,) = eventually(lambda: prometheus('up{job="agents"} == 1'))
    info = eventually(lambda: prometheus("baove_agent_info"))
    outcomes = eventually(lambda: prometheus('baove_collector_outcome{collector="operating_system",outcome="rows"}'))

    assert (up.agent, socket.gethostname()) == (found["metric"]["instance"], found["metric"]["hostname"])
    assert [found["metric"]["device"]] == [one["metric"]["device"] for one in info]
    assert ["1"] == [one["value"][1] for one in outcomes]


def test_prometheus_has_the_plans_verdicts(up: Running, prometheus: Callable[[str], list[Any]]) -> None:
    """Each target has exactly one verdict that is 1, the one that the interface for programs tells."""

    def told() -> set[tuple[str, str]]:
        return {(one["id"], one["verdict"]) for one in answer(f"{up.page}api/v1/targets")}

    def scraped() -> list[tuple[str, str]]:
        found = prometheus("baove_target_verdict == 1")
        return sorted((one["metric"]["target"], one["metric"]["verdict"]) for one in found)

    assert eventually(lambda: scraped() == sorted(told()))  # a scrape is some seconds old, and the facts still come in


def test_a_person_follows_a_target_to_its_evidence_and_to_the_device(page: Page, up: Running) -> None:
    """From what falls short, to the row that says why, to the PC: three pages, and nothing typed."""
    page.goto(up.page)
    page.locator("a[href^='/targets/exposed-services'], a[href^='/targets/host-firewall']").first.click()
    page.locator(f"a:has-text('{socket.gethostname()}')").first.click()

    assert "/devices/" in page.url
    assert socket.gethostname() in page.locator("h1").inner_text()


def test_a_person_switches_the_language(page: Page, up: Running) -> None:
    """Vietnamese comes first; English is a click away and stays."""
    page.goto(up.page)
    assert "vi" == page.locator("html").get_attribute("lang")

    page.get_by_text("English", exact=True).click()
    page.goto(f"{up.page}devices")
    assert "en" == page.locator("html").get_attribute("lang")

    page.get_by_text("Tiếng Việt", exact=True).click()
    assert "vi" == page.locator("html").get_attribute("lang")


def test_the_page_asks_no_other_host_for_anything(page: Page, up: Running) -> None:
    """No CDN, no font, no script from elsewhere: a school may have no Internet."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(up.page)
    page.wait_for_load_state("networkidle")

    assert asked
    assert all(url.startswith((up.page, "data:")) for url in asked)


def test_interrupting_ends_hub_and_agent(tmp_path: Path) -> None:
    """Ctrl-C ends everything that was started, within seconds, with exit code 0."""
    with started(tmp_path) as running:
        running.process.send_signal(signal.SIGINT)

        assert 0 == running.process.wait(timeout=15)
        assert answer(f"{running.page}healthz") is None
        assert answer(f"http://{running.agent}/metrics") is None


def test_this_machine_probes_what_the_profile_names(up: Running) -> None:
    """The answer to its first report told the agent what to reach; it did at its next wake-up, step by step."""
    probed = eventually(
        lambda: [line for line in answer(f"http://{up.agent}/metrics").splitlines() if "baove_probe_success{" in line],
        seconds=100,
    )

    assert [("dns", "1.0"), ("http", "1.0"), ("tcp", "1.0")] == sorted(
        (line.split('kind="')[1].split('"')[0], line.rpartition(" ")[2]) for line in probed
    )
