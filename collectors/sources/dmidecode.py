"""Turns the text that dmidecode prints into the files that /sys would hold on the same machine.

So a recording that holds only such a text (people send those) answers the reads of collectors that know only sysfs.
"""

import re
import struct
from collections.abc import Iterator, Mapping

from collectors.sources.smbios import (
    BATTERY,
    BOARD,
    CHASSIS,
    CHASSIS_TYPES,
    END,
    FIRMWARE,
    MEMORY_DEVICE,
    MEMORY_FORMS,
    MEMORY_KINDS,
    SYSTEM,
    UNKNOWN_CHASSIS,
)

FOLDER = "/sys/class/dmi/id"

# dmidecode's words for the two UUIDs of which it shows no digits; sysfs shows them.
_UUIDS = {
    "Not Settable": "00000000-0000-0000-0000-000000000000",
    "Not Present": "ffffffff-ffff-ffff-ffff-ffffffffffff",
}

# dmidecode prints this where the firmware names no string; the kernel leaves the file away, or empty.
_NO_STRING = "Not Specified"

_CHASSIS_NUMBERS = {name: number for number, name in CHASSIS_TYPES.items()}

# (structure, dmidecode's label) -> the kernel's file name (drivers/firmware/dmi-id.c)
_FILES: Mapping[tuple[int, str], str] = {
    (FIRMWARE, "Vendor"): "bios_vendor",
    (FIRMWARE, "Version"): "bios_version",
    (FIRMWARE, "Release Date"): "bios_date",
    (FIRMWARE, "Release"): "bios_date",  # this and each Vendor, Product and Chassis Type below: dmidecode 1.x
    (SYSTEM, "Manufacturer"): "sys_vendor",
    (SYSTEM, "Vendor"): "sys_vendor",
    (SYSTEM, "Product"): "product_name",
    (SYSTEM, "Product Name"): "product_name",
    (SYSTEM, "Version"): "product_version",
    (SYSTEM, "Serial Number"): "product_serial",
    (SYSTEM, "UUID"): "product_uuid",
    (SYSTEM, "SKU Number"): "product_sku",
    (SYSTEM, "Family"): "product_family",
    (BOARD, "Manufacturer"): "board_vendor",
    (BOARD, "Vendor"): "board_vendor",
    (BOARD, "Product"): "board_name",
    (BOARD, "Product Name"): "board_name",
    (BOARD, "Version"): "board_version",
    (BOARD, "Serial Number"): "board_serial",
    (BOARD, "Asset Tag"): "board_asset_tag",
    (CHASSIS, "Manufacturer"): "chassis_vendor",
    (CHASSIS, "Vendor"): "chassis_vendor",
    (CHASSIS, "Chassis Type"): "chassis_type",
    (CHASSIS, "Type"): "chassis_type",
    (CHASSIS, "Version"): "chassis_version",
    (CHASSIS, "Serial Number"): "chassis_serial",
    (CHASSIS, "Asset Tag"): "chassis_asset_tag",
}

# 'Handle 0x0001, DMI type 1, 27 bytes'; before 2.3 on a line of its own, indented, below the handle's.
_TYPE = re.compile(r"(Handle 0x[0-9A-Fa-f]+,?)?\s*DMI type (\d+)\b")


def files(text: str) -> dict[str, str]:
    """Return the path in /sys/class/dmi/id to its content. The first structure of a type counts, as for the kernel."""
    found: dict[str, str] = {}
    seen = set[int]()
    for kind, said in _structures(text):
        if kind in seen:
            continue
        seen.add(kind)
        for label, value in said.items():
            name = _FILES.get((kind, label))
            if name is not None:
                found.setdefault(f"{FOLDER}/{name}", f"{_shown(name, value)}\n")
    return found


def _shown(name: str, value: str) -> str:
    if name == "product_uuid":
        return _UUIDS.get(value.strip(), value)
    if name == "chassis_type":
        return str(_CHASSIS_NUMBERS.get(value.strip(), UNKNOWN_CHASSIS))
    return "" if value.strip() == _NO_STRING else value


_UNITS = {"kB": 1, "MB": 1 << 10, "GB": 1 << 20, "TB": 1 << 30}
_SIZE = re.compile(r"(\d+) (kB|MB|GB|TB)\b")
_SPEED = re.compile(r"(\d+) (MHz|MT/s)")
_FORM_NUMBERS = {name: number for number, name in MEMORY_FORMS.items()}
_KIND_NUMBERS = {name: number for number, name in MEMORY_KINDS.items()}
_UNKNOWN_KIND = 2
_IN_EXTENDED, _MAX_SPEED, _MAX_SIZE = 0x7FFF, 0xFFFE, 0x7FFFFFFF


def table(text: str) -> bytes:
    """Return an SMBIOS table with the memory devices of the text, as /sys/firmware/dmi/tables/DMI would hold them."""
    made = b"".join(_memory(said) for kind, said in _structures(text) if kind == MEMORY_DEVICE)
    return made + bytes([END, 4, 0, 0, 0, 0])


def _memory(said: Mapping[str, str]) -> bytes:
    size, speed = _SIZE.match(said.get("Size", "").strip()), _SPEED.match(said.get("Speed", "").strip())
    kibibytes = int(size[1]) * _UNITS[size[2]] if size else 0
    small, extended = (0x8000 | kibibytes, 0) if 0 < kibibytes < 1 << 10 else (kibibytes >> 10, 0)
    if small >= _IN_EXTENDED and kibibytes >= 1 << 10:
        small, extended = _IN_EXTENDED, min(kibibytes >> 10, _MAX_SIZE)
    labels = ("Locator", "Bank Locator", "Manufacturer", "Serial Number", "Part Number")
    # A string is never empty in the table: the blank keeps the numbers of those behind it.
    strings = [("" if said.get(one) == _NO_STRING else said.get(one, "")).replace("\0", "") or " " for one in labels]
    kind = _KIND_NUMBERS.get(said.get("Type", "").strip(), _UNKNOWN_KIND)
    megatransfers = min(int(speed[1]), _MAX_SPEED) if speed else 0
    form = _FORM_NUMBERS.get(said.get("Form Factor", "").strip(), _UNKNOWN_KIND)
    data = struct.pack("<HHHHHBBBBBHH", 0, 0xFFFE, 0, 0, small, form, 0, 1, 2, kind, 0, megatransfers)
    data += struct.pack("<BBBBBI", 3, 4, 0, 5, 0, extended)
    return struct.pack("<BBH", MEMORY_DEVICE, 4 + len(data), 0) + data + "\0".join(strings).encode() + b"\0\0"


def batteries(text: str) -> Iterator[Mapping[str, str]]:
    """Yield what the text says of each portable battery (type 22), by dmidecode's labels; an empty bay has no name."""
    for kind, said in _structures(text):
        if kind == BATTERY and said.get("Name", "").strip():
            yield {label: value.strip() for label, value in said.items()}


def _structures(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each structure's type and what it says itself, without what lists within it say.

    How far lines are indented differs (a tab, four blanks, eight, a tab more in old versions), so the first line below
    a structure's title shows it.
    """
    kind: int | None = None
    said: dict[str, str] = {}
    title_is_next, level = False, -1
    for line in text.splitlines():
        if not line.strip():
            continue
        head = _TYPE.match(line.strip())
        if head or line.startswith("Handle "):
            if kind is not None:
                yield kind, said
            kind, said = int(head[2]) if head else None, {}
            title_is_next, level = True, -1
        elif title_is_next:
            title_is_next = False
        elif kind is not None:
            indent = len(line) - len(line.lstrip())
            level = indent if level < 0 else level
            label, colon, value = line.partition(":")
            if colon and indent == level:
                said.setdefault(label.strip(), value.removeprefix(" "))
    if kind is not None:
        yield kind, said
