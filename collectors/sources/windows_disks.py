r"""The disks and drives of a Windows machine.

Three classes show them: MSFT_PhysicalDisk (Windows 8 and later), Win32_DiskDrive, and Win32_CDROMDrive. The first two
show the same disk twice, under the same number.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.facts import Failed
from collectors.sources import asking
from collectors.sources.windows import CIMV2, STORAGE, WMI, Windows
from collectors.sources.wmi import NoSuchClass, flag, number, text, texts

_VIRTUAL_MODEL = re.compile(
    r"QEMU|VMware|VBOX|Virtual[ _-]*(Disk|HD)|virtio|BHYVE|Elastic Block Store|PersistentDisk|Xen", re.IGNORECASE
)

# MSFT_PhysicalDisk.BusType and MediaType, as Microsoft documents them.
_USB, _SD, _MMC, _VIRTUAL, _FILE_BACKED, _SPACES, _NVME = 7, 12, 13, 14, 15, 16, 17
_FIREWIRE = 4
_HDD, _SSD, _SCM = 3, 4, 5


@dataclass(frozen=True, slots=True)
class WindowsDisk:
    """One disk or drive. ``kind`` is hdd, ssd, nvme, removable, optical, virtual or unknown."""

    number: int | None
    name: str
    model: str | None
    serial: str | None
    size_bytes: int | None
    kind: str
    health: int | None
    """MSFT_PhysicalDisk.HealthStatus: 0 healthy, 1 warning, 2 unhealthy, 5 unknown."""
    is_predicted_to_fail: bool | None
    status: str | None
    """Win32_DiskDrive.Status: 'OK', 'Pred Fail', 'Error', 'Degraded', …"""
    device: str | None
    """The PnP device, for the classes of root\\wmi."""

    @property
    def is_built_in(self) -> bool:
        """True for a disk that belongs to the machine."""
        return self.kind in {"hdd", "ssd", "nvme"}


def disks(host: Windows) -> Iterator[WindowsDisk]:
    """Yield the disks, then the optical drives. Raises as ``host.wmi`` does where no class of disks can be read."""
    drives, error = _rows(host, CIMV2, "Win32_DiskDrive", *_OF_DRIVES)
    physical, second_error = _rows(host, STORAGE, "MSFT_PhysicalDisk", *_OF_PHYSICAL)
    optical, third_error = _rows(host, CIMV2, "Win32_CDROMDrive", *_OF_OPTICAL)
    if drives is None and physical is None and (error or second_error) and optical is None:
        raise error or second_error or third_error or OSError
    by_number = {number(one, "Index"): one for one in drives or ()}
    adapters = Counter(text(one, "AdapterSerialNumber") for one in physical or ())
    seen = set[int | None]()
    for one in physical or ():
        place = number(one, "DeviceId")
        drive = by_number.get(place, {}) if place is not None else {}
        seen.add(place)
        is_its_own = adapters[text(one, "AdapterSerialNumber")] == 1  # a controller has one for all its disks
        yield _disk(host, place, one if is_its_own else {**one, "AdapterSerialNumber": None}, drive)
    for place, drive in by_number.items():
        if place is None or place not in seen:
            yield _disk(host, place, {}, drive)
    for one in optical or ():
        is_loaded = flag(one, "MediaLoaded")
        yield WindowsDisk(
            number=None,
            name=text(one, "Drive") or text(one, "DeviceID") or "CD-ROM",
            model=text(one, "Name"),
            serial=None,
            size_bytes=_positive(number(one, "Size")) if is_loaded else None,
            kind="optical",
            health=None,
            is_predicted_to_fail=None,
            status=None,
            device=text(one, "PNPDeviceID"),
        )


_OF_DRIVES = ("Index", "Model", "SerialNumber", "Size", "MediaType", "InterfaceType", "PNPDeviceID", "Status")
_OF_PHYSICAL = (
    *("DeviceId", "FriendlyName", "Model", "SerialNumber", "AdapterSerialNumber", "Size", "MediaType", "BusType"),
    *("SpindleSpeed", "HealthStatus", "OperationalStatus"),
)
_OF_OPTICAL = ("Drive", "DeviceID", "Name", "MediaLoaded", "Size", "PNPDeviceID")
_PREDICTED = 5  # of OperationalStatus


def _rows(
    host: Windows, namespace: str, class_name: str, *properties: str
) -> tuple[list[dict[str, Any]] | None, Exception | None]:
    try:
        return host.wmi(namespace, class_name, *properties), None
    except (OSError, NoSuchClass, Failed) as error:
        return None, error


def _disk(host: Windows, place: int | None, one: Mapping[str, Any], drive: Mapping[str, Any]) -> WindowsDisk:
    model = text(one, "Model") or text(one, "FriendlyName") or text(drive, "Model")
    bus = number(one, "BusType")
    device = text(drive, "PNPDeviceID")
    return WindowsDisk(
        number=place,
        name=f"PhysicalDrive{place}" if place is not None else (device or model or "disk"),
        model=model,
        serial=_serial(one, drive),
        size_bytes=_positive(number(one, "Size")) or _positive(number(drive, "Size")),
        kind=_kind(one, drive, f"{model} {text(drive, 'Model')}", bus),
        health=number(one, "HealthStatus"),
        is_predicted_to_fail=str(_PREDICTED) in texts(one, "OperationalStatus") or _predicted(host, device),
        status=text(drive, "Status"),
        device=device,
    )


def _kind(one: Mapping[str, Any], drive: Mapping[str, Any], names: str, bus: int | None) -> str:
    """Return what a disk is. Windows 7 does not tell a turning disk from an SSD: unknown, but for words of models."""
    if bus in {_VIRTUAL, _FILE_BACKED, _SPACES} or _VIRTUAL_MODEL.search(names):
        return "virtual"
    if _is_removable(drive, bus):
        return "removable"
    if bus == _NVME or "VEN_NVME" in (text(drive, "PNPDeviceID") or "").upper() or _NVME_MODEL.search(names):
        return "nvme"
    media, turns = number(one, "MediaType"), number(one, "SpindleSpeed")
    if media in {_SSD, _SCM} or bus == _MMC or (media != _HDD and _SSD_MODEL.search(names)):
        return "ssd"
    return "hdd" if media == _HDD or (turns and 0 < turns < _UNKNOWN_SPEED) else "unknown"


_NVME_MODEL = re.compile(r"\bNVMe\b", re.IGNORECASE)
_SSD_MODEL = re.compile(r"\bSSD\b", re.IGNORECASE)
_UNKNOWN_SPEED = 0xFFFFFFFF


def _is_removable(drive: Mapping[str, Any], bus: int | None) -> bool:
    """Return whether a disk is a stick, a card or external: by its bus, and on Windows 7 by its driver and medium."""
    interface, device = (text(drive, "InterfaceType") or "").upper(), (text(drive, "PNPDeviceID") or "").upper()
    return (
        bus in {_USB, _SD, _FIREWIRE}
        or interface in {"USB", "1394"}
        or device.startswith(("USBSTOR\\", "SD\\"))
        or (text(drive, "MediaType") or "").lower().startswith(("removable", "external"))
    )


_SWAPPED = re.compile(r"(?:[0-9a-fA-F]{2}){8,40}\Z")
_NAMESPACE = re.compile(r"\s*_0+\d?\.?\Z")


def _serial(one: Mapping[str, Any], drive: Mapping[str, Any]) -> str | None:
    """Return the maker's serial. An NVMe disk's SerialNumber is an EUI-64; the maker's is AdapterSerialNumber.

    To that some drivers append the namespace: 'S4EVNX0N123456      _00000001.'.
    """
    said = _NAMESPACE.sub("", text(one, "AdapterSerialNumber") or "")
    said = said or text(one, "SerialNumber") or text(drive, "SerialNumber") or ""
    return unswapped(said) if said else None


def unswapped(said: str) -> str:
    """Return a serial as its maker wrote it: Windows 7 gives ATA's as hexadecimal digits, each two letters swapped."""
    if not _SWAPPED.match(said):
        return said
    raw = bytes.fromhex(said)
    letters = bytes(raw[at ^ 1] or 0x20 for at in range(len(raw))) if len(raw) % 2 == 0 else raw
    if not all(0x20 <= one < 0x7F for one in letters):  # noqa: PLR2004 - printable ASCII
        return said
    return letters.decode("ascii").strip() or said


def _positive(value: int | None) -> int | None:
    return value if value and value > 0 else None


def _of_device(rows: list[dict[str, Any]] | None, device: str | None) -> Mapping[str, Any]:
    r"""Return the row of a PnP device: root\wmi appends '_0' to its name."""
    wanted = (device or "").lower()
    named = ((text(row, "InstanceName") or "", row) for row in rows or ())
    return next((row for name, row in named if wanted and name.lower().rpartition("_")[0] == wanted), {})


def _predicted(host: Windows, device: str | None) -> bool | None:
    if device is None:
        return None
    rows = asking.rows(host, WMI, "MSStorageDriver_FailurePredictStatus", "InstanceName", "PredictFailure")
    return flag(_of_device(rows, device), "PredictFailure")


_TABLE, _LINE, _LINES = 2, 12, 30


def smart_values(host: Windows, device: str | None) -> dict[int, int]:
    r"""Return the raw SMART values of an ATA disk by their numbers, from root\wmi (administrators only).

    VendorSpecific is the disk's own table: two bytes, then thirty lines of twelve: number, flags, value, worst, six
    bytes of raw value, one more. Of the raw value four bytes count: some makers keep other things above.
    """
    rows = asking.rows(host, WMI, "MSStorageDriver_FailurePredictData", "InstanceName", "VendorSpecific")
    digits = texts(_of_device(rows, device), "VendorSpecific")
    try:
        table = bytes(int(one) for one in digits)
    except ValueError:
        return {}
    found = {}
    for at in range(_TABLE, min(len(table), _TABLE + _LINE * _LINES) - _LINE + 1, _LINE):
        if table[at]:
            found[table[at]] = int.from_bytes(table[at + 5 : at + 9], "little")
    return found


def reliability(host: Windows) -> Mapping[int, Mapping[str, Any]]:
    """Return MSFT_StorageReliabilityCounter by the disk's number; nothing without an administrator's rights."""
    rows = asking.rows(
        host,
        STORAGE,
        "MSFT_StorageReliabilityCounter",
        *("DeviceId", "Wear", "PowerOnHours", "ReadErrorsUncorrected", "WriteErrorsUncorrected"),
    )
    found = ((number(row, "DeviceId"), row) for row in rows or ())
    return {place: row for place, row in found if place is not None}
