"""A browser without JavaScript over a small school's pages."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from litestar.testing import TestClient

from hub.app import create_app
from hub.hub import Hub, open_hub
from tests.hub.conftest import Clock
from tests.hub.pages.school import fill

ADDRESS = "http://127.0.0.1"

Browser = TestClient[Any]


@dataclass(frozen=True)
class School:
    """The small school: its hub, a browser that follows no redirect by itself, and its devices' ids by short names."""

    hub: Hub
    browser: Browser
    known: dict[str, str]


@contextlib.contextmanager
def browsing(hub: Hub) -> Iterator[Browser]:
    """Give a browser of a hub's pages."""
    with TestClient(create_app(hub), base_url=ADDRESS) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Return a school for tests that only look."""
    hub = open_hub(tmp_path_factory.mktemp("shown"), clock=Clock())
    known = fill(hub)
    with browsing(hub) as browser:
        yield School(hub, browser, known)
    hub.close()


@pytest.fixture
def school(hub: Hub) -> Iterator[School]:
    """Return a school of a test's own, which it may change."""
    known = fill(hub)
    with browsing(hub) as browser:
        yield School(hub, browser, known)


@pytest.fixture
def browser(shown: School) -> Browser:
    """Return the browser of the school that is only looked at, without what an earlier test made it remember."""
    shown.browser.cookies.clear()
    return shown.browser


@pytest.fixture
def known(shown: School) -> dict[str, str]:
    """Return the ids of its devices by their short names."""
    return shown.known


@pytest.fixture
def empty_browser(hub: Hub) -> Iterator[Browser]:
    """Return a browser of a hub that nobody has reported to, and that has no profile."""
    with browsing(hub) as browser:
        yield browser
