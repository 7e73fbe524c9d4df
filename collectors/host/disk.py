"""Disks and drives, and whether they are about to die."""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

from collectors.facts import Metric, collector, fact
from collectors.identifiers import credible_serial, credible_text
from collectors.sources.disks import Disk as Seen
from collectors.sources.disks import disks
from collectors.sources.linux import Linux
from collectors.sources.names import untaken
from collectors.sources.windows import Windows
from collectors.sources.windows_disks import WindowsDisk, reliability, smart_values
from collectors.sources.windows_disks import disks as windows_disks
from collectors.sources.wmi import number as counted


class Kind(StrEnum):
    """What a disk is made of, or where it sits."""

    HDD = "hdd"
    SSD = "ssd"
    NVME = "nvme"
    REMOVABLE = "removable"
    OPTICAL = "optical"
    VIRTUAL = "virtual"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """What a disk says of itself."""

    OK = "ok"
    WARNING = "warning"  # it works, and shows what disks show before they fail
    FAILING = "failing"  # its own verdict
    UNKNOWN = "unknown"


@fact(
    key="name",
    volatile=("powered_on_hours",),
    why="To replace a disk before it dies, to notice one that was taken out, and to tell machines apart",
    metrics=(
        Metric(
            "baove_disk_health",
            "The state of a disk by its own account: 1 for the present one. Not for what can be taken out.",
            value=lambda row: None if row.kind in {Kind.REMOVABLE, Kind.OPTICAL} else 1.0,
            labels={"disk": lambda row: row.name, "health": lambda row: row.health.value},
        ),
    ),
)
class Disk:
    """A disk, drive or card reader."""

    name: Annotated[str, "The system's name, such as 'sda', 'nvme0n1' or 'PhysicalDrive0'; a drive's letter"]
    model: Annotated[str | None, "The maker's model; null for what anyone may plug in"] = None
    serial: Annotated[str | None, "The serial number; null for what anyone may plug in"] = None
    size_bytes: Annotated[int | None, "The size; null for a drive or reader without a medium"] = None
    kind: Annotated[Kind, "What it is"]
    health: Annotated[Health, "By SMART; unknown where the disk does not say, and on Linux without smartctl or root"]
    powered_on_hours: Annotated[int | None, "Hours of work in its life, by SMART"] = None


_HAS_SMART = {"hdd", "ssd", "nvme"}


@collector(every="6h", within="60s")
def linux(host: Linux) -> Iterator[Disk]:
    """
    Read /sys/block and what udev noted; as root, ask smartctl (where installed) for the health of built-in disks.

    Sticks, cards and external disks stand here without model and serial: they may be someone's own.
    """
    for seen in disks(host):
        smart = _smart(host, seen.name) if host.is_root and seen.kind in _HAS_SMART else {}
        is_someones = seen.kind == "removable"
        yield Disk(
            name=seen.name,
            model=None if is_someones else credible_text(_text(smart, "model_name") or seen.model),
            serial=None if is_someones else credible_serial(_text(smart, "serial_number") or seen.serial),
            size_bytes=seen.size_bytes,
            kind=_kind(seen, smart),
            health=health(smart),
            powered_on_hours=_number(smart, "power_on_time", "hours"),
        )


def _kind(seen: Seen, smart: Mapping[str, Any]) -> Kind:
    """Return the kind. Behind some controllers the kernel takes an SSD for a turning disk; the disk knows better."""
    if seen.kind == "hdd" and smart.get("rotation_rate") == 0:
        return Kind.SSD
    return Kind(seen.kind)


def _smart(host: Linux, name: str) -> Mapping[str, Any]:
    """Return what smartctl says of a disk; nothing where it is not installed or can't say."""
    done = host.run("smartctl", "--json", "-i", "-H", "-A", f"/dev/{name}")
    if done is None:
        return {}
    try:
        said = json.loads(done.output)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _inner(said: Any, *path: str) -> Any:
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    return said


def _number(said: Any, *path: str) -> int | None:
    found = _inner(said, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _text(said: Any, *path: str) -> str | None:
    found = _inner(said, *path)
    return found.strip() or None if isinstance(found, str) else None


# Attributes whose raw value counts bad places: of the five by which Backblaze replaces disks (SMART 5, 187, 188, 197,
# 198) those whose raw value means the same with every maker. One bad place is enough for a warning, as it is there.
_BAD_PLACES = {5: "reallocated", 187: "reported uncorrectable", 197: "pending", 198: "offline uncorrectable"}

# NVMe Base Specification, SMART / Health Information (log page 02h): Percentage Used reaches 100 when the endurance
# that the maker promises is used up. Available Spare below its own threshold and media errors stand there too.
_WORN_OUT_PERCENT = 100


def health(smart: Mapping[str, Any]) -> Health:
    """Return the state of a disk from ``smartctl --json -H -A``; unknown unless the disk gave its own verdict."""
    passed = _inner(smart, "smart_status", "passed")
    if not isinstance(passed, bool):
        return Health.UNKNOWN
    if not passed:
        return Health.FAILING
    return Health.WARNING if _ata_warns(smart) or _nvme_warns(smart) else Health.OK


def _ata_warns(smart: Mapping[str, Any]) -> bool:
    table = _inner(smart, "ata_smart_attributes", "table")
    for one in table if isinstance(table, list) else ():
        if _inner(one, "id") in _BAD_PLACES and (_number(one, "raw", "value") or 0) > 0:
            return True
        if _text(one, "when_failed"):  # 'now' or 'past': it fell below the maker's own threshold
            return True
    return False


def _nvme_warns(smart: Mapping[str, Any]) -> bool:
    log = _inner(smart, "nvme_smart_health_information_log")
    spare, least = _number(log, "available_spare"), _number(log, "available_spare_threshold")
    return (
        (_number(log, "percentage_used") or 0) >= _WORN_OUT_PERCENT
        or (_number(log, "media_errors") or 0) > 0
        or (spare is not None and least is not None and spare < least)
    )


_HEALTHY, _ILL, _DYING = 0, 1, 2  # MSFT_PhysicalDisk.HealthStatus
_DYING_WORDS = {"pred fail", "error", "nonrecover"}
_HOURS = 9  # the SMART attribute "power-on hours"


@collector(every="6h", within="60s")
def windows(host: Windows) -> Iterator[Disk]:
    """Read MSFT_PhysicalDisk and Win32_DiskDrive (each disk once), and Win32_CDROMDrive.

    An administrator also sees the disk's own SMART values and wear; without them the health is what Windows makes of
    SMART by itself. Sticks, cards and external disks stand here without model and serial: they may be someone's own.
    """
    found = list(windows_disks(host))
    counters = reliability(host) if any(one.is_built_in for one in found) else {}
    names = set[str]()
    for seen in found:
        is_someones = seen.kind == "removable"
        smart = smart_values(host, seen.device) if seen.is_built_in else {}
        counter = counters.get(seen.number, {}) if seen.number is not None and not is_someones else {}
        yield Disk(
            name=untaken(seen.name, names),
            model=None if is_someones else credible_text(seen.model),
            serial=None if is_someones else credible_serial(seen.serial),
            size_bytes=seen.size_bytes,
            kind=Kind(seen.kind),
            health=Health.UNKNOWN if is_someones or seen.kind == "optical" else windows_health(seen, smart, counter),
            powered_on_hours=_hours(smart, counter),
        )


def windows_health(seen: WindowsDisk, smart: Mapping[int, int], counter: Mapping[str, Any]) -> Health:
    """Return the state of a disk by what Windows and SMART say; unknown where neither gave a verdict."""
    status = (seen.status or "").lower()
    if seen.is_predicted_to_fail or seen.health == _DYING or status in _DYING_WORDS:
        return Health.FAILING
    errors = ("ReadErrorsUncorrected", "WriteErrorsUncorrected")
    if (
        seen.health == _ILL
        or status in {"degraded", "stressed"}
        or any(smart.get(one, 0) > 0 for one in _BAD_PLACES)
        or (counted(counter, "Wear") or 0) >= _WORN_OUT_PERCENT
        or any((counted(counter, one) or 0) > 0 for one in errors)
    ):
        return Health.WARNING
    is_well = seen.health == _HEALTHY or seen.is_predicted_to_fail is False or status == "ok"
    return Health.OK if is_well else Health.UNKNOWN


def _hours(smart: Mapping[int, int], counter: Mapping[str, Any]) -> int | None:
    """Return the hours of work; some drives put minutes above the 16 bits that count, so what can't be is null."""
    hours = smart.get(_HOURS) or counted(counter, "PowerOnHours")
    return hours if hours and 0 < hours < 24 * 365 * 30 else None
