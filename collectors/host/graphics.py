"""Graphics adapters."""

from collections.abc import Iterator
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.sources import asking
from collectors.sources.files import line, number, pairs
from collectors.sources.linux import Linux
from collectors.sources.pci import device_name, names_list
from collectors.sources.windows import CIMV2, RegistryKey, Windows
from collectors.sources.wmi import number as number_of
from collectors.sources.wmi import text

_FOLDER = "/sys/bus/pci/devices"
_DISPLAY = "0x03"  # the base class of display controllers, PCI Code and ID Assignment Specification


@fact(key="slot", why="To know which machines can show what lessons need")
class Graphics:
    """A display controller: hardware, not what programs make to show a screen elsewhere."""

    slot: Annotated[str, "Its place on the bus, such as '0000:00:02.0', or Windows' name of the device"]
    name: Annotated[str, "Maker and model; the PCI numbers where the list of names is not installed"]
    memory_bytes: Annotated[
        int | None, "Its own memory; null where the driver does not tell, or it shares the PC's"
    ] = None
    driver: Annotated[str | None, "The kernel's driver in charge; null: none, so the picture is slow"] = None
    driver_version: Annotated[str | None, "The driver's version, where it has one apart from the kernel's"] = None


@collector(every="1d", within="10s")
def linux(host: Linux) -> Iterator[Graphics]:
    """Read the PCI devices of class 03; names from pci.ids, memory as amdgpu tells it."""
    if not host.exists(_FOLDER):
        raise NotHere("this machine has no PCI bus")
    slots = [one for one in host.list(_FOLDER) if (line(host, f"{_FOLDER}/{one}/class") or "").startswith(_DISPLAY)]
    names = names_list(host) if slots else b""
    for slot in slots:
        folder = f"{_FOLDER}/{slot}"
        driver = pairs(line(host, f"{folder}/uevent") or "").get("DRIVER")
        yield Graphics(
            slot=slot,
            name=device_name(names, line(host, f"{folder}/vendor") or "", line(host, f"{folder}/device") or ""),
            memory_bytes=max(number(host, f"{folder}/mem_info_vram_total") or 0, 0) or None,
            driver=driver,
            driver_version=line(host, f"/sys/module/{driver}/version") if driver else None,
        )


_CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_ENUM = r"HKLM\SYSTEM\CurrentControlSet\Enum"
_NOT_HARDWARE = ("ROOT\\", "SWD\\")  # made by programs: a remote desktop, a second screen on a tablet
_LARGEST_IN_WMI = 0xFFF00000  # AdapterRAM has 32 bits, and drivers round what is more


@collector(every="1d", within="20s")
def windows(host: Windows) -> Iterator[Graphics]:
    """Read Win32_VideoController; the memory comes from the registry, since WMI's number ends at 4 GiB.

    The display class in the registry also keeps the drivers of cards that were taken out: they give no rows.
    """
    rows = host.wmi(CIMV2, "Win32_VideoController", "AdapterRAM", "DriverVersion", "Name", "PNPDeviceID")
    drivers = _drivers(host) if rows else {}
    for row in {text(row, "PNPDeviceID"): row for row in rows}.values():
        slot, name = text(row, "PNPDeviceID"), text(row, "Name")
        if not slot or not name or slot.upper().startswith(_NOT_HARDWARE):
            continue
        driver = drivers.get((asking.text(host, rf"{_ENUM}\{slot}", "Driver") or "").rpartition("\\")[2])
        driver = driver or next((one for one in drivers.values() if one.text("DriverDesc") == name), None)
        yield Graphics(
            slot=slot,
            name=name,
            memory_bytes=_memory(driver, number_of(row, "AdapterRAM")),
            driver=asking.text(host, rf"{_ENUM}\{slot}", "Service"),
            driver_version=text(row, "DriverVersion"),
        )


def _drivers(host: Windows) -> dict[str, RegistryKey]:
    """Return the keys of the display class by their numbers, such as '0000'."""
    found = ((name, asking.key(host, rf"{_CLASS}\{name}")) for name in asking.names(host, _CLASS) if name.isdecimal())
    return {name: driver for name, driver in found if driver is not None}


def _memory(driver: RegistryKey | None, in_wmi: int | None) -> int | None:
    for name in ("HardwareInformation.qwMemorySize", "HardwareInformation.MemorySize"):
        noted = driver.number(name) if driver else None
        if noted and noted > 0:
            return noted
    return in_wmi if in_wmi and 0 < in_wmi < _LARGEST_IN_WMI else None
