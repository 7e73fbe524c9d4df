"""The firmware's table is read as DSP0134 says, and no bytes can break the reader."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.smbios import MemoryDevice, memory_devices, structures


def structure(kind: int, body: bytes, *strings: str) -> bytes:
    """Return one structure as firmware lays it."""
    texts = b"".join(one.encode() + b"\0" for one in strings) + b"\0" if strings else b"\0\0"
    return bytes([kind, 4 + len(body)]) + b"\x01\x00" + body + texts


def memory(size: int, *, extended: int = 0, kind: int = 0x1A, speed: int = 3200, extended_speed: int = 0) -> bytes:
    """Return a memory device of SMBIOS 3.3 in slot 'A1'."""
    head = struct.pack("<HHHHHBBBBBHHBBBB", 1, 0xFFFE, 64, 64, size, 9, 0, 1, 2, kind, 0, speed, 3, 4, 0, 5)
    tail = struct.pack("<BIH", 0, extended, 0).ljust(0x54 - 0x1B, b"\0") + struct.pack("<I", extended_speed)
    return structure(17, head + tail, "A1", "BANK 0", " Maker ", "TEST0001", "PART")


def test_a_module_is_read_with_all_that_the_firmware_says() -> None:
    """Size, kind, speed and texts come from their places; texts lose the blanks around them."""
    expected = MemoryDevice("A1", "BANK 0", 8 << 30, "DDR4", 3200, "Maker", "TEST0001", "PART", "DIMM")

    assert [expected] == list(memory_devices(memory(8192)))


def test_sizes_in_each_of_the_three_ways() -> None:
    """A size is in MiB, in KiB where the top bit is set, or from 32 GiB on in a field of its own."""
    table = memory(0x8000 | 512) + memory(1024) + memory(0x7FFF, extended=65536)

    assert [one.size_bytes for one in memory_devices(table)] == [512 << 10, 1 << 30, 64 << 30]


def test_empty_and_unknown_slots_are_no_modules() -> None:
    """Size 0 is an empty slot and 0xFFFF an unknown size: neither is a module of zero bytes."""
    assert list(memory_devices(memory(0) + memory(0xFFFF))) == []


def test_an_unknown_kind_or_speed_is_null() -> None:
    """Codes that the standard calls unknown or lacks are null; speeds from 65535 on have their own field."""
    table = memory(1, kind=2, speed=0) + memory(1, kind=0xEE, speed=0xFFFF, extended_speed=70400)

    assert [(one.kind, one.speed_mhz) for one in memory_devices(table)] == [(None, None), (None, 70400)]


def test_old_firmware_has_shorter_structures() -> None:
    """A field that lies beyond a structure's length is null, not a byte of the strings."""
    body = struct.pack("<HHHHHBBBBBH", 1, 0xFFFE, 64, 64, 512, 9, 0, 1, 2, 0x12, 0)

    assert [MemoryDevice("DIMM0", "BANK0", 512 << 20, "DDR", None, None, None, None, "DIMM")] == list(
        memory_devices(structure(17, body, "DIMM0", "BANK0"))
    )


def test_nothing_after_the_end_mark_is_read() -> None:
    """Type 127 ends the table: what lies behind it is left over."""
    table = memory(1024) + structure(127, b"") + memory(2048)

    assert [one.type for one in structures(table)] == [17, 127]


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(table: bytes) -> None:
    """Any bytes give an end: structures lie within the table, and no module is smaller than a KiB."""
    found = list(structures(table))

    assert sum(len(one.data) for one in found) <= len(table)
    assert all(one.size_bytes >= 1024 for one in memory_devices(table))


@given(st.integers(0, 2**16), st.binary(min_size=1, max_size=4))
def test_no_damage_to_a_good_table_breaks_the_reader(at: int, noise: bytes) -> None:
    """A table with some bytes overwritten is read as far as it makes sense."""
    good = memory(8192) + memory(0) + memory(4096) + structure(127, b"")
    at %= len(good)
    damaged = good[:at] + noise + good[at + len(noise) :]

    assert len(list(memory_devices(damaged))) <= len(good) // 4
