"""Graphics adapters."""

from collections.abc import Iterator
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.sources.files import line, number, pairs
from collectors.sources.linux import Linux
from collectors.sources.pci import device_name, names_list

_FOLDER = "/sys/bus/pci/devices"
_DISPLAY = "0x03"  # the base class of display controllers, PCI Code and ID Assignment Specification


@fact(key="slot", why="To know which machines can show what lessons need")
class Graphics:
    """A display controller on the PCI bus."""

    slot: Annotated[str, "Its place on the bus, such as '0000:00:02.0'"]
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
