"""Memory modules, as the firmware lists them."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_serial, credible_text
from collectors.sources import smbios
from collectors.sources.linux import Linux


@fact(key="slot", why="To notice memory that is taken out of a machine, and to plan what to add")
class MemoryModule:
    """A module in a slot. Empty slots have no row."""

    slot: Annotated[str, "The slot's name on the board, such as 'DIMM_A1', with its bank where the name is not unique"]
    size_bytes: Annotated[int, "The module's size"]
    kind: Annotated[str | None, "DDR3, DDR4, …"] = None
    speed_mhz: Annotated[int | None, "The speed that it is made for, in MT/s, as the trade prints it"] = None
    vendor: Annotated[str | None, "The module's maker, as the firmware has it"] = None
    serial: Annotated[str | None, "The module's serial number"] = None
    part_number: Annotated[str | None, "The maker's part number"] = None


@collector(every="1d", within="10s")
def linux(host: Linux) -> Iterator[MemoryModule]:
    """
    Read the SMBIOS table (type 17), which only root may.

    A virtual machine or a small board without SMBIOS has no modules that anyone could see: not here.
    """
    if not host.exists(smbios.TABLE):
        raise NotHere("this machine's firmware gives no SMBIOS table")
    found = list(smbios.memory_devices(host.read_bytes(smbios.TABLE)))
    named = Counter(one.locator for one in found)
    for place, one in enumerate(found):
        yield MemoryModule(
            slot=_slot(one, place, is_unique=named[one.locator] == 1),
            size_bytes=one.size_bytes,
            kind=one.kind,
            speed_mhz=one.speed_mhz,
            vendor=credible_text(one.vendor),
            serial=credible_serial(one.serial),
            part_number=credible_text(one.part_number),
        )


def _slot(one: smbios.MemoryDevice, place: int, *, is_unique: bool) -> str:
    """Return a name for the slot that no other has: two modules must not be taken for one."""
    if one.locator and is_unique:
        return one.locator
    return " ".join([*(word for word in (one.bank, one.locator) if word), f"#{place}"])
