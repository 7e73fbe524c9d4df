"""The firmware's own table of the machine: SMBIOS (DMTF DSP0134), as the kernel shows it in /sys/firmware/dmi/tables.

Firmware lies, and a recording may hold any bytes: nothing here raises for what the bytes say. What a structure does
not hold, or holds as one of the standard's own words for "unknown", is None.
"""

from collections.abc import Iterator
from dataclasses import dataclass

TABLE = "/sys/firmware/dmi/tables/DMI"

FIRMWARE, SYSTEM, BOARD, CHASSIS, MEMORY_DEVICE, BATTERY, END = 0, 1, 2, 3, 17, 22, 127

_HEADER = 4


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure: its type, its formatted part (header included) and its strings, numbered from 1."""

    type: int
    handle: int
    data: bytes
    strings: tuple[str, ...]

    def number(self, offset: int, size: int) -> int | None:
        """Return an unsigned little-endian number; None where the structure is too short (older firmware)."""
        piece = self.data[offset : offset + size]
        return int.from_bytes(piece, "little") if len(piece) == size else None

    def string(self, offset: int) -> str | None:
        """Return the string to which a byte points; None where there is none, or only blanks."""
        index = self.number(offset, 1)
        if not index or index > len(self.strings):
            return None
        return self.strings[index - 1].strip() or None


def structures(table: bytes) -> Iterator[Structure]:
    """Yield the structures of a table, up to its end mark or to the first byte that makes no sense."""
    at = 0
    while at + _HEADER <= len(table):
        kind, length = table[at], table[at + 1]
        if length < _HEADER or at + length > len(table):
            return
        end = table.find(b"\0\0", at + length)
        if end < 0:
            end = len(table)
        texts = table[at + length : end]
        yield Structure(
            kind,
            int.from_bytes(table[at + 2 : at + 4], "little"),
            table[at : at + length],
            tuple(one.decode("utf-8", "replace") for one in texts.split(b"\0")) if texts else (),
        )
        if kind == END:
            return
        at = end + 2


# DSP0134 7.18.2, "Memory Device — Type". 1 and 2 are Other and Unknown.
MEMORY_KINDS = {
    3: "DRAM",
    0x0F: "SDRAM",
    0x11: "RDRAM",
    0x12: "DDR",
    0x13: "DDR2",
    0x14: "DDR2 FB-DIMM",
    0x18: "DDR3",
    0x19: "FBD2",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1C: "LPDDR2",
    0x1D: "LPDDR3",
    0x1E: "LPDDR4",
    0x1F: "Logical non-volatile device",
    0x20: "HBM",
    0x21: "HBM2",
    0x22: "DDR5",
    0x23: "LPDDR5",
    0x24: "HBM3",
}


# DSP0134 7.18.1, "Memory Device — Form Factor", of what can be bought, and of what is soldered.
MEMORY_FORMS = {
    0x03: "SIMM",
    0x09: "DIMM",
    0x0B: "Row Of Chips",
    0x0C: "RIMM",
    0x0D: "SODIMM",
    0x0E: "SRIMM",
    0x0F: "FB-DIMM",
    0x10: "Die",
    0x11: "CAMM",
}


@dataclass(frozen=True, slots=True)
class MemoryDevice:
    """A slot that holds a module. Text is as the firmware has it, placeholders included."""

    locator: str | None
    bank: str | None
    size_bytes: int
    kind: str | None
    speed_mhz: int | None
    vendor: str | None
    serial: str | None
    part_number: str | None
    form: str | None = None


_KIBIBYTES, _SIZE_IN_EXTENDED, _SIZE_UNKNOWN = 0x8000, 0x7FFF, 0xFFFF
_SPEED_IN_EXTENDED = 0xFFFF


def memory_devices(table: bytes) -> Iterator[MemoryDevice]:
    """Yield what sits in each memory slot (type 17). An empty slot, and one of unknown size, is no module."""
    for one in structures(table):
        if one.type != MEMORY_DEVICE:
            continue
        size = _memory_bytes(one)
        if size is None:
            continue
        kind = one.number(0x12, 1)
        yield MemoryDevice(
            locator=one.string(0x10),
            bank=one.string(0x11),
            size_bytes=size,
            kind=MEMORY_KINDS.get(kind) if kind is not None else None,
            speed_mhz=_speed(one),
            vendor=one.string(0x17),
            serial=one.string(0x18),
            part_number=one.string(0x1A),
            form=MEMORY_FORMS.get(one.number(0x0E, 1) or 0),
        )


def _memory_bytes(one: Structure) -> int | None:
    size = one.number(0x0C, 2)
    if not size or size == _SIZE_UNKNOWN:
        return None
    if size == _SIZE_IN_EXTENDED:
        extended = one.number(0x1C, 4)
        return (extended & 0x7FFFFFFF) << 20 or None if extended else None
    if size & _KIBIBYTES:
        return (size & ~_KIBIBYTES) << 10 or None
    return size << 20


def _speed(one: Structure) -> int | None:
    """Return the module's rated speed in MT/s, which the trade calls MHz; 0 is the standard's word for unknown."""
    speed = one.number(0x15, 2)
    return one.number(0x54, 4) or None if speed == _SPEED_IN_EXTENDED else speed or None


UNKNOWN_CHASSIS = 2

# DSP0134 7.4.1, "System Enclosure or Chassis Types", as dmidecode prints them.
CHASSIS_TYPES = {
    1: "Other",
    2: "Unknown",
    3: "Desktop",
    4: "Low Profile Desktop",
    5: "Pizza Box",
    6: "Mini Tower",
    7: "Tower",
    8: "Portable",
    9: "Laptop",
    10: "Notebook",
    11: "Hand Held",
    12: "Docking Station",
    13: "All In One",
    14: "Sub Notebook",
    15: "Space-saving",
    16: "Lunch Box",
    17: "Main Server Chassis",
    18: "Expansion Chassis",
    19: "Sub Chassis",
    20: "Bus Expansion Chassis",
    21: "Peripheral Chassis",
    22: "RAID Chassis",
    23: "Rack Mount Chassis",
    24: "Sealed-case PC",
    25: "Multi-system",
    26: "CompactPCI",
    27: "AdvancedTCA",
    28: "Blade",
    29: "Blade Enclosing",
    30: "Tablet",
    31: "Convertible",
    32: "Detachable",
    33: "IoT Gateway",
    34: "Embedded PC",
    35: "Mini PC",
    36: "Stick PC",
}
