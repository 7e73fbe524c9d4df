"""Display controllers are found by class and named by the system's list."""

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
