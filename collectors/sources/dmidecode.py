"""Turns the text that dmidecode prints into the files that /sys/class/dmi/id would hold on the same machine.

So a recording that holds only such a text (people send those) answers the reads of collectors that know only sysfs.
"""

import re
from collections.abc import Iterator, Mapping

from collectors.sources.smbios import BOARD, CHASSIS, CHASSIS_TYPES, FIRMWARE, SYSTEM

FOLDER = "/sys/class/dmi/id"

# dmidecode's words for the two UUIDs of which it shows no digits; sysfs shows them.
_UUIDS = {
    "Not Settable": "00000000-0000-0000-0000-000000000000",
    "Not Present": "ffffffff-ffff-ffff-ffff-ffffffffffff",
}

# dmidecode prints this where the firmware names no string; the kernel leaves the file away, or empty.
_NO_STRING = "Not Specified"

_UNKNOWN_CHASSIS = 2
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
    """Return sysfs path to content. The first structure of a type counts, as for the kernel."""
    found: dict[str, str] = {}
    for kind, label, value in _values(text):
        name = _FILES.get((kind, label))
        if name is None or f"{FOLDER}/{name}" in found:
            continue
        if name == "product_uuid":
            shown = _UUIDS.get(value.strip(), value)
        elif name == "chassis_type":
            shown = str(_CHASSIS_NUMBERS.get(value.strip(), _UNKNOWN_CHASSIS))
        else:
            shown = "" if value.strip() == _NO_STRING else value
        found[f"{FOLDER}/{name}"] = f"{shown}\n"
    return found


def _values(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (type, label, value) of the first structure of each type, without what lists within it say.

    How far lines are indented differs (a tab, four blanks, eight, a tab more in old versions), so the first line below
    a structure's title shows it.
    """
    kind: int | None = None
    seen = set[int]()
    title_is_next, level = False, -1
    for line in text.splitlines():
        if not line.strip():
            continue
        head = _TYPE.match(line.strip())
        if head or line.startswith("Handle "):
            number = int(head[2]) if head else None
            kind = None if number in seen else number
            seen.update(() if number is None else (number,))
            title_is_next, level = True, -1
        elif title_is_next:
            title_is_next = False
        elif kind is not None:
            indent = len(line) - len(line.lstrip())
            level = indent if level < 0 else level
            label, colon, value = line.partition(":")
            if colon and indent == level:
                yield kind, label.strip(), value.removeprefix(" ")
