"""Fixtures that more than one folder uses."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.tools import tool


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """Start a PostgreSQL server of this session's own; yields the folder of its Unix socket: it listens on no port."""
    initdb, server = tool("initdb"), tool("postgres")
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="baove-postgresql-"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [initdb, "--no-sync", "--auth=trust", "--username=baove", "--encoding=UTF8", "--locale=C.UTF-8", data],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    settings = ["fsync=off", "listen_addresses=", f"unix_socket_directories={folder}", "timezone=Asia/Ho_Chi_Minh"]
    with subprocess.Popen(
        [server, "-D", data, *(word for setting in settings for word in ("-c", setting))],
        stderr=subprocess.DEVNULL,
        user=user,
        cwd=folder,
    ) as running:
        try:
            _wait_for(folder)
            yield folder
        finally:
            running.terminate()
    shutil.rmtree(folder)


def _wait_for(folder: Path) -> None:
    for _ in range(200):
        try:
            psycopg.connect(host=str(folder), user="baove", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"PostgreSQL did not start in {folder}")


@pytest.fixture
def postgresql(postgresql_server: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL, as BAOVE_DATABASE takes it, of an empty database of this test's own."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(host=str(postgresql_server), user="baove", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://baove@/{name}?host={postgresql_server}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a running Chromium: one for a process, since Playwright runs once in each."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=list(ARGUMENTS))
        yield browser
        browser.close()
