"""The real application over TCP, and Debian's Chromium."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from hub.app import create_app
from hub.hub import Hub, open_hub
from tests.hub.conftest import Clock
from tests.hub.pages.school import fill


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
