"""The real application over TCP, and Debian's Chromium."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from hub.app import create_app
from hub.hub import Hub, open_hub
from tests.hub.conftest import Clock
from tests.hub.pages.school import fill
from tests.tools import tool

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a running Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Hub, str]]:
    """Return a hub of the small school, and the address at which it answers."""
    hub = open_hub(tmp_path / "hub", clock=Clock())
    fill(hub)
    server = uvicorn.Server(uvicorn.Config(create_app(hub), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    (port,) = {listening.getsockname()[1] for one in server.servers for listening in one.sockets}
    yield hub, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    hub.close()
