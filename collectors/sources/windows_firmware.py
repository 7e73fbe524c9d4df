r"""What a Windows PC's firmware says of the machine, from WMI, else from the registry.

Windows notes the firmware's words at each start in HKLM\HARDWARE\DESCRIPTION\System\BIOS: they are there where WMI's
store is damaged, as on many an old PC.
"""

from collections.abc import Mapping
from typing import Any

from collectors.facts import Failed
from collectors.sources import asking
from collectors.sources.windows import CIMV2, Windows

BIOS = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"

# what -> (class, properties)
_CLASSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "system": ("Win32_ComputerSystem", ("Manufacturer", "Model", "PCSystemType")),
    "product": ("Win32_ComputerSystemProduct", ("IdentifyingNumber", "Name", "UUID", "Vendor", "Version")),
    "bios": ("Win32_BIOS", ("Manufacturer", "ReleaseDate", "SerialNumber", "SMBIOSBIOSVersion", "Version")),
    "board": ("Win32_BaseBoard", ("Manufacturer", "Product", "SerialNumber")),
    "case": ("Win32_SystemEnclosure", ("ChassisTypes", "SerialNumber", "SMBIOSAssetTag")),
}

# (what, property) -> the registry's name
_NOTED = {
    ("system", "Manufacturer"): "SystemManufacturer",
    ("system", "Model"): "SystemProductName",
    ("product", "Version"): "SystemVersion",
    ("bios", "Manufacturer"): "BIOSVendor",
    ("bios", "SMBIOSBIOSVersion"): "BIOSVersion",
    ("bios", "ReleaseDate"): "BIOSReleaseDate",
    ("board", "Manufacturer"): "BaseBoardManufacturer",
    ("board", "Product"): "BaseBoardProduct",
}


def firmware_said(host: Windows) -> dict[str, dict[str, Any]]:
    """Return the properties of the system, the product, the bios, the board and the case.

    Raises Failed, or as ``host.wmi`` does, where neither a class nor the registry tells anything.
    """
    found = {what: asking.first(host, CIMV2, name, *properties) for what, (name, properties) in _CLASSES.items()}
    if any(found.values()):
        return found
    for (what, name), noted in _NOTED.items():
        if said := asking.text(host, BIOS, noted):
            found[what][name] = said
    if not any(found.values()):
        name, properties = _CLASSES["system"]
        host.wmi(CIMV2, name, *properties)  # raises why, where it knows
        raise Failed("neither WMI nor the registry tells what this machine is")
    return found
