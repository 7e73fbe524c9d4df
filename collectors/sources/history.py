"""What apt's and dnf's logs say of updates. Their times are local; the zone is the machine's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from collectors.sources.debian import unpacked
from collectors.sources.linux import Linux
from collectors.sources.local_time import reader, utc

APT = "/var/log/apt/history.log"
DNF = "/var/log/dnf.rpm.log"
ROTATED = 3
"""So many older logs are read: they turn monthly, and three months are asked for."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One package that came in a newer version."""

    package: str
    architecture: str
    before: str | None
    version: str
    at: datetime


def upgrades(host: Linux) -> Iterator[Upgrade] | None:
    """Return every upgrade that the logs still tell; None where neither apt nor dnf 4 writes one.

    Raises OSError where a log may not be read.
    """
    if host.exists(APT):
        return _apt(host)
    return _dnf(host) if host.exists(DNF) else None


def _logs(host: Linux, path: str) -> Iterator[str]:
    yield host.read(path)
    for number in range(1, ROTATED + 1):
        if host.exists(f"{path}.{number}"):
            yield host.read(f"{path}.{number}")
        elif host.exists(f"{path}.{number}.gz"):
            packed = host.read_bytes(f"{path}.{number}.gz")
            try:
                yield unpacked(".gz", packed).decode("utf-8", "replace")
            except (OSError, EOFError, ValueError):
                continue  # one that was cut hides no other


_ITEM = re.compile(r"([^\s:,()]+):([^\s,()]+) \(([^\s,()]+), ([^\s,()]+)\)")


def _apt(host: Linux) -> Iterator[Upgrade]:
    read = reader(host)
    for text in _logs(host, APT):
        for block in text.split("\n\n"):
            lines = {name: value for name, found, value in (one.partition(": ") for one in block.splitlines()) if found}
            at = read(lines.get("End-Date") or lines.get("Start-Date") or "")
            if at is None or "Error" in lines:
                continue
            for package, architecture, before, version in _ITEM.findall(lines.get("Upgrade", "")):
                yield Upgrade(package, architecture, before, version, at)


_DNF_LINE = re.compile(r"(\S+) SUBDEBUG Upgrade: (\S+)-([^-\s]+-[^-\s]+)\.(\w+)$")


def _dnf(host: Linux) -> Iterator[Upgrade]:
    for text in _logs(host, DNF):
        for one in text.splitlines():
            if not (found := _DNF_LINE.match(one)):
                continue
            try:
                at = datetime.fromisoformat(found[1])
            except ValueError:
                continue
            if at.tzinfo is not None:
                yield Upgrade(found[2], found[4], None, found[3], utc(at))
