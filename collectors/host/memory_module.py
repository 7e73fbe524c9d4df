"""Memory modules, as the firmware lists them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_serial, credible_text
from collectors.sources import smbios
from collectors.sources.linux import Linux
from collectors.sources.windows import CIMV2, Windows
from collectors.sources.wmi import number, text


@fact(key="slot", why="To notice memory that is taken out of a machine, and to plan what to add")
class MemoryModule:
    """A module in a slot. Empty slots have no row."""

    slot: Annotated[str, "The slot's name on the board, such as 'DIMM_A1', with its bank where the name is not unique"]
    size_bytes: Annotated[int, "The module's size"]
    form: Annotated[str | None, "DIMM, SODIMM, …; 'Row Of Chips' is soldered to the board"] = None
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
            slot=_named(one.bank, one.locator, place, is_unique=named[one.locator] == 1),
            size_bytes=one.size_bytes,
            form=one.form,
            kind=one.kind,
            speed_mhz=one.speed_mhz,
            vendor=credible_text(one.vendor),
            serial=credible_serial(one.serial),
            part_number=credible_text(one.part_number),
        )


def _named(bank: str | None, locator: str | None, place: int, *, is_unique: bool) -> str:
    """Return a name for the slot that no other has: two modules must not be taken for one."""
    if locator and is_unique:
        return locator
    return " ".join([*(word for word in (bank, locator) if word), f"#{place}"])


# CIM's own numbers of memory (Win32_PhysicalMemory.MemoryType), for Windows before 10, which knows nothing newer.
_CIM_KINDS = {17: "SDRAM", 19: "RDRAM", 20: "DDR", 21: "DDR2", 22: "DDR2 FB-DIMM", 24: "DDR3", 25: "FBD2", 26: "DDR4"}
_CIM_FORMS = {7: "SIMM", 8: "DIMM", 11: "RIMM", 12: "SODIMM", 13: "SRIMM", 24: "FB-DIMM"}
_UNSET = 0xFFFFFFFF


@collector(every="1d", within="20s")
def windows(host: Windows) -> Iterator[MemoryModule]:
    """Read Win32_PhysicalMemory. Where it does not name the kind, the firmware's own table does."""
    rows = host.wmi(
        CIMV2,
        "Win32_PhysicalMemory",
        *(
            "BankLabel",
            "Capacity",
            "DeviceLocator",
            "FormFactor",
            "Manufacturer",
            "MemoryType",
            "PartNumber",
            "SMBIOSMemoryType",
        ),
        *("SerialNumber", "Speed"),
    )
    rows = [row for row in rows if (number(row, "Capacity") or 0) > 0]
    named = Counter(text(row, "DeviceLocator") for row in rows)
    told = _told(host) if rows else {}
    for place, row in enumerate(rows):
        locator, speed = text(row, "DeviceLocator"), number(row, "Speed")
        one = told.get(locator or "")
        yield MemoryModule(
            slot=_named(text(row, "BankLabel"), locator, place, is_unique=named[locator] == 1),
            size_bytes=number(row, "Capacity") or 0,
            form=_CIM_FORMS.get(number(row, "FormFactor") or 0) or (one.form if one else None),
            kind=_kind(row) or (one.kind if one else None),
            speed_mhz=speed if speed and 0 < speed < _UNSET else one.speed_mhz if one else None,
            vendor=credible_text(text(row, "Manufacturer")),
            serial=credible_serial(text(row, "SerialNumber")),
            part_number=credible_text(text(row, "PartNumber")),
        )


def _kind(row: Mapping[str, Any]) -> str | None:
    kind = number(row, "SMBIOSMemoryType")
    return smbios.MEMORY_KINDS.get(kind or 0) or _CIM_KINDS.get(number(row, "MemoryType") or 0)


def _told(host: Windows) -> dict[str, smbios.MemoryDevice]:
    try:
        return {one.locator or "": one for one in smbios.memory_devices(host.firmware())}
    except OSError:
        return {}
