"""dmidecode's text gives what sysfs would hold on the same machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.dmidecode import FOLDER, files, table
from collectors.sources.smbios import MemoryDevice, memory_devices

TEXT = """# dmidecode 3.3
Getting SMBIOS data from sysfs.
SMBIOS 3.1 present.

Handle 0x0000, DMI type 0, 26 bytes
BIOS Information
\tVendor: Made Up BIOS
\tVersion: 1.0: rev A
\tRelease Date: 12/17/2019
\tCharacteristics:
\t\tVendor: not this one
\t\tACPI is supported
\tBIOS Revision: 4.0

Handle 0x0001, DMI type 1, 27 bytes
System Information
\tManufacturer: Máy tính Việt
\tProduct Name: Not Specified
\tSerial Number:  \x20
\tUUID: Not Settable
\tWake-up Type: Power Switch

Handle 0x0002, DMI type 2, 15 bytes
Base Board Information
\tProduct Name: First
Handle 0x0003, DMI type 2, 15 bytes
Base Board Information
\tProduct Name: Second
\tSerial Number: TEST2

Handle 0x0004, DMI type 3, 22 bytes
Chassis Information
\tType: All In One
\tLock: Not Present
"""

EXPECTED = {
    f"{FOLDER}/bios_vendor": "Made Up BIOS\n",
    f"{FOLDER}/bios_version": "1.0: rev A\n",
    f"{FOLDER}/bios_date": "12/17/2019\n",
    f"{FOLDER}/sys_vendor": "Máy tính Việt\n",
    f"{FOLDER}/product_name": "\n",
    f"{FOLDER}/product_serial": "  \n",
    f"{FOLDER}/product_uuid": "00000000-0000-0000-0000-000000000000\n",
    f"{FOLDER}/board_name": "First\n",
    f"{FOLDER}/chassis_type": "13\n",
}


def _old_style(text: str) -> str:
    """Return the text as dmidecode before 2.3 wrote it: the type on a line of its own, all a tab further in."""
    lines = []
    for line in text.splitlines():
        if line.startswith("Handle"):
            handle, _, rest = line.partition(", ")
            lines += [handle, f"\t{rest}."]
        else:
            lines.append(f"\t{line}" if line and line[0] not in "#GS" else line)
    return "\n".join(lines).replace("\n\n", "\n").replace("System Information", "\tSystem Information")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT, id="tabs"),
        pytest.param(TEXT.replace("\t", "    "), id="four-blanks"),
        pytest.param(TEXT.replace("\t", "        "), id="eight-blanks"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="crlf"),
        pytest.param(_old_style(TEXT), id="before-2.3"),
    ],
)
def test_the_files_are_those_of_sysfs(text: str) -> None:
    """Fields of the first structure of each kind count, however they are indented; lists within them do not."""
    assert files(text) == EXPECTED


OLDEST = """RSD PTR found at 0xF6D80
SMBIOS 2.3 present.
Handle 0x0000
\tDMI type 0, 19 bytes.
\tBIOS Information Block
\t\tVendor: Made Up BIOS
\t\tRelease: 11/12/2002
Handle 0x0001
\tDMI type 1, 25 bytes.
\tSystem Information Block
\t\tVendor: Maker
\t\tProduct: Model 1
\t\tSerial Number: TEST0001
Handle 0x0002
\tDMI type 3, 13 bytes.
\tChassis Information Block
\t\tVendor: Maker
\t\tChassis Type: Tower
"""


def test_the_oldest_versions_have_other_words() -> None:
    """In 1.x the words were Vendor, Product, Release and Chassis Type for what later got the standard's names."""
    found = {path.removeprefix(f"{FOLDER}/"): text.strip() for path, text in files(OLDEST).items()}

    assert found == {
        "bios_vendor": "Made Up BIOS",
        "bios_date": "11/12/2002",
        "sys_vendor": "Maker",
        "product_name": "Model 1",
        "product_serial": "TEST0001",
        "chassis_vendor": "Maker",
        "chassis_type": "7",
    }


def test_an_all_ones_uuid_has_a_word_of_its_own() -> None:
    """'Not Present' is all F in the firmware, and sysfs shows the digits."""
    found = files(TEXT.replace("Not Settable", "Not Present"))

    assert found[f"{FOLDER}/product_uuid"] == "ffffffff-ffff-ffff-ffff-ffffffffffff\n"


@given(st.text(st.sampled_from("Handle 0x01,DMItypeUUID:\t\n\r -é"), max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text gives files of /sys/class/dmi/id, perhaps none, each of one line."""
    found = files(f"Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n{text}")

    assert all(path.startswith(f"{FOLDER}/") and content.count("\n") == 1 for path, content in found.items())


MEMORY = """Handle 0x0010, DMI type 17, 34 bytes
Memory Device
\tArray Handle: 0x000F
\tTotal Width: 64 bits
\tSize: {size}
\tForm Factor: DIMM
\tLocator: ChannelA-DIMM0
\tBank Locator: BANK 0
\tType: {kind}
\tType Detail: Synchronous
\tSpeed: {speed}
\tManufacturer: Not Specified
\tSerial Number: TEST0001
\tAsset Tag: None
\tPart Number: PART-1
\tConfigured Memory Speed: 1600 MT/s

"""


@pytest.mark.parametrize(
    ("size", "kind", "speed", "expected"),
    [
        pytest.param("4096 MB", "DDR3", "1333 MHz", (4 << 30, "DDR3", 1333), id="megabytes"),
        pytest.param("64 GB", "DDR5", "5600 MT/s", (64 << 30, "DDR5", 5600), id="gigabytes"),
        pytest.param("512 kB", "DRAM", "Unknown", (512 << 10, "DRAM", None), id="kilobytes"),
        pytest.param("1024 MB", "<OUT OF SPEC>", "667 MHz (1.5 ns)", (1 << 30, None, 667), id="nanoseconds"),
    ],
)
def test_memory_modules_are_those_of_the_firmwares_table(
    size: str, kind: str, speed: str, expected: tuple[int, str | None, int | None]
) -> None:
    """Each module gives the structure that the firmware had, so that the reader of the table finds it again."""
    module = MEMORY.format(size=size, kind=kind, speed=speed)
    empty = MEMORY.format(size="No Module Installed", kind="Unknown", speed="Unknown")

    found = MemoryDevice("ChannelA-DIMM0", "BANK 0", *expected, None, "TEST0001", "PART-1", "DIMM")
    assert list(memory_devices(table(module + empty + module))) == [found, found]


@given(st.text(st.sampled_from("Size:0123456789 kMGTB\t\n-é\0"), max_size=200))
def test_no_text_breaks_the_table(text: str) -> None:
    """Any text gives a table that can be read."""
    made = table(f"Handle 0x0010, DMI type 17, 34 bytes\nMemory Device\n\tSize: {text}")

    assert len(list(memory_devices(made))) <= 1
