"""Volumes: the file systems of this machine's own disks, how full they are, and whether they are encrypted."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from collectors.facts import Metric, collector, fact
from collectors.sources import asking
from collectors.sources.disks import Stack
from collectors.sources.linux import Linux
from collectors.sources.windows import CIMV2, STORAGE, Windows
from collectors.sources.wmi import number, text, texts


@fact(
    key="mount",
    volatile=("free_bytes",),
    why="To notice disks that fill up, and whether teachers' data would be readable on a stolen machine",
    metrics=(
        Metric(
            "baove_volume_free_bytes",
            "Bytes that ordinary users may still write.",
            value=lambda row: row.free_bytes,
            labels={"mount": lambda row: row.mount},
        ),
        Metric(
            "baove_volume_size_bytes",
            "The size of the file system.",
            value=lambda row: row.size_bytes,
            labels={"mount": lambda row: row.mount},
        ),
    ),
)
class Volume:
    """A file system on a disk of this machine. No network shares, no sticks, nothing that lives in memory."""

    mount: Annotated[
        str, "Where it is mounted: '/', a letter such as 'C:', a folder, or Windows' own name of one without"
    ]
    filesystem: Annotated[str | None, "ext4, btrfs, ntfs, …"] = None
    size_bytes: Annotated[int | None, "The size; null where a file system that is mounted does not answer"] = None
    free_bytes: Annotated[int | None, "What ordinary users may still write"] = None
    encrypted: Annotated[
        bool | None, "True where dm-crypt (LUKS) or its like lies anywhere below it, or BitLocker protects it"
    ] = None


# File systems of disks. What is missing here (nfs, cifs, tmpfs, squashfs of snaps, fuse of phones, …) is not counted.
_LOCAL = frozenset(
    "bcachefs btrfs exfat ext2 ext3 ext4 f2fs fuseblk jfs msdos ntfs ntfs3 reiserfs ufs vfat xfs zfs".split()  # noqa: SIM905 - words
)

# Where a path may hold a person's name: homes that are volumes of their own, and what someone plugs in.
_PERSONAL = ("/home/", "/media/", "/run/media/", "/run/user/")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@collector(every="1h", within="20s")
def linux(host: Linux) -> Iterator[Volume]:
    """
    Read /proc/self/mountinfo (proc_pid_mountinfo(5)) and ask each file system for its space.

    A file system that is mounted at several places (bind mounts, btrfs subvolumes) is one volume, at the shortest.
    """
    stack = Stack(host)
    mounts: dict[str, tuple[str, str, str]] = {}
    for line in host.read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        own, (kind, source) = before.split(), ([*after.split(), "", ""])[:2]
        if len(own) < 5 or not _is_volume(kind, mount := _unescaped(own[4])):  # noqa: PLR2004 - its fixed columns
            continue
        device = source if source.startswith("/dev/") and kind != "overlay" else own[2]
        if device not in mounts or len(mount) < len(mounts[device][0]):
            mounts[device] = (mount, kind, own[2])

    for source, (mount, kind, numbers) in mounts.items():
        below = stack.device(source, numbers)
        if below and (stack.is_removable(below) or (below.startswith("loop") and mount != "/")):
            continue  # a loop's bytes are a file's, and counted where that lies
        size, free = _space(host, mount)
        yield Volume(
            mount=mount,
            filesystem=kind,
            size_bytes=size,
            free_bytes=free,
            encrypted=stack.is_encrypted(below) if below else None,
        )


def _is_volume(kind: str, mount: str) -> bool:
    """Return whether a mount is a volume; an overlay is one only as the root, on a diskless or frozen PC."""
    return (kind in _LOCAL and not mount.startswith(_PERSONAL)) or (kind == "overlay" and mount == "/")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)


def _space(host: Linux, mount: str) -> tuple[int | None, int | None]:
    try:
        size, free = host.space(mount)
    except OSError:  # a dead FUSE mount must not hide the other volumes
        return None, None
    return (size, free) if size > 0 else (None, None)


_FIXED = 3  # DriveType
_BITLOCKER = r"root\cimv2\Security\MicrosoftVolumeEncryption"
_PROTECTED, _FULLY = 1, 1  # ProtectionStatus, ConversionStatus
_USB, _SD, _FIREWIRE = 7, 12, 4  # MSFT_Disk.BusType


@collector(every="1h", within="20s")
def windows(host: Windows) -> Iterator[Volume]:
    """Read Win32_LogicalDisk (letters) and Win32_Volume (those without), fixed disks only, and BitLocker's state.

    The state is asked as a property, which may be some minutes old: whoever turns BitLocker off may still be seen as
    protected in the next report, not in the one after. It needs an administrator: null without.
    """
    letters, volumes = _letters(host), _volumes(host)
    if letters is None and volumes is None:
        host.wmi(CIMV2, "Win32_LogicalDisk", *_OF_LETTERS, where=_LOCAL_ONLY)  # raises why
    foreign, states = _removable(host), _encrypted(host)
    mounts = {_mount(row): row for row in volumes or ()}
    for letter, row in {text(row, "DeviceID") or "": row for row in letters or ()}.items():
        twin = mounts.pop(letter, {})
        if number(row, "DriveType") == _FIXED and letter not in foreign:
            yield _volume(letter, row, "Size", states.get(text(twin, "DeviceID")) or states.get(letter))
    for mount, row in mounts.items():
        if number(row, "DriveType") == _FIXED and mount not in foreign and "\\Users\\" not in mount:
            yield _volume(mount, row, "Capacity", states.get(text(row, "DeviceID")) or states.get(mount))


_OF_LETTERS = ("DeviceID", "DriveType", "FileSystem", "Size", "FreeSpace")
_OF_VOLUMES = ("DeviceID", "DriveLetter", "DriveType", "Name", "FileSystem", "Capacity", "FreeSpace")
_LOCAL_ONLY = "DriveType = 3"  # a network drive whose server is gone would hold up the answer


def _letters(host: Windows) -> list[dict[str, Any]] | None:
    return asking.rows(host, CIMV2, "Win32_LogicalDisk", *_OF_LETTERS, where=_LOCAL_ONLY)


def _volumes(host: Windows) -> list[dict[str, Any]] | None:
    return asking.rows(host, CIMV2, "Win32_Volume", *_OF_VOLUMES, where=_LOCAL_ONLY)


def _mount(row: Mapping[str, Any]) -> str:
    return text(row, "DriveLetter") or text(row, "Name") or text(row, "DeviceID") or ""


def _volume(mount: str, row: Mapping[str, Any], size_name: str, encrypted: bool | None) -> Volume:
    size, free = number(row, size_name), number(row, "FreeSpace")
    return Volume(
        mount=mount,
        filesystem=(text(row, "FileSystem") or "").lower() or None,
        size_bytes=size or None,
        free_bytes=free if size else None,
        encrypted=encrypted,
    )


def _removable(host: Windows) -> set[str]:
    """Return the letters and folders of volumes on external disks, as Windows 8 and later tell."""
    disks = asking.rows(host, STORAGE, "MSFT_Disk", "Number", "BusType")
    outside = {number(one, "Number") for one in disks or () if number(one, "BusType") in {_USB, _SD, _FIREWIRE}}
    if not outside:
        return set()
    parts = asking.rows(host, STORAGE, "MSFT_Partition", "DiskNumber", "AccessPaths") or ()
    paths = (path for one in parts if number(one, "DiskNumber") in outside for path in texts(one, "AccessPaths"))
    return {path.removesuffix("\\") if len(path) == 3 else path for path in paths}  # noqa: PLR2004 - a letter, a colon and a backslash


def _encrypted(host: Windows) -> dict[str | None, bool | None]:
    """Return whether BitLocker protects each volume, by its device and its letter.

    Protection counts once everything is encrypted: while it still runs, and while it is suspended, a thief can read.
    """
    found: dict[str | None, bool | None] = {}
    of_one = ("DeviceID", "DriveLetter", "ProtectionStatus", "ConversionStatus")
    for row in asking.rows(host, _BITLOCKER, "Win32_EncryptableVolume", *of_one) or ():
        protection, conversion = number(row, "ProtectionStatus"), number(row, "ConversionStatus")
        state = {0: False, 1: True}.get(protection) if protection is not None else None
        if state and conversion is not None:
            state = conversion == _FULLY
        for name in (text(row, "DeviceID"), text(row, "DriveLetter")):
            if name:
                found[name] = state
    return found
