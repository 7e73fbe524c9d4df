"""Display controllers are found by class and named by the system's list."""

from typing import Any

from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import machine, rows

FOLDER = "/sys/bus/pci/devices/0000:01:00.0"
CARD = {f"{FOLDER}/class": "0x030000\n", f"{FOLDER}/vendor": "0x1002\n", f"{FOLDER}/device": "0x6611\n"}
NAMES = {"/usr/share/misc/pci.ids": "#\n1002  Maker\n\t6611  Model\n"}


def test_a_card_has_its_name_memory_and_driver() -> None:
    """All that the kernel and the list of names tell."""
    more = {
        f"{FOLDER}/uevent": "DRIVER=amdgpu\n",
        f"{FOLDER}/mem_info_vram_total": "2147483648\n",
        "/sys/module/amdgpu/version": "6.1\n",
    }

    assert rows("graphics", machine({**CARD, **NAMES, **more})) == [
        {
            "slot": "0000:01:00.0",
            "name": "Maker Model",
            "memory_bytes": 2 << 30,
            "driver": "amdgpu",
            "driver_version": "6.1",
        }
    ]


def test_a_card_without_driver_and_list_is_called_by_its_numbers() -> None:
    """What is not told is null; the name is never empty."""
    found = rows("graphics", machine(CARD))

    assert [(one["name"], one["memory_bytes"], one["driver"]) for one in found] == [("1002:6611", None, None)]


def test_other_devices_are_no_graphics() -> None:
    """Only the base class 03 counts."""
    assert rows("graphics", machine({f"{FOLDER}/class": "0x020000\n"})) == []


CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"


def windows(ram: int | None, *drivers: dict[str, Any], device: str = "PCI\\A\\1") -> list[int | None]:
    """Return the memory of a Windows PC's card, by what WMI and its driver's key say."""
    keys = {CLASS: {}, **{rf"{CLASS}\{at:04}": driver for at, driver in enumerate(drivers)}}
    row = {"Name": "Card", "PNPDeviceID": device, "AdapterRAM": ram}
    host = windows_pcs.pc(keys, {"Win32_VideoController": [row]})
    return [one["memory_bytes"] for one in windows_pcs.rows("graphics", host)]


def test_memory_beyond_wmis_four_gibibytes() -> None:
    """The driver's own number has 64 bits; WMI's alone is unknown once it is full."""
    noted = {"DriverDesc": "Card", "HardwareInformation.qwMemorySize": {"hex": (8 << 30).to_bytes(8, "little").hex()}}
    assert windows(4293918720, noted) == [8 << 30]
    assert windows(4293918720) == windows(0xFFFFFFFF) == windows(None) == [None]
    assert windows(1 << 30) == [1 << 30]


def test_drivers_of_cards_that_are_gone_are_not_asked() -> None:
    """The key with the card's own name counts."""
    gone = {"DriverDesc": "Old", "HardwareInformation.MemorySize": 512 << 20}
    assert windows(None, gone, {"DriverDesc": "Card", "HardwareInformation.MemorySize": 1 << 30}) == [1 << 30]


def test_what_programs_draw_on_is_no_card() -> None:
    """A remote desktop, a tablet as a second screen."""
    assert windows(None, device="SWD\\REMOTEDISPLAYENUM\\1") == windows(None, device="ROOT\\DISPLAY\\0000") == []
