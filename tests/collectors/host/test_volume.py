"""Volumes are the file systems of this machine's own disks."""

from typing import Any

import pytest

from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import machine, rows

DISK = {
    "/sys/block/sda/dev": "8:0\n",
    "/sys/block/sda/sda1/dev": "8:1\n",
    "/sys/block/sda/sda2/dev": "8:2\n",
    "/sys/block/sdb/dev": "8:16\n",
    "/sys/block/sdb/removable": "1\n",
    "/sys/block/sdb/sdb1/dev": "8:17\n",
    "/sys/block/loop0/dev": "7:0\n",
}


def volumes(*mounts: str, **said: Any) -> list[dict[str, Any]]:
    """Return the volumes of a machine with these mounts: 'numbers root mount kind source'."""
    lines = []
    for mount in mounts:
        numbers, root, place, kind, source = mount.split(" ")
        lines.append(f"30 1 {numbers} {root} {place} rw,relatime shared:1 - {kind} {source} rw\n")
    space = {place: [1000, 400] for place in ("/", "/home", "/srv/học liệu", "/data")}
    return rows("volume", machine({**DISK, "/proc/self/mountinfo": "".join(lines)}, **{"space": space, **said}))


@pytest.mark.parametrize(
    "mount",
    [
        pytest.param("0:20 / /proc proc proc", id="proc"),
        pytest.param("0:21 / /tmp tmpfs tmpfs", id="memory"),
        pytest.param("0:22 / /mnt nfs4 server:/share", id="network"),
        pytest.param("0:23 / /mnt cifs //server/share", id="windows-share"),
        pytest.param("7:0 / /snap/core squashfs /dev/loop0", id="snap"),
        pytest.param("7:0 / /mnt/image ext4 /dev/loop0", id="image"),
        pytest.param("0:24 / /var/lib/docker/x overlay overlay", id="container"),
        pytest.param("8:17 / /mnt vfat /dev/sdb1", id="stick"),
        pytest.param("8:2 / /media/somebody/KEY ext4 /dev/sda2", id="somebodys-path"),
        pytest.param("8:2 / /home/somebody ext4 /dev/sda2", id="somebodys-home"),
    ],
)
def test_what_is_no_volume_of_the_machine_is_left_out(mount: str) -> None:
    """Memory, networks, images, sticks, and paths that name a person are not there; the root beside them is."""
    assert [one["mount"] for one in volumes("8:1 / / ext4 /dev/sda1", mount)] == ["/"]


def test_a_file_system_at_several_places_is_one_volume() -> None:
    """Bind mounts and subvolumes are counted once, at the shortest path."""
    found = volumes("0:38 /@home /home btrfs /dev/sda2", "0:38 /@ / btrfs /dev/sda2", "8:2 /x /srv/x btrfs /dev/sda2")

    assert [one["mount"] for one in found] == ["/"]


def test_an_overlay_is_a_volume_where_it_is_the_root() -> None:
    """A diskless or frozen PC runs on one; whether it is encrypted can't be known."""
    found = volumes("0:30 / / overlay overlay")

    assert [(one["mount"], one["filesystem"], one["encrypted"]) for one in found] == [("/", "overlay", None)]


def test_blanks_and_letters_of_a_path_are_kept() -> None:
    """The kernel writes a blank as an octal number, and other letters as they are."""
    assert [one["mount"] for one in volumes("8:2 / /srv/học\\040liệu ext4 /dev/sda2")] == ["/srv/học liệu"]


def test_a_file_system_of_no_size_has_a_size_that_is_not_known() -> None:
    """A dead mount says zero: null, not an empty disk."""
    found = volumes("8:2 / /data ext4 /dev/sda2", space={"/data": [0, 0]})

    assert [(one["size_bytes"], one["free_bytes"]) for one in found] == [(None, None)]


def bitlocker(**said: Any) -> list[bool | None]:
    """Return whether C: of a Windows PC is seen as encrypted, by what BitLocker's class says of it."""
    drive = {"DeviceID": "C:", "DriveType": 3, "FileSystem": "NTFS", "Size": "1000", "FreeSpace": "10"}
    classes = {"Win32_LogicalDisk": [drive], "Win32_EncryptableVolume": [{"DriveLetter": "C:", **said}]}
    return [row["encrypted"] for row in windows_pcs.rows("volume", windows_pcs.pc(wmi=classes))]


@pytest.mark.parametrize(
    ("protection", "conversion", "expected"),
    [
        pytest.param(1, 1, True, id="on"),
        pytest.param(1, 2, False, id="still-encrypting"),
        pytest.param(0, 1, False, id="suspended"),
        pytest.param(0, 0, False, id="off"),
        pytest.param(1, None, True, id="on-before-windows-10"),
        pytest.param(2, 1, None, id="locked-so-unknown"),
        pytest.param(None, None, None, id="untold"),
    ],
)
def test_bitlocker_protects_when_all_is_encrypted(
    protection: int | None, conversion: int | None, *, expected: bool | None
) -> None:
    """While it is suspended, or still at work, whoever steals the disk can read it."""
    assert bitlocker(ProtectionStatus=protection, ConversionStatus=conversion) == [expected]


def test_without_rights_encryption_is_unknown() -> None:
    """BitLocker answers administrators only: its silence is not 'not encrypted'."""
    drive = {"DeviceID": "C:", "DriveType": 3, "FileSystem": "NTFS", "Size": "1000", "FreeSpace": "10"}
    host = windows_pcs.pc(wmi={"Win32_LogicalDisk": [drive]}, denied=["Win32_EncryptableVolume"])
    assert [row["encrypted"] for row in windows_pcs.rows("volume", host)] == [None]


def test_an_external_disk_is_no_volume_of_the_pc() -> None:
    """It counts as fixed to Windows; the bus of its disk tells."""
    drives = [{"DeviceID": letter, "DriveType": 3, "FileSystem": "NTFS", "Size": "1000"} for letter in ("C:", "E:")]
    classes = {
        "Win32_LogicalDisk": drives,
        "MSFT_Disk": [{"Number": 0, "BusType": 11}, {"Number": 1, "BusType": 7}],
        "MSFT_Partition": [{"DiskNumber": 1, "AccessPaths": ["E:\\"]}, {"DiskNumber": 0, "AccessPaths": ["C:\\"]}],
    }
    assert [row["mount"] for row in windows_pcs.rows("volume", windows_pcs.pc(wmi=classes))] == ["C:"]
