r"""A Windows machine, as collectors see it: WMI, the registry, and what only the operating system can tell.

comtypes, ctypes and winreg stay in here (and in live_windows.py). Namespaces are written as 'root\cimv2', keys as
'HKLM\SOFTWARE\…', paths as 'C:\Windows\…'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from collectors.sources.linux import Listening
from collectors.sources.probe import Probe, ProbeResult
from collectors.sources.registry import RegistryKey
from collectors.sources.wmi import NoSuchClass

__all__ = [
    "CIMV2",
    "STORAGE",
    "WMI",
    "Account",
    "Listening",
    "NoSuchClass",
    "RegistryKey",
    "Session",
    "SessionEvent",
    "UpdateTimes",
    "Windows",
]

CIMV2 = r"root\cimv2"
STORAGE = r"root\Microsoft\Windows\Storage"
WMI = r"root\wmi"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is signed in at the PC itself. None: the system does not tell."""

    idle_seconds: int | None
    is_locked: bool | None
    is_administrator: bool | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One of this PC's own accounts, by the last part of its SID, which no language changes: never its name.

    ``is_administrator``: a member of the group S-1-5-32-544; None: the group was not read.
    """

    rid: int
    is_enabled: bool
    is_administrator: bool | None


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something in the system's event log: 'sign_in', 'sign_out', 'start' or 'stop' (also of sleep). Not by whom."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class UpdateTimes:
    """When Windows Update last succeeded in looking for updates, and in installing one (IAutomaticUpdatesResults)."""

    searched_at: datetime | None
    installed_at: datetime | None


def is_person(sid: str) -> bool:
    """Return whether a hive's name is that of a person's account: a local, domain or Azure AD one."""
    return sid.upper().startswith(("S-1-5-21-", "S-1-12-1-")) and "_" not in sid


class Windows(Protocol):
    """The narrow door through which every Windows collector looks.

    Each method raises PermissionError where the right is lacking, FileNotFoundError where a recording does not hold
    what is asked (so nobody knows), and OSError where asking failed.
    """

    @property
    def system(self) -> Literal["windows"]:
        """The word for it in Collector.system."""

    @property
    def is_root(self) -> bool:
        """True where nothing is hidden for want of rights: an elevated administrator, or the system itself."""

    @property
    def is_server(self) -> bool:
        """True for Windows Server, which lacks some things by design."""

    @property
    def is_lab(self) -> bool:
        """True where the configuration says that this PC stands in a computer lab: only then are hours of use told."""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What the configuration asks to be reached."""

    def hostname(self) -> str:
        """Return the PC's own name in the DNS, as its owner wrote it."""

    def now(self) -> datetime:
        """Return the time of this collection, UTC."""

    def wmi(self, namespace: str, class_name: str, *properties: str, where: str | None = None) -> list[dict[str, Any]]:
        """Return a class's instances with these properties; what one lacks is None.

        Read the values with sources/wmi.py. ``where`` is a condition of WQL for classes of which asking for all
        instances takes many seconds; a recording gives all, so a collector looks for itself too.
        Raises NoSuchClass where this Windows has no such namespace or class.
        """

    def registry(self, key: str, *, wow64: bool = False) -> RegistryKey | None:
        r"""Return a key; None where this Windows has none.

        ``wow64`` asks for the view of 32-bit programs (of HKLM\SOFTWARE), which a 32-bit Windows does not have.
        """

    def loaded_users(self) -> Sequence[str]:
        r"""Return the SIDs of people whose hives are loaded, for keys below HKU\: never names."""

    def read_bytes(self, path: str, at_most: int = -1) -> bytes:
        """Return a file, or no more than its first bytes."""

    def exists(self, path: str) -> bool:
        """Return whether a file or folder is there."""

    def list(self, path: str) -> Sequence[str]:
        """Return the names in a folder, sorted."""

    def firmware(self) -> bytes:
        """Return the firmware's SMBIOS table, without a header."""

    def firmware_table(self, signature: str) -> bytes:
        """Return an ACPI table such as 'MSDM'. Raises FileNotFoundError where the firmware has none."""

    def listening(self) -> Sequence[Listening]:
        """Return the listening TCP sockets and the bound UDP sockets."""

    def accounts(self) -> Sequence[Account]:
        """Return this PC's own accounts. Never Win32_UserAccount live: it asks absent domain controllers."""

    def update_times(self) -> UpdateTimes:
        """Return when Windows Update last did its work."""

    def session_events(self, since: datetime) -> Sequence[SessionEvent]:
        """Return when people signed in and out at the PC itself, and when it started and stopped, in their order."""

    def session(self) -> Session | None:
        """Return the session at the PC itself; None where nobody is signed in there."""

    def clock_offset(self, server: str) -> float:
        """Return by how many seconds this clock is ahead of a time server's. Raises OSError without an answer."""

    def probe(self, probe: Probe) -> Sequence[ProbeResult]:
        """Try to reach a target once, one result for each kind of step that was tried."""
