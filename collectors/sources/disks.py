"""The block devices of a Linux machine, from /sys/block, and what lies below what."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from collectors.sources.files import content, line, names, number, pairs, target
from collectors.sources.linux import Linux

FOLDER = "/sys/block"
_SECTOR_BYTES = 512  # of /sys/block/*/size, whatever the disk's own sectors are

# What the kernel makes itself, a second path to an NVMe disk, and parts of an eMMC that hold no data of the user.
_NOT_A_DISK = re.compile(
    r"(loop|ram|zram|dm-|md|nbd|fd|zd|drbd|bcache|mtdblock)\d|nvme\d+c\d+n\d+|mmcblk\d+(boot\d|rpmb|gp\d)"
)
_VIRTUAL_NAME = re.compile(r"(vd|xvd)[a-z]+")
_VIRTUAL_MODEL = re.compile(
    r"QEMU|VMware|VBOX|Virtual[ _-]*(Disk|HD)|virtio|BHYVE|Elastic Block Store|PersistentDisk|Xen", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk, drive or reader. Sizes and texts are None where the kernel knows none."""

    name: str
    model: str | None
    serial: str | None
    size_bytes: int | None
    kind: str
    """hdd, ssd, nvme, removable, optical, virtual or unknown."""

    @property
    def is_built_in(self) -> bool:
        """True for a disk that belongs to the machine."""
        return self.kind in {"hdd", "ssd", "nvme"}


def disks(host: Linux) -> Iterator[Disk]:
    """Yield the disks. Raises OSError where /sys/block can't be read; no folder, no disk (a diskless PC has one)."""
    for name in host.list(FOLDER):
        if _NOT_A_DISK.match(name):
            continue
        folder = f"{FOLDER}/{name}"
        udev = _udev(host, line(host, f"{folder}/dev"))
        model = line(host, f"{folder}/device/model") or line(host, f"{folder}/device/name")
        vendor = line(host, f"{folder}/device/vendor")
        told = udev.get("ID_MODEL_ENC")
        if told and len(told) > len(model or ""):
            model = told  # SCSI's 16 characters cut an ATA disk's name short
        sectors = max(number(host, f"{folder}/size") or 0, 0)
        kind = _kind(host, name, folder, f"{vendor or ''} {model or ''}")
        is_empty_drive = kind == "optical" and udev.get("ID_CDROM_MEDIA") != "1"
        yield Disk(
            name=name,
            model=model,
            serial=_serial(host, folder) or udev.get("ID_SERIAL_SHORT"),
            size_bytes=sectors * _SECTOR_BYTES if sectors > 0 and not is_empty_drive else None,
            kind=kind,
        )


def _kind(host: Linux, name: str, folder: str, model: str) -> str:
    if name.startswith("sr"):
        return "optical"
    if _VIRTUAL_NAME.match(name) or _VIRTUAL_MODEL.search(model):
        return "virtual"
    if "/usb" in target(host, folder) or number(host, f"{folder}/removable") == 1:
        return "removable"
    if name.startswith("mmcblk"):
        return {"MMC": "ssd", "SD": "removable"}.get(line(host, f"{folder}/device/type") or "", "unknown")
    if name.startswith("nvme"):
        return "nvme"
    return {1: "hdd", 0: "ssd"}.get(_rotational(host, folder), "unknown")


def _rotational(host: Linux, folder: str) -> int:
    found = number(host, f"{folder}/queue/rotational")
    return -1 if found is None else found


def _serial(host: Linux, folder: str) -> str | None:
    return (
        line(host, f"{folder}/device/serial")
        or line(host, f"{folder}/serial")  # virtio
        or _page_80(content(host, f"{folder}/device/vpd_pg80"))
    )


def _page_80(page: bytes | None) -> str | None:
    """Return the serial in a SCSI 'unit serial number' page (SPC-4): four bytes of header, then the text."""
    if page is None or len(page) < 4 or page[1] != 0x80:  # noqa: PLR2004 - the page's own number and header
        return None
    text = page[4 : 4 + int.from_bytes(page[2:4], "big")].decode("ascii", "replace").strip(" \0")
    return text if text.isprintable() and text else None


_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")


def _udev(host: Linux, numbers: str | None) -> dict[str, str]:
    """Return what udev noted of a block device ('8:0'), escapes undone and blanks stripped."""
    text = line(host, f"/run/udev/data/b{numbers}") if numbers else None
    said = pairs("\n".join(one[2:] for one in (text or "").splitlines() if one.startswith("E:")))
    return {name: _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value).strip() for name, value in said.items()}


class Stack:
    """Which block device lies on which: partitions on disks, device-mapper and RAID on their slaves."""

    def __init__(self, host: Linux) -> None:
        self._host = host
        self._folders: dict[str, str] = {}
        self._below: dict[str, tuple[str, ...]] = {}
        for disk in names(host, FOLDER):
            folder = f"{FOLDER}/{disk}"
            self._folders[disk], self._below[disk] = folder, tuple(names(host, f"{folder}/slaves"))
            for part in names(host, folder):
                if part.startswith(disk):
                    self._folders[part], self._below[part] = f"{folder}/{part}", (disk,)

    @cached_property
    def _by_source(self) -> Mapping[str, str]:
        """What may stand as a mount's source or numbers ('/dev/mapper/root', '253:0') to the device's name."""
        found: dict[str, str] = {}
        for name, folder in self._folders.items():
            found[f"/dev/{name}"] = name
            numbers = line(self._host, f"{folder}/dev")
            if numbers:
                found[numbers] = name
            mapped = line(self._host, f"{folder}/dm/name") if name.startswith("dm-") else None
            if mapped:
                found[f"/dev/mapper/{mapped}"] = name
        return found

    def device(self, source: str, numbers: str) -> str | None:
        """Return the device under a mount, by its source, else by its numbers (/dev/root names no device)."""
        return self._by_source.get(source) or self._by_source.get(numbers)

    def is_encrypted(self, name: str) -> bool:
        """Return whether dm-crypt (LUKS, plain, VeraCrypt) lies at or below a device; on several, whether on all."""
        return self._is_encrypted(name, frozenset())

    def _is_encrypted(self, name: str, above: frozenset[str]) -> bool:
        # Verity and integrity carry cryptsetup's prefix too, and encrypt nothing.
        uuid = line(self._host, f"{self._folders[name]}/dm/uuid") or "" if name.startswith("dm-") else ""
        if uuid.startswith("CRYPT-") and not uuid.startswith(("CRYPT-VERITY", "CRYPT-INTEGRITY")):
            return True
        below = [one for one in self._below.get(name, ()) if one in self._below and one not in above]
        return bool(below) and all(self._is_encrypted(one, above | {name}) for one in below)

    def is_removable(self, name: str) -> bool:
        """Return whether a device lies on a stick, a card or an external disk."""
        disk = name
        seen = set[str]()
        while disk not in seen and self._below.get(disk):
            seen.add(disk)
            disk = self._below[disk][0]
        folder = self._folders.get(disk, "")
        return "/usb" in target(self._host, folder) or number(self._host, f"{folder}/removable") == 1
