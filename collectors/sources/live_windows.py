"""This very Windows machine."""

import errno
import importlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from collectors.sources import event_log, win32
from collectors.sources.linux import Listening
from collectors.sources.live_wmi import Asker, update_results
from collectors.sources.probe import Probe, ProbeResult
from collectors.sources.registry import RegistryKey, Value
from collectors.sources.windows import Account, Session, SessionEvent, UpdateTimes, is_person

_ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKU": "HKEY_USERS",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
}
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_SMBIOS_HEADER = 8  # of RawSMBIOSData: how it was read, its version and length


class LiveWindows:
    """This very machine. Used in one thread, save ``probe``."""

    system: Literal["windows"] = "windows"

    def __init__(self, probes: Sequence[Probe] = (), *, is_lab: bool = False) -> None:
        self.probes = tuple(probes)
        self.is_lab = is_lab
        self.is_root = win32.is_elevated()
        self._winreg: Any = importlib.import_module("winreg")  # typeshed shows it on Windows only

    @cached_property
    def _asker(self) -> Asker:
        return Asker()

    @cached_property
    def is_server(self) -> bool:
        options = self.registry(r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions")
        return options is not None and options.text("ProductType") not in {None, "WinNT"}

    def hostname(self) -> str:
        return win32.hostname()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wmi(self, namespace: str, class_name: str, *properties: str, where: str | None = None) -> list[dict[str, Any]]:
        return self._asker.ask(namespace, class_name, properties, where)

    def registry(self, key: str, *, wow64: bool = False) -> RegistryKey | None:
        if wow64 and not self._is_64_bit:
            return None
        root, _, path = key.partition("\\")
        view = self._winreg.KEY_WOW64_32KEY if wow64 else self._winreg.KEY_WOW64_64KEY
        try:
            with self._winreg.OpenKeyEx(
                getattr(self._winreg, _ROOTS[root.upper()]), path, 0, self._winreg.KEY_READ | view
            ) as opened:
                return self._read(opened)
        except FileNotFoundError:
            return None
        except PermissionError as why:
            raise PermissionError(errno.EACCES, "access denied", key) from why
        except OSError as why:
            raise OSError(errno.EIO, f"registry error {getattr(why, 'winerror', None) or why.errno}", key) from why

    def _read(self, opened: Any) -> RegistryKey:
        subkeys, values, written = self._winreg.QueryInfoKey(opened)
        found: dict[str, Value] = {}
        for at in range(values):
            name, value, kind = self._winreg.EnumValue(opened, at)
            found.setdefault(name.lower(), self._value(value, kind))
        names = tuple(self._winreg.EnumKey(opened, at) for at in range(subkeys))
        return RegistryKey(found, names, _FILETIME_EPOCH + timedelta(seconds=written // 10**7))

    def _value(self, value: Any, kind: int) -> Value:
        if isinstance(value, list):
            return tuple(value)
        if kind in {self._winreg.REG_BINARY, self._winreg.REG_NONE} and isinstance(value, str):
            return value.encode()
        return value if isinstance(value, str | int | bytes) else None

    @cached_property
    def _is_64_bit(self) -> bool:
        return win32.is_64_bit()

    def loaded_users(self) -> Sequence[str]:
        hives = self._winreg.HKEY_USERS
        many, _, _ = self._winreg.QueryInfoKey(hives)
        return sorted(name for name in (self._winreg.EnumKey(hives, at) for at in range(many)) if is_person(name))

    def read_bytes(self, path: str, at_most: int = -1) -> bytes:
        with Path(path).open("rb") as file:
            return file.read(at_most)

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def list(self, path: str) -> Sequence[str]:
        return sorted(os.listdir(path))  # noqa: PTH208 - names are asked for, not paths

    def firmware(self) -> bytes:
        return win32.firmware_table(b"RSMB", b"\0\0\0\0")[_SMBIOS_HEADER:]

    def firmware_table(self, signature: str) -> bytes:
        return win32.firmware_table(b"ACPI", signature.encode("ascii"))

    def listening(self) -> Sequence[Listening]:
        return tuple(win32.listening())

    def accounts(self) -> Sequence[Account]:
        return win32.accounts()

    def update_times(self) -> UpdateTimes:
        searched, installed = (
            found.replace(tzinfo=UTC, microsecond=0) if isinstance(found, datetime) and found.year > 1970 else None  # noqa: PLR2004 - COM's "never" lies in 1899
            for found in update_results()
        )
        return UpdateTimes(searched, installed)

    def session_events(self, since: datetime) -> Sequence[SessionEvent]:
        return list(event_log.read(since))

    def session(self) -> Session | None:
        version = self.registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
        return win32.session((version.number("CurrentBuildNumber") if version else None) or 0)

    def clock_offset(self, server: str) -> float:
        from collectors.sources import clock  # with its socket, for one collector only

        return clock.offset(server)

    def probe(self, probe: Probe) -> Sequence[ProbeResult]:
        from collectors.sources.attempt import attempt  # ssl and http.client take 18 ms, and few machines probe

        return attempt(probe)
