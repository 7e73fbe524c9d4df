"""Files that people send of a Windows PC, and what WMI and the registry would have said of the same machine.

So a recording that holds only such a file answers collectors that know only WMI and the registry. Like the readers of
bytes below it, nothing here raises for what a file says: what makes no sense stands in for nothing.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from collectors.sources import dmidecode, edid, smbios
from collectors.sources.decoding import decoded

File = tuple[Path, bytes]

_ENDINGS = {".edid", ".dmidecode", ".xml", ".hex", ".txt", ".bin"}
_EDID_BYTES = {128, 256, 384, 512}
_SMALL, _LARGE = 16, 8 << 20


def may_stand_in(path: Path) -> bool:
    """Return whether a file may be one of these, by its name and size: an EDID's name often ends like 'p2419h.1'."""
    size = path.stat().st_size
    is_named_so = path.suffix.lower() in _ENDINGS or "." not in path.name
    return size in _EDID_BYTES or (is_named_so and _SMALL <= size <= _LARGE)


def is_of_windows(path: Path, data: bytes) -> bool:
    """Return whether a file alone makes a folder the recording of a Windows PC: dmidecode's text could be a Linux's."""
    return bool(values([(path, data)])) or (path.suffix.lower() == ".xml" and _batteries(data) is not None)


def _edids(files: Iterable[File]) -> list[tuple[str, bytes]]:
    """Return the monitors' EDIDs with a name for each, as Windows would make it."""
    found = []
    for path, data in files:
        if data.startswith(edid.HEADER) and len(data) in _EDID_BYTES and (said := edid.parse(data)):
            place = re.sub(r"[^A-Za-z0-9.]", "_", path.name)
            found.append((rf"DISPLAY\{said.pnp_id}{said.product_code:04X}\{place}", data))
    return found


def _dmidecode(files: Iterable[File]) -> str:
    """Return what dmidecode printed; '' where no file holds it."""
    for path, data in files:
        if path.suffix.lower() in {"", ".dmidecode", ".txt"} and b"DMI type" in data and b"\0" not in data[:64]:
            return decoded(data)
    return ""


def instances(files: Iterable[File]) -> dict[str, list[dict[str, Any]]]:
    """Return WMI classes (in lower case) with the instances that the files stand in for."""
    kept = list(files)
    found: dict[str, list[dict[str, Any]]] = {}
    monitors = _edids(kept)
    if monitors:
        found["wmimonitorid"] = [{"InstanceName": f"{place}_0", "Active": True} for place, _ in monitors]
    printed = _dmidecode(kept)
    if printed:
        found |= _of_firmware(dmidecode.files(printed))
        if bays := _bays(printed):
            found["batterystaticdata"] = bays
    for path, data in kept:
        if path.suffix.lower() == ".xml" and (rows := _batteries(data)) is not None:
            found |= rows
    return found


# (class, property) -> the file of /sys/class/dmi/id that says the same
_FIRMWARE: Mapping[str, Mapping[str, str]] = {
    "win32_bios": {
        "Manufacturer": "bios_vendor",
        "SMBIOSBIOSVersion": "bios_version",
        "SerialNumber": "product_serial",
    },
    "win32_computersystem": {"Manufacturer": "sys_vendor", "Model": "product_name"},
    "win32_computersystemproduct": {
        "Vendor": "sys_vendor",
        "Name": "product_name",
        "Version": "product_version",
        "IdentifyingNumber": "product_serial",
        "UUID": "product_uuid",
    },
    "win32_baseboard": {"Manufacturer": "board_vendor", "Product": "board_name", "SerialNumber": "board_serial"},
    "win32_systemenclosure": {
        "ChassisTypes": "chassis_type",
        "SerialNumber": "chassis_serial",
        "SMBIOSAssetTag": "chassis_asset_tag",
    },
}
_US_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})\Z")


def _of_firmware(said: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, properties in _FIRMWARE.items():
        row = {one: said.get(f"{dmidecode.FOLDER}/{file}", "").strip() or None for one, file in properties.items()}
        if any(row.values()):
            found[name] = [row]
    date = _US_DATE.match(said.get(f"{dmidecode.FOLDER}/bios_date", "").strip())
    if date and "win32_bios" in found:
        found["win32_bios"][0]["ReleaseDate"] = f"{date[3]}{date[1]}{date[2]}000000.000000+000"
    return found


_ENERGY = re.compile(r"(\d{1,7}) mWh\Z", re.ASCII)


def _bays(printed: str) -> list[dict[str, Any]]:
    """Return what the firmware says of batteries; how much each holds now it does not know."""
    return [
        {
            "InstanceName": f"battery {place}",
            "DeviceName": said.get("Name"),
            "ManufactureName": said.get("Manufacturer"),
            "SerialNumber": said.get("Serial Number"),
            "DesignedCapacity": capacity[1] if (capacity := _ENERGY.match(said.get("Design Capacity", ""))) else None,
        }
        for place, said in enumerate(dmidecode.batteries(printed))
    ]


_BATTERY_REPORT = "{http://schemas.microsoft.com/battery/2012}"


def _batteries(data: bytes) -> dict[str, list[dict[str, Any]]] | None:
    r"""Return what root\wmi says of batteries from ``powercfg /batteryreport /xml``; None for other XML.

    A file that declares entities is refused: no report does, and they could grow without bounds.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        root = ET.fromstring(decoded(data).encode("utf-8"))  # noqa: S314 - entities were refused above
    except (ET.ParseError, ValueError, LookupError):
        return None
    if root.tag != f"{_BATTERY_REPORT}BatteryReport":
        return None
    static, full, cycles = [], [], []
    for place, one in enumerate(root.iterfind(f"{_BATTERY_REPORT}Batteries/{_BATTERY_REPORT}Battery")):
        said = {child.tag.removeprefix(_BATTERY_REPORT): (child.text or "").strip() for child in one}
        name = f"battery {place}"
        static.append(
            {
                "InstanceName": name,
                "DeviceName": said.get("Id"),
                "ManufactureName": said.get("Manufacturer"),
                "SerialNumber": said.get("SerialNumber"),
                "DesignedCapacity": said.get("DesignCapacity"),
            }
        )
        full.append({"InstanceName": name, "FullChargedCapacity": said.get("FullChargeCapacity")})
        cycles.append({"InstanceName": name, "CycleCount": said.get("CycleCount")})
    return {"batterystaticdata": static, "batteryfullchargedcapacity": full, "batterycyclecount": cycles}


_CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_VERSION_4_BYTES = 1272


def values(files: Iterable[File]) -> dict[str, dict[str, Any]]:
    """Return registry keys with the values that the files stand in for, as machine.json writes them."""
    found: dict[str, dict[str, Any]] = {}
    kept = list(files)
    for place, data in _edids(kept):
        key = rf"HKLM\SYSTEM\CurrentControlSet\Enum\{place}\Device Parameters"
        found[key] = {"EDID": {"hex": data.hex()}}
    for path, data in kept:
        if path.suffix.lower() == ".hex":
            try:
                raw = bytes.fromhex(decoded(data))
            except ValueError:
                continue
            name = "DigitalProductId4" if len(raw) == _VERSION_4_BYTES else "DigitalProductId"
            found.setdefault(_CURRENT_VERSION, {})[name] = {"hex": raw.hex()}
    return found


def firmware(files: Iterable[File]) -> bytes | None:
    """Return an SMBIOS table with the memory modules that dmidecode printed; None where no file holds its text."""
    printed = _dmidecode(files)
    table = dmidecode.table(printed) if printed else b""
    return table if any(one.type == smbios.MEMORY_DEVICE for one in smbios.structures(table)) else None
