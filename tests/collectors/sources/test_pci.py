"""Names of PCI devices come from the list that distributions install."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.pci import device_name, look_up

NAMES = (
    b"#\n#\tList of PCI ID's\n#\n"
    b"1002  Maker One\n\t6611  First [Radeon]\n\t\t1028 210b  Board\n\t6612  Second\n# remark\n\t6613  Third\n"
    b"8086  Maker Two\n\t3e92  Graphics\n\nffff  Last"
)


@pytest.mark.parametrize(
    ("vendor", "device", "expected"),
    [
        ("1002", "6611", ("Maker One", "First [Radeon]")),
        ("1002", "6613", ("Maker One", "Third")),
        ("8086", "3e92", ("Maker Two", "Graphics")),
        ("1002", "3e92", ("Maker One", None)),  # another maker's
        ("1002", "1028", ("Maker One", None)),  # a board's line is no device's
        ("6611", "6612", (None, None)),
        ("ffff", "0001", ("Last", None)),
        ("", "", (None, None)),
    ],
)
def test_a_device_is_looked_up_below_its_maker(vendor: str, device: str, expected: tuple[str | None, ...]) -> None:
    """Each maker's devices stand below it; the same number below another maker is another device."""
    assert look_up(NAMES, vendor, device) == expected


def test_a_name_is_never_empty() -> None:
    """Without a list, or for what it lacks, the numbers are the name."""
    assert [device_name(NAMES, "0x8086", "0x3E92"), device_name(b"", "0x8086", "0x3e92"), device_name(b"", "", "")] == [
        "Maker Two Graphics",
        "8086:3e92",
        "????:????",
    ]


@given(st.binary(max_size=200), st.sampled_from(["1002", "8086", ""]), st.sampled_from(["6611", ""]))
def test_no_list_breaks_the_look_up(names: bytes, vendor: str, device: str) -> None:
    """Whatever the list holds, a device has a name."""
    assert device_name(names, vendor, device)
    assert device_name(b"\n1002  \n\t6611  " + names, vendor, device)


@pytest.mark.skipif(not Path("/usr/share/misc/pci.ids").exists(), reason="needs the package pci.ids")
def test_the_real_list_is_read_right() -> None:
    """The list of this system knows a device that every list has had for twenty years."""
    found = look_up(Path("/usr/share/misc/pci.ids").read_bytes(), "8086", "100e")

    assert found == ("Intel Corporation", "82540EM Gigabit Ethernet Controller")
