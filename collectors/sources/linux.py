"""A Linux machine, as collectors see it: files, a few programs, and what only the operating system can tell.

psutil stays in here. Paths are absolute, as on the machine.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from collectors.facts import Failed
from collectors.sources.probe import Probe, ProbeResult

PROGRAM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program left: its exit status and its standard output."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that waits for others: protocol 'tcp' or 'udp', and the program's name where it may be seen."""

    protocol: str
    address: str
    port: int
    process: str | None


class Linux(Protocol):
    """The narrow door through which every Linux collector looks. File methods raise OSError as Python's own do."""

    @property
    def system(self) -> Literal["linux"]:
        """The word for it in Collector.system."""

    @property
    def is_root(self) -> bool:
        """True where nothing is hidden for want of rights."""

    @property
    def is_lab(self) -> bool:
        """True where the configuration says that this PC stands in a computer lab: only then are hours of use told."""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What the configuration asks to be reached."""

    def now(self) -> datetime:
        """Return the time of this collection, UTC."""

    def read(self, path: str) -> str:
        """Return a text file; what is not UTF-8 is replaced."""

    def read_bytes(self, path: str, at_most: int = -1) -> bytes:
        """Return a binary file, or no more than its first bytes: signature databases have hundreds of megabytes."""

    def list(self, path: str) -> Sequence[str]:
        """Return the names in a folder, sorted."""

    def exists(self, path: str) -> bool:
        """Return whether the path is there (following links)."""

    def link(self, path: str) -> str:
        """Return where a symbolic link points."""

    def modified_at(self, path: str) -> datetime:
        """Return when a file was last written, UTC."""

    def run(self, *command: str) -> Completed | None:
        """Run a program (by its name, or its path) in English and return what it left; None where it is not there."""

    def space(self, mount: str) -> tuple[int, int]:
        """Return a mounted file system's size and free bytes (free to ordinary users)."""

    def addresses(self) -> Sequence[tuple[str, str]]:
        """Return (interface, IP address) pairs."""

    def listening(self) -> Sequence[Listening]:
        """Return the listening TCP sockets and the bound UDP sockets."""

    def clock_offset(self, server: str) -> float:
        """Return by how many seconds this clock is ahead of a time server's. Raises OSError without an answer."""

    def probe(self, probe: Probe) -> Sequence[ProbeResult]:
        """Try to reach a target once, one result for each kind of step that was tried."""


class LiveLinux:
    """This very machine."""

    system: Literal["linux"] = "linux"

    def __init__(self, probes: Sequence[Probe] = (), *, is_lab: bool = False) -> None:
        self.probes = tuple(probes)
        self.is_lab = is_lab
        self.is_root = os.geteuid() == 0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def read(self, path: str) -> str:
        return Path(path).read_text(encoding="utf-8", errors="replace")

    def read_bytes(self, path: str, at_most: int = -1) -> bytes:
        with Path(path).open("rb") as file:
            return file.read(at_most)

    def list(self, path: str) -> Sequence[str]:
        return sorted(os.listdir(path))  # noqa: PTH208 - names are asked for, not paths

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def link(self, path: str) -> str:
        return str(Path(path).readlink())

    def modified_at(self, path: str) -> datetime:
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC)

    def run(self, *command: str) -> Completed | None:
        program = _program(command[0])
        if program is None:
            return None
        import subprocess  # with its own imports, as heavy as all collectors of hardware

        done = subprocess.run(  # noqa: S603 - a fixed program found on a fixed path
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": PROGRAM_PATH, "LC_ALL": "C.UTF-8"},
            check=False,
        )
        return Completed(done.returncode, done.stdout.decode("utf-8", "replace"))

    def space(self, mount: str) -> tuple[int, int]:
        found = os.statvfs(mount)
        return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize

    def addresses(self) -> Sequence[tuple[str, str]]:
        psutil = _psutil()
        families = {2, 10}  # AF_INET, AF_INET6 on Linux
        return [
            (name, one.address.partition("%")[0])
            for name, found in sorted(psutil.net_if_addrs().items())
            for one in found
            if one.family in families
        ]

    def listening(self) -> Sequence[Listening]:
        psutil = _psutil()
        names: dict[int | None, str | None] = {None: None}
        found = []
        for one in psutil.net_connections("inet"):
            protocol = "tcp" if one.type == 1 else "udp"
            if one.status == "LISTEN" if protocol == "tcp" else not one.raddr:
                if one.pid not in names:
                    try:
                        names[one.pid] = psutil.Process(one.pid).name()
                    except psutil.Error:
                        names[one.pid] = None
                found.append(Listening(protocol, one.laddr.ip, one.laddr.port, names[one.pid]))
        return found

    def clock_offset(self, server: str) -> float:
        from collectors.sources import clock  # with its socket, for one collector only

        return clock.offset(server)

    def probe(self, probe: Probe) -> Sequence[ProbeResult]:
        from collectors.sources.attempt import attempt  # ssl and http.client take 18 ms, and few machines probe

        return attempt(probe)


def _program(name: str) -> str | None:
    """Return where a program is installed. shutil.which does the same, and imports three decompressors.

    A name that is a path already stays as it is: some programs lie in folders of their own (apt's helper, Bitdefender).
    """
    paths = (name,) if name.startswith("/") else tuple(f"{folder}/{name}" for folder in PROGRAM_PATH.split(":"))
    return next((path for path in paths if Path(path).is_file() and os.access(path, os.X_OK)), None)


def _psutil() -> Any:  # the module: imported only where a fact needs it
    try:
        import psutil
    except ImportError as error:
        raise Failed("psutil is not installed or may not be loaded here: install python3-psutil") from error
    return psutil
