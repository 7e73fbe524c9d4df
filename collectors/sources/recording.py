"""A recorded Linux machine: the same methods as the live one, answered from a folder.

The folder holds ``machine.json`` and, under ``root/``, the files as they lay on the machine. ``machine.json``::

    {"system": "linux", "now": "2026-03-02T01:15:00Z", "is_root": true,
     "is_lab": true,                                              # hours of use may be told; false where absent
     "denied": ["/sys/firmware/dmi/tables/DMI"],                  # PermissionError
     "files": {"/sys/block/sda/size": "500118192"},               # what has a colon in its name can't lie under root/
     "hex": {"/sys/class/drm/card0-DP-1/edid": "00ffffffffffff00..."},
     "links": {"/sys/class/net/eth0/device": "../../../0000:00:1f.6"},
     "modified_at": {"/var/lib/clamav/daily.cld": "2026-03-01T20:00:00Z"},
     "space": {"/": [250000000000, 90000000000]},                 # size, free
     "addresses": [["eth0", "192.168.10.21"]],
     "listening": [["tcp", "0.0.0.0", 22, "sshd"]],
     "clock_offset": -0.4,                                        # seconds by which the clock is ahead of a time server
     "programs": {"smartctl --json -a /dev/sda": {"status": 0, "output": "..."}},
     "probes": [{"purpose": "internet", "target": "https://example.edu.vn/",
                 "results": [{"kind": "dns", "ok": true, "duration_seconds": 0.01}]}]}

What is not in the folder is missing, not empty: an absent file raises FileNotFoundError, an absent program is not
installed, and absent addresses, sockets or space raise Failed. Where the folder also holds ``dmidecode.txt``, the
output of that program answers for /sys/class/dmi/id and for the memory modules of /sys/firmware/dmi/tables/DMI.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from collectors.facts import Failed, parse_utc
from collectors.sources import dmidecode, smbios
from collectors.sources.linux import Completed, Listening
from collectors.sources.probe import Probe, ProbeResult
from collectors.sources.windows_recording import RecordedWindows, is_windows


def open_recording(folder: Path) -> "RecordedLinux | RecordedWindows":
    """Open the recording of a machine, whatever system it runs. Raises ValueError where the folder is no recording."""
    try:
        said = json.loads((folder / "machine.json").read_text(encoding="utf-8"))
        system = said.get("system") if isinstance(said, dict) else None
    except (OSError, ValueError):
        system = None
    if system == "windows" or (system is None and not (folder / "machine.json").exists() and is_windows(folder)):
        return RecordedWindows(folder)
    return RecordedLinux(folder)


class RecordedLinux:
    """A machine in a folder. Raises ValueError, with a sentence, where the folder is no recording."""

    system: Literal["linux"] = "linux"

    def __init__(self, folder: Path) -> None:
        described = folder / "machine.json"
        try:
            self._said: dict[str, Any] = json.loads(described.read_text(encoding="utf-8"))
            self._now = parse_utc(self._said["now"])
            self.is_root = bool(self._said.get("is_root", True))
            self.is_lab = bool(self._said.get("is_lab", False))
            self._results = {
                one["target"]: [ProbeResult(**result) for result in one["results"]] for one in self._list("probes")
            }
            self.probes = tuple(Probe(one["purpose"], one["target"]) for one in self._list("probes"))
        except FileNotFoundError as error:
            raise ValueError(f"{folder} is no recording: it lacks machine.json") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{described} is not as a recording's should be: {error}") from error
        self._root = folder / "root"
        printed = folder / "dmidecode.txt"
        text = printed.read_text("utf-8", "replace") if printed.exists() else ""
        made: dict[str, str] = {**dmidecode.files(text), **self._said.get("files", {})}
        self._made = {path: content.encode() for path, content in made.items()}
        if text:
            self._made[smbios.TABLE] = dmidecode.table(text)
        self._made |= {path: bytes.fromhex(digits) for path, digits in self._said.get("hex", {}).items()}
        self._folders = _folders(self._made)

    def _list(self, name: str) -> list[Any]:
        return list(self._said.get(name, []))

    def _recorded(self, name: str) -> Any:
        if name not in self._said:
            raise Failed(f"the recording has no {name}")
        return self._said[name]

    def _path(self, path: str) -> Path:
        self._refuse_denied(path)
        found = self._root / path.lstrip("/")
        if not found.exists():
            raise FileNotFoundError(2, "No such file or directory", path)
        return found

    def _refuse_denied(self, path: str) -> None:
        if path in self._list("denied"):
            raise PermissionError(13, "Permission denied", path)

    def now(self) -> datetime:
        return self._now

    def read(self, path: str) -> str:
        return self.read_bytes(path).decode("utf-8", "replace")

    def read_bytes(self, path: str, at_most: int = -1) -> bytes:
        if path in self._made:
            self._refuse_denied(path)
            return self._made[path][: None if at_most < 0 else at_most]
        with self._path(path).open("rb") as file:
            return file.read(at_most)

    def list(self, path: str) -> Sequence[str]:
        made = self._folders.get(path)
        if made is None:
            return sorted(one.name for one in self._path(path).iterdir())
        self._refuse_denied(path)
        on_disk = self._root / path.lstrip("/")
        return sorted({*made, *(one.name for one in (on_disk.iterdir() if on_disk.is_dir() else ()))})

    def exists(self, path: str) -> bool:
        is_made = path in self._made or path in self._folders
        return is_made or path in self._list("denied") or (self._root / path.lstrip("/")).exists()

    def link(self, path: str) -> str:
        links: dict[str, str] = self._said.get("links", {})
        if path not in links:
            raise FileNotFoundError(2, "No such file or directory", path)
        return links[path]

    def modified_at(self, path: str) -> datetime:
        times: dict[str, str] = self._said.get("modified_at", {})
        if path in times:
            return parse_utc(times[path])
        return datetime.fromtimestamp(self._path(path).stat().st_mtime, UTC)

    def run(self, *command: str) -> Completed | None:
        left = self._said.get("programs", {}).get(" ".join(command))
        return None if left is None else Completed(left["status"], left["output"])

    def space(self, mount: str) -> tuple[int, int]:
        found = self._recorded("space")
        if mount not in found:
            raise Failed(f"the recording has no space of {mount}")
        size, free = found[mount]
        return size, free

    def addresses(self) -> Sequence[tuple[str, str]]:
        return [(name, address) for name, address in self._recorded("addresses")]

    def listening(self) -> Sequence[Listening]:
        return [Listening(*one) for one in self._recorded("listening")]

    def clock_offset(self, server: str) -> float:
        if "clock_offset" not in self._said:
            raise FileNotFoundError(2, "not in the recording", server)
        return float(self._said["clock_offset"])

    def probe(self, probe: Probe) -> Sequence[ProbeResult]:
        return self._results[probe.target]


def _folders(paths: Iterable[str]) -> dict[str, set[str]]:
    """Return each folder above the paths, with the names in it."""
    found: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        while folder:
            found.setdefault(folder, set()).add(name)
            folder, _, name = folder.rpartition("/")
    return found
