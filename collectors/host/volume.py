"""Volumes: the file systems of this machine's own disks, how full they are, and whether they are encrypted."""

import re
from collections.abc import Iterator
from typing import Annotated

from collectors.facts import Metric, collector, fact
from collectors.sources.disks import Stack
from collectors.sources.linux import Linux


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
    """A mounted file system on a disk of this machine. No network shares, no sticks, nothing that lives in memory."""

    mount: Annotated[str, "Where it is mounted: '/', or a letter such as 'C:'"]
    filesystem: Annotated[str | None, "ext4, btrfs, ntfs, …"] = None
    size_bytes: Annotated[int | None, "The size; null where a file system that is mounted does not answer"] = None
    free_bytes: Annotated[int | None, "What ordinary users may still write"] = None
    encrypted: Annotated[bool | None, "True where dm-crypt (LUKS) or its like lies anywhere below it"] = None


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
