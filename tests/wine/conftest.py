"""A Windows PC of this session's own: a Wine prefix in a temporary folder, with the bundle lying beside it."""

import os
import select
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.bundle import windows
from tests.tools import tool

MAVEN = "org/bytedeco/cpython/3.13.5-1.5.12/cpython-3.13.5-1.5.12-windows-x86_64.jar"
"""A whole CPython for Windows, as Maven Central has it."""


def _python() -> Path:
    """Return a ZIP file with a Windows CPython; without one the test is skipped with a sentence."""
    named = os.environ.get("BAOVE_WINDOWS_PYTHON")
    path = Path(named) if named else Path.home() / ".m2" / "repository" / MAVEN
    if not path.is_file():
        pytest.skip(
            "needs a CPython for Windows: .ci/windows-python fetches one by Maven, or name a ZIP file of one in "
            "BAOVE_WINDOWS_PYTHON"
        )
    return path


def _said(running: "subprocess.Popen[bytes]", until: float) -> Iterator[bytes]:
    """Yield what a program says until it has ended, or until its time is up."""
    assert running.stdout is not None
    pipe = running.stdout.fileno()
    while time.monotonic() < until:
        ended = running.poll() is not None
        if select.select([pipe], [], [], 0.5)[0]:
            piece = os.read(pipe, 1 << 16)
            if not piece:
                running.wait(max(0.0, until - time.monotonic()))
                return
            yield piece
        elif ended:
            return


@dataclass(frozen=True, slots=True)
class Pc:
    """A Windows PC. ``stick`` is the folder of the unpacked bundle, as Linux sees it."""

    wine: str
    prefix: Path
    stick: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment that Wine runs in."""
        return {**os.environ, "WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all", "WINEARCH": "win64", "DISPLAY": ""}

    def run(self, *command: str, seconds: float = 120) -> tuple[int, str]:
        """Run a program there; return its exit code and what it said.

        Wine's Python wants pipes, not files; and what Wine itself starts on the way, such as its desktop, keeps them
        open: so the program's own end is waited for.
        """
        with subprocess.Popen(
            [self.wine, *command],
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as running:
            said = b"".join(_said(running, time.monotonic() + seconds))
            code = running.poll()
            running.kill()
        assert code is not None, f"not ended after {seconds} s: {said[-1000:]!r}"
        return code, said.decode("utf-8", "replace").replace("\r\n", "\n")

    def python(self, *arguments: str, seconds: float = 120) -> tuple[int, str]:
        """Run the bundle's Python where it lies, as from a share."""
        return self.run(str(self.stick / "files/python/python.exe"), *arguments, seconds=seconds)

    def drive(self, path: str) -> Path:
        r"""Return where a path below C:\ lies here."""
        return self.prefix / "drive_c" / path


@pytest.fixture(scope="session")
def pc() -> Iterator[Pc]:
    """Start a Windows 10 of Wine's and unpack a bundle beside it."""
    wine = tool("wine64")
    python = _python()
    with tempfile.TemporaryDirectory(prefix="baove-wine-", ignore_cleanup_errors=True) as folder:
        made = Pc(wine, Path(folder) / "prefix", Path(folder) / "stick")
        windows.build(Path(folder) / "bundle.zip", python)
        with zipfile.ZipFile(Path(folder) / "bundle.zip") as archive:
            archive.extractall(made.stick)
        made.run("wineboot", "-i", seconds=300)
        made.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        server = Path(wine).with_name("wineserver64")
        serve = [str(server) if server.exists() else "wineserver"]
        subprocess.run([*serve, "-w"], env=made.environ, timeout=120, check=False)  # until the first start is over
        with subprocess.Popen(  # while somebody is signed in, Wine keeps its services
            [wine, "cmd", "/c", "pause"], env=made.environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as somebody:  # fmt: skip
            yield made
            somebody.kill()
        subprocess.run([*serve, "-k"], env=made.environ, check=False)
        time.sleep(1)
