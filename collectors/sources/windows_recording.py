r"""A recorded Windows machine: the same methods as the live one, answered from a folder.

The folder holds the files of one machine, in any subfolders:

- ``ANYTHING-CLASS.wmi`` or ``CLASS.wmi``: ``wmic path CLASS get /format:list``; the same as ``.json``:
  ``Get-CimInstance CLASS | ConvertTo-Json``. The namespace is not told; a class is known by its name.
- ``*.reg``: registry exports. HKEY_CURRENT_USER counts as the hive of one person.
- ``*.edid``, and files of 128 or 256 bytes that begin as an EDID: the monitors that were connected.
- the text of dmidecode, ``powercfg /batteryreport /xml``, and a DigitalProductId as one line of hexadecimal digits
  (``*.hex``): they stand in for WMI classes and registry values that the folder does not hold.
- ``baove-collect.txt`` (collect.cmd writes it): ``name: value`` lines: collected_at (UTC), hostname, is_admin, windows
  (the version), and any number of ``absent: CLASS or KEY`` and ``denied: CLASS or KEY``.
- ``machine.json``, for recordings made by hand::

    {"system": "windows", "now": "2026-03-02T01:15:00Z", "is_root": true, "hostname": "PM1-05",
     "absent": ["MSFT_PhysicalDisk", "HKLM\\SOFTWARE\\Policies"],     # this Windows has none
     "denied": ["Win32_EncryptableVolume"],                           # PermissionError
     "wmi": {"Win32_BIOS": [{"SerialNumber": "TEST0001"}]},
     "registry": {"HKLM\\SOFTWARE\\X": {"Text": "a", "Number": 1, "Many": ["a"], "Bytes": {"hex": "00ff"}}},
     "files": {"C:\\Windows\\x.txt": "text"}, "firmware": "hex", "firmware_tables": {"MSDM": "hex"},
     "written_at": {"HKLM\\SOFTWARE\\X": "2026-03-01T00:00:00Z"}, "is_lab": true,
     "listening": [["tcp", "0.0.0.0", 445, "System"]], "accounts": [[500, false, true], [1001, true, null]],
     "session": {"idle_seconds": 30, "is_locked": false, "is_administrator": false},
     "session_events": [["2026-03-02T00:30:00Z", "sign_in"]],          # sign_in, sign_out, start, stop
     "clock_offset": -0.4,
     "update_times": {"searched_at": "2026-03-01T00:00:00Z", "installed_at": null},
     "probes": [...]}                                                 # as in recording.py

What is not in the folder is missing, not empty: asking for it raises FileNotFoundError. A key below the root of an
export that the export does not hold is absent. A key above exported ones has those below it, and no values.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NoReturn

from collectors.facts import Failed, parse_utc
from collectors.sources import windows_formats, wmi
from collectors.sources.decoding import decoded
from collectors.sources.linux import Listening
from collectors.sources.probe import Probe, ProbeResult
from collectors.sources.registry import Export, RegistryKey, Value, folded
from collectors.sources.windows import Account, Session, SessionEvent, UpdateTimes, is_person
from collectors.sources.wmi import NoSuchClass

DESCRIBED, MANIFEST = "machine.json", "baove-collect.txt"
SOMEBODY = "S-1-5-21-0-0-0-1000"
"""Whose hive an export of HKEY_CURRENT_USER is."""

_HKCU = re.compile(r"^\[(-?)HKEY_CURRENT_USER(?=[\\\]])", re.MULTILINE)
_LOGICAL_DEVICES = frozenset(
    """
    win32_battery win32_cdromdrive win32_diskdrive win32_logicaldisk win32_networkadapter win32_pnpentity win32_printer
    win32_processor win32_videocontroller win32_volume
    """.split()  # noqa: SIM905 - words
)
_NAMED_BY_OS = ("Win32_OperatingSystem", "CSName")
_LARGEST_BYTES = 64 << 20


class RecordedWindows:
    """A machine in a folder. Raises ValueError, with a sentence, where the folder is no recording."""

    system: Literal["windows"] = "windows"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths = sorted(path for path in folder.rglob("*") if path.is_file())
        self._said = self._described()
        self._wmi: dict[str, list[dict[str, Any]]] = {}
        try:
            self._dumps: dict[str, list[Path]] = {}
            for path in self._paths:
                if path.suffix.lower() in {".wmi", ".json"} and path.name != DESCRIBED:
                    self._dumps.setdefault(path.stem.rpartition("-")[2].lower(), []).append(path)
            self._made = {name.lower(): [dict(one) for one in rows] for name, rows in self._said.get("wmi", {}).items()}
            self._keys, self._names_above = _keys(self._said.get("registry", {}))
            self._absent = {folded(one) for one in self._said.get("absent", ())}
            self._denied = {folded(one) for one in self._said.get("denied", ())}
            self._results = {
                one["target"]: [ProbeResult(**result) for result in one["results"]]
                for one in self._said.get("probes", ())
            }
            self.probes = tuple(Probe(one["purpose"], one["target"]) for one in self._said.get("probes", ()))
            self._now = parse_utc(self._said["now"]) if "now" in self._said else None
            self._is_root = self._said.get("is_root")
            self.is_lab = bool(self._said.get("is_lab", False))
            self._written_at = {folded(key): parse_utc(at) for key, at in self._said.get("written_at", {}).items()}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{folder / DESCRIBED} is not as a recording's should be: {error}") from error

    def _described(self) -> dict[str, Any]:
        described = self._folder / DESCRIBED
        said: dict[str, Any] = {}
        manifest = self._folder / MANIFEST
        if manifest.is_file():
            said = _manifest(decoded(manifest.read_bytes()[:_LARGEST_BYTES]))
        if described.is_file():
            try:
                found = json.loads(described.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ValueError(f"{described} is not as a recording's should be: {error}") from error
            if not isinstance(found, dict):
                raise ValueError(f"{described} is not as a recording's should be: no object")
            said |= found
        return said

    # What the machine is

    @cached_property
    def is_root(self) -> bool:
        """What is told; where nothing is, whoever recorded it may have been an administrator."""
        return True if self._is_root is None else bool(self._is_root)

    @cached_property
    def is_server(self) -> bool:
        """By ProductType; false where the folder does not tell."""
        try:
            rows = self.wmi(r"root\cimv2", "Win32_OperatingSystem", "ProductType")
            kind = wmi.number(rows[0], "ProductType") if rows else None
        except (OSError, LookupError, Failed):
            kind = None
        if kind is not None:
            return kind != 1
        try:
            options = self.registry(r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions")
        except (OSError, Failed):
            options = None
        return bool(options and options.text("ProductType") not in {None, "WinNT"})

    def now(self) -> datetime:
        """Return what is told, else the clock in the operating system's dump, else when the newest file was written."""
        if self._now is None:
            try:
                rows = self.wmi(r"root\cimv2", "Win32_OperatingSystem", "LocalDateTime")
                self._now = wmi.moment(rows[0], "LocalDateTime") if rows else None
            except (OSError, LookupError, Failed):
                pass
        if self._now is None:
            newest = max((path.stat().st_mtime for path in self._paths), default=0)
            self._now = datetime.fromtimestamp(int(newest), UTC)
        return self._now

    def hostname(self) -> str:
        """Return what is told, else what WMI says, else the folder's name: people name folders after the PC."""
        name = self._said.get("hostname")
        if isinstance(name, str) and name.strip():
            return name.strip()
        for class_name, one in (
            ("Win32_ComputerSystem", "DNSHostName"),
            ("Win32_ComputerSystem", "Name"),
            _NAMED_BY_OS,
        ):
            try:
                rows = self.wmi(r"root\cimv2", class_name, one)
            except (OSError, LookupError, Failed):
                continue
            if rows and (found := wmi.text(rows[0], one)):
                return found
        return self._folder.resolve().name

    # WMI

    def wmi(
        self,
        namespace: str,
        class_name: str,
        *properties: str,
        where: str | None = None,  # noqa: ARG002 - a recording gives every instance that it holds
    ) -> list[dict[str, Any]]:
        wanted = class_name.lower()
        self._refuse_denied(wanted, f"{namespace}:{class_name}")
        if wanted not in self._wmi:
            self._wmi[wanted] = self._rows(wanted, f"{namespace}:{class_name}")
        return [{name: row.get(name.lower()) for name in properties} for row in self._wmi[wanted]]

    def _rows(self, wanted: str, place: str) -> list[dict[str, Any]]:
        rows = self._made.get(wanted)
        if rows is None:
            rows = self._dumped(wanted)
        if rows is None and wanted in self._absent:
            raise NoSuchClass(place)
        if rows is None:
            rows = self._stand_ins.get(wanted)
        if rows is None:
            rows = self._of_above(wanted)
        if rows is None:
            raise FileNotFoundError(2, "not in the recording", place)
        return [{name.lower(): value for name, value in row.items()} for row in rows]

    def _dumped(self, wanted: str) -> list[dict[str, Any]] | None:
        paths = self._dumps.get(wanted)
        if paths is None:
            return None
        if len(paths) > 1:
            raise Failed(f"{paths[0].name} and {paths[1].name} hold the same class: a recording is of one machine")
        text = decoded(_content(paths[0]))
        try:
            return wmi.converted(text) if paths[0].suffix.lower() == ".json" else wmi.dumped(text)
        except ValueError as error:
            raise Failed(f"{paths[0].name} {_reason(error)}") from error

    def _of_above(self, wanted: str) -> list[dict[str, Any]] | None:
        """Return a class's instances out of a dump of CIM_LogicalDevice, which holds those of all classes below it."""
        rows = self._logical_devices if wanted in _LOGICAL_DEVICES else None
        return None if rows is None else [row for row in rows if str(row.get("CreationClassName")).lower() == wanted]

    @cached_property
    def _logical_devices(self) -> list[dict[str, Any]] | None:
        return self._dumped("cim_logicaldevice")

    @cached_property
    def _stand_ins(self) -> Mapping[str, list[dict[str, Any]]]:
        return windows_formats.instances(self._read_all())

    def _read_all(self) -> Iterator[tuple[Path, bytes]]:
        for path in self._paths:
            if windows_formats.may_stand_in(path):
                yield path, _content(path)

    # The registry

    @cached_property
    def _exports(self) -> tuple[Sequence[Export], Sequence[str]]:
        """The exports that could be read, and what is wrong with the others."""
        good, bad = [], []
        for path in self._paths:
            if path.suffix.lower() == ".reg":
                try:
                    good.append(Export(_HKCU.sub(rf"[\1HKEY_USERS\\{SOMEBODY}", decoded(_content(path)))))
                except ValueError as error:
                    bad.append(f"{path.name} {_reason(error)}")
        return good, bad

    def registry(self, key: str, *, wow64: bool = False) -> RegistryKey | None:
        path = folded(key)
        if wow64:
            path = path.replace("hklm\\software\\", "hklm\\software\\wow6432node\\", 1)
        self._refuse_denied(path, key)
        found = [one for one in (self._keys.get(path), self._stand_in_keys.get(path)) if one]
        good, bad = self._exports
        covering = [one for one in good if one.covers(path)]
        for export in covering:
            try:
                one = export.key(path)
            except ValueError as error:
                raise Failed(f"the export of {key} {_reason(error)}") from error
            if one is not None:
                found.append(one)
        if found:
            return replace(_merged(found), written_at=self._written_at.get(path))
        if covering or any(path == one or path.startswith(f"{one}\\") for one in (*self._absent, *self._keys)):
            return None
        names = {name.lower(): name for export in good for name in export.names_towards(path)}
        names |= {name.lower(): name for name in self._names_above.get(path, {}).values()}
        if names:
            return RegistryKey(_NotRecorded(key), tuple(names.values()))
        if bad:
            raise Failed(f"{key} is not in the recording; {bad[0]}")
        raise FileNotFoundError(2, "not in the recording", key)

    @cached_property
    def _stand_in_keys(self) -> Mapping[str, RegistryKey]:
        return _keys(windows_formats.values(self._read_all()))[0]

    def loaded_users(self) -> Sequence[str]:
        roots = [*self._keys, *(root for export in self._exports[0] for root in export.roots)]
        hives = {one.split("\\")[1].upper() for one in roots if one.startswith("hku\\")}
        hives |= {name.upper() for export in self._exports[0] for name in export.names("hku")}
        found = {one for one in hives if is_person(one)}
        if not found and "hku" not in self._absent:
            raise FileNotFoundError(2, "not in the recording", "HKU")
        return sorted(found)

    # The rest

    def _refuse_denied(self, path: str, place: str) -> None:
        if path in self._denied:
            raise PermissionError(13, "access denied", place)

    def _recorded(self, name: str) -> Any:
        if name not in self._said:
            raise FileNotFoundError(2, "not in the recording", name)
        return self._said[name]

    def read_bytes(self, path: str, at_most: int = -1) -> bytes:
        self._refuse_denied(path.lower(), path)
        files = {name.lower(): content for name, content in self._recorded("files").items()}
        if path.lower() not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        content = files[path.lower()]
        data = bytes.fromhex(content["hex"]) if isinstance(content, dict) else str(content).encode()
        return data[: None if at_most < 0 else at_most]

    def exists(self, path: str) -> bool:
        wanted = path.lower().rstrip("\\")
        return any(name.lower() == wanted or name.lower().startswith(f"{wanted}\\") for name in self._recorded("files"))

    def list(self, path: str) -> Sequence[str]:
        start = f"{path.lower().rstrip(chr(92))}\\"
        names = {
            name[len(start) :].split("\\")[0] for name in self._recorded("files") if name.lower().startswith(start)
        }
        if not names:
            raise FileNotFoundError(2, "No such file or directory", path)
        return sorted(names)

    def firmware(self) -> bytes:
        if "firmware" in self._said:
            return bytes.fromhex(self._said["firmware"])
        found = windows_formats.firmware(self._read_all())
        if found is None:
            raise FileNotFoundError(2, "not in the recording", "the firmware's table")
        return found

    def firmware_table(self, signature: str) -> bytes:
        tables = self._recorded("firmware_tables")
        if signature not in tables:
            raise FileNotFoundError(2, "this firmware has no such table", signature)
        return bytes.fromhex(tables[signature])

    def listening(self) -> Sequence[Listening]:
        return [Listening(*one) for one in self._recorded("listening")]

    def accounts(self) -> Sequence[Account]:
        if "accounts" in self._said:
            return [Account(*one) for one in self._said["accounts"]]
        rows = self.wmi(r"root\cimv2", "Win32_UserAccount", "SID", "Disabled", "LocalAccount")
        found = []
        for row in rows:
            rid = wmi.whole((wmi.text(row, "SID") or "").rpartition("-")[2])
            disabled = wmi.flag(row, "Disabled")
            if rid is not None and disabled is not None and wmi.flag(row, "LocalAccount") is not False:
                found.append(Account(rid, not disabled, None))
        return found

    def session_events(self, since: datetime) -> Sequence[SessionEvent]:
        found = [SessionEvent(parse_utc(at), kind) for at, kind in self._recorded("session_events")]
        return [one for one in found if one.at >= since]

    def update_times(self) -> UpdateTimes:
        said = self._recorded("update_times")
        searched, installed = (said.get(name) for name in ("searched_at", "installed_at"))
        return UpdateTimes(searched and parse_utc(searched), installed and parse_utc(installed))

    def session(self) -> Session | None:
        said = self._recorded("session")
        if said is None:
            return None
        return Session(said.get("idle_seconds"), said.get("is_locked"), said.get("is_administrator"))

    def clock_offset(self, server: str) -> float:
        if "clock_offset" not in self._said:
            raise FileNotFoundError(2, "not in the recording", server)
        return float(self._said["clock_offset"])

    def probe(self, probe: Probe) -> Sequence[ProbeResult]:
        return self._results[probe.target]


def is_windows(folder: Path) -> bool:
    """Return whether a folder holds files that only a Windows machine leaves, or a monitor's EDID."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return any(path.name == MANIFEST or path.suffix.lower() in {".wmi", ".reg"} for path in paths) or any(
        windows_formats.is_of_windows(path, _content(path)) for path in paths if windows_formats.may_stand_in(path)
    )


def _content(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST_BYTES:
        raise Failed(f"{path.name} is larger than {_LARGEST_BYTES >> 20} MB: no dump of one machine is")
    return path.read_bytes()


def _reason(error: ValueError) -> str:
    """Return the sentence of one of our own errors; JSON's and others' may quote what they read."""
    own = str(error)
    return own if own.startswith(("is ", "ends ", "holds ")) else "is damaged"


_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def _manifest(text: str) -> dict[str, Any]:
    """Read what collect.cmd noted, as machine.json would say it."""
    pairs = [(name.strip(), value.strip()) for name, _, value in (one.partition(":") for one in text.splitlines())]
    said = dict(pairs)
    found: dict[str, Any] = {
        "absent": [value for name, value in pairs if name == "absent"],
        "denied": [value for name, value in pairs if name == "denied"],
    }
    if said.get("collected_at"):
        found["now"] = said["collected_at"]
    if said.get("hostname"):
        found["hostname"] = said["hostname"]
    if said.get("is_admin", "").lower() in _TRUE | _FALSE:
        found["is_root"] = said["is_admin"].lower() in _TRUE
    return found


class _NotRecorded(Mapping[str, Value]):
    """The values of a key of which only some keys below were recorded: nobody knows them."""

    def __init__(self, key: str) -> None:
        self._key = key

    def _refuse(self) -> NoReturn:
        raise FileNotFoundError(2, "not in the recording", self._key)

    def __getitem__(self, name: str) -> Value:
        self._refuse()

    def __iter__(self) -> Iterator[str]:
        self._refuse()

    def __len__(self) -> int:  # noqa: PLE0303 - it never returns
        self._refuse()


def _keys(said: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, RegistryKey], dict[str, dict[str, str]]]:
    """Return keys by their folded paths, and of each key and those above them the names of what is below."""
    values: dict[str, dict[str, Value]] = {}
    names: dict[str, dict[str, str]] = {}
    for key, own in said.items():
        path, spelled = folded(key), key.strip("\\")
        values.setdefault(path, {}).update({name.lower(): _value(value) for name, value in own.items()})
        names.setdefault(path, {})
        while "\\" in path:
            path, _, name = path.rpartition("\\")
            names.setdefault(path, {})[name] = spelled[-len(name) :]
            spelled = spelled[: -len(name) - 1]
    return {path: RegistryKey(own, tuple(names[path].values())) for path, own in values.items()}, names


def _value(said: Any) -> Value:
    if isinstance(said, dict):
        return bytes.fromhex(said["hex"])
    return tuple(said) if isinstance(said, list) else said


def _merged(found: Sequence[RegistryKey]) -> RegistryKey:
    if len(found) == 1:
        return found[0]
    values: dict[str, Value] = {}
    names: dict[str, str] = {}
    for one in reversed(found):
        values |= one.values
        names |= {name.lower(): name for name in one.subkeys}
    return RegistryKey(values, tuple(names.values()))
