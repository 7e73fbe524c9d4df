"""What lies below a file system decides whether it is encrypted and whose it is."""

import json
from pathlib import Path

import pytest

from collectors.sources.disks import Disk, Stack, disks
from collectors.sources.recording import RecordedLinux

LUKS, VERITY, PLAIN, LVM = "CRYPT-LUKS2-0-x", "CRYPT-VERITY-0-x", "CRYPT-PLAIN-x", "LVM-0"


def machine(folder: Path, files: dict[str, str], links: dict[str, str] | None = None) -> RecordedLinux:
    """Return a machine with these files of /sys/block."""
    said = {"now": "2026-03-02T01:15:00Z", "files": {f"/sys/block/{path}": text for path, text in files.items()}}
    (folder / "machine.json").write_text(json.dumps({**said, "links": links or {}}), "utf-8")
    return RecordedLinux(folder)


def mapped(name: str, uuid: str, *below: str) -> dict[str, str]:
    """Return the files of a mapped device on others."""
    return {f"{name}/dev": "253:0", f"{name}/dm/uuid": uuid, **{f"{name}/slaves/{one}/dev": "" for one in below}}


@pytest.mark.parametrize(
    ("files", "device", "expected"),
    [
        pytest.param({"sda/sda1/dev": "8:1"}, "sda1", False, id="partition"),
        pytest.param(mapped("dm-0", LUKS, "sda1") | {"sda/sda1/dev": "8:1"}, "dm-0", True, id="luks"),
        pytest.param(mapped("dm-0", PLAIN, "sda") | {"sda/dev": "8:0"}, "dm-0", True, id="plain-dm-crypt"),
        pytest.param(mapped("dm-0", VERITY, "sda") | {"sda/dev": "8:0"}, "dm-0", False, id="verity-is-no-encryption"),
        pytest.param(mapped("dm-0", LUKS, "sda") | mapped("dm-1", LVM, "dm-0"), "dm-1", True, id="lvm-on-luks"),
        pytest.param(
            mapped("dm-0", LUKS, "sda")
            | mapped("dm-1", LUKS, "sdb")
            | {"md0/slaves/dm-0/dev": "", "md0/slaves/dm-1/dev": ""},
            "md0",
            True,
            id="raid-on-two-luks",
        ),
        pytest.param(
            mapped("dm-0", LUKS, "sda") | {"sdb/dev": "8:16", "md0/slaves/dm-0/dev": "", "md0/slaves/sdb/dev": ""},
            "md0",
            False,
            id="raid-half-encrypted",
        ),
        pytest.param(
            mapped("dm-0", LVM, "dm-1") | mapped("dm-1", LVM, "dm-0"), "dm-0", False, id="a-ring-of-broken-files"
        ),
    ],
)
def test_encryption_anywhere_below_counts(
    files: dict[str, str], device: str, tmp_path: Path, *, expected: bool
) -> None:
    """A file system is encrypted if dm-crypt lies at or below each of the devices that it is spread over."""
    assert Stack(machine(tmp_path, files)).is_encrypted(device) is expected


def test_a_mount_is_found_by_its_source_or_its_numbers(tmp_path: Path) -> None:
    """A mapped name, a device's own name, and the numbers where the source names nothing (/dev/root)."""
    files = mapped("dm-0", LVM, "sda") | {"dm-0/dm/name": "vg-root", "sda/dev": "8:0", "sda/sda1/dev": "8:1"}
    stack = Stack(machine(tmp_path, files))

    sources = [("/dev/mapper/vg-root", "0:38"), ("/dev/sda1", "8:1"), ("/dev/root", "8:1"), ("nowhere", "0:40")]
    assert [stack.device(*one) for one in sources] == ["dm-0", "sda1", "sda1", None]


@pytest.mark.parametrize(
    ("name", "files", "kind"),
    [
        pytest.param("sda", {"queue/rotational": "1"}, "hdd", id="turns"),
        pytest.param("sda", {"queue/rotational": "0"}, "ssd", id="does-not-turn"),
        pytest.param("sda", {}, "unknown", id="does-not-say"),
        pytest.param("nvme0n1", {"queue/rotational": "0"}, "nvme", id="nvme"),
        pytest.param("vda", {"queue/rotational": "1"}, "virtual", id="virtio"),
        pytest.param("sda", {"queue/rotational": "1", "device/model": "VBOX HARDDISK"}, "virtual", id="virtualbox"),
        pytest.param("sda", {"queue/rotational": "1", "device/model": "QEMU HARDDISK"}, "virtual", id="qemu"),
        pytest.param("sdb", {"removable": "1", "queue/rotational": "1"}, "removable", id="stick"),
        pytest.param("mmcblk0", {"device/type": "MMC"}, "ssd", id="soldered-flash"),
        pytest.param("mmcblk1", {"device/type": "SD"}, "removable", id="memory-card"),
        pytest.param("sr0", {"removable": "1"}, "optical", id="dvd"),
    ],
)
def test_the_kind_of_a_disk(name: str, files: dict[str, str], kind: str, tmp_path: Path) -> None:
    """By name, bus and what the kernel says of it; a disk that does not say is unknown."""
    host = machine(tmp_path, {f"{name}/size": "2048", **{f"{name}/{path}": text for path, text in files.items()}})

    assert [one.kind for one in disks(host)] == [kind]


def test_an_external_disk_is_removable_though_it_says_otherwise(tmp_path: Path) -> None:
    """Disks in USB cases do not call themselves removable: the bus they are on does."""
    host = machine(
        tmp_path, {"sdb/size": "2048", "sdb/removable": "0"}, {"/sys/block/sdb": "../devices/pci0/usb2/2-1/block/sdb"}
    )

    assert [one.kind for one in disks(host)] == ["removable"]


def test_what_the_kernel_makes_itself_is_no_disk(tmp_path: Path) -> None:
    """Loops, RAM disks, mapped and assembled devices, and the boot parts of an eMMC are left out."""
    names = ["loop0", "ram1", "zram0", "dm-0", "md127", "mmcblk0boot0", "mmcblk0rpmb", "nvme0c0n1", "nbd0"]

    assert list(disks(machine(tmp_path, {f"{name}/size": "8" for name in names}))) == []


def test_a_serial_from_the_page_that_the_disk_answers(tmp_path: Path) -> None:
    """Without udev the serial stands in SCSI's page 80, its length in the header; blanks are padding."""
    page = "000080" + "10" + b"    TEST12345678".hex()
    (tmp_path / "machine.json").write_text(
        json.dumps(
            {
                "now": "2026-03-02T01:15:00Z",
                "files": {"/sys/block/sda/size": "2048", "/sys/block/sda/queue/rotational": "0"},
                "hex": {"/sys/block/sda/device/vpd_pg80": page.replace("000080", "008000")},
            }
        ),
        "utf-8",
    )

    expected = [Disk(name="sda", model=None, serial="TEST12345678", size_bytes=1048576, kind="ssd")]
    assert list(disks(RecordedLinux(tmp_path))) == expected
