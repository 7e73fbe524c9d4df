"""The machine itself: what it is called, what it is, who made it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from collectors.facts import Failed, collector, fact
from collectors.identifiers import DMI, credible_serial, credible_text, credible_uuid
from collectors.sources.files import line, number
from collectors.sources.linux import Linux
from collectors.sources.smbios import CHASSIS_TYPES, UNKNOWN_CHASSIS
from collectors.sources.windows import Windows
from collectors.sources.windows_firmware import firmware_said
from collectors.sources.wmi import day, text, texts, whole
from collectors.sources.wmi import number as number_of


class Kind(StrEnum):
    """The kinds of machine that a school's records tell apart."""

    DESKTOP = "desktop"
    LAPTOP = "laptop"
    ALL_IN_ONE = "all_in_one"
    TABLET = "tablet"
    SERVER = "server"
    VIRTUAL = "virtual"
    UNKNOWN = "unknown"


@fact(why="To find the machine in the school's records and to count what pupils and teachers can use")
class Device:
    """The machine on which the agent runs. Always one row."""

    hostname: Annotated[str, "The machine's own name, as the system has it"]
    kind: Annotated[Kind, "What it is: from the firmware's chassis type; unknown where the firmware does not say"]
    vendor: Annotated[str | None, "The maker of the machine; the board's where the machine's is a placeholder"] = None
    model: Annotated[str | None, "The name that people know it by; the board's where it is a placeholder"] = None
    serial: Annotated[str | None, "The serial number on the case (a service tag at Dell); null where not credible"] = (
        None
    )
    uuid: Annotated[str | None, "The firmware's UUID as this system shows it; null where not credible"] = None
    board_vendor: Annotated[str | None, "The maker of the mainboard"] = None
    board_model: Annotated[str | None, "The model of the mainboard"] = None
    asset_tag: Annotated[str | None, "The inventory number that someone wrote into the firmware"] = None
    chassis: Annotated[str | None, "The firmware's word for the case, such as 'Mini Tower' or 'Notebook'"] = None
    firmware_vendor: Annotated[str | None, "The maker of the BIOS or UEFI"] = None
    firmware_version: Annotated[str | None, "The version of the BIOS or UEFI"] = None
    firmware_date: Annotated[date | None, "The date of the BIOS or UEFI"] = None


# DSP0134 7.4.1, "System Enclosure or Chassis Types". What is not here (Other, a dock) is unknown.
_KINDS = {
    **dict.fromkeys((3, 4, 5, 6, 7, 15, 16, 24, 34, 35, 36), Kind.DESKTOP),
    **dict.fromkeys((8, 9, 10, 14, 31, 32), Kind.LAPTOP),
    **dict.fromkeys((11, 30), Kind.TABLET),
    **dict.fromkeys((17, 22, 23, 25, 26, 27, 28, 29), Kind.SERVER),
    13: Kind.ALL_IN_ONE,
}

# Words that only a virtual machine's firmware says, as maker or model.
_VIRTUAL_WORDS = re.compile(
    r"QEMU|KVM|VMware|VirtualBox|innotek|\bXen\b|HVM domU|Parallels|Bochs|BHYVE|Virtual Machine|VirtualMac"
    r"|Amazon EC2|Google Compute Engine|OpenStack|oVirt|RHEV|Alibaba Cloud|DigitalOcean|Droplet|vServer|Nutanix"
    r"|Standard PC \(|\bUTM\b|Apple Virtualization|Red Hat",
    re.IGNORECASE,
)


@collector(every="6h", within="10s")
def linux(host: Linux) -> Iterator[Device]:
    """Read /sys/class/dmi/id; on a machine without SMBIOS (a container, a small board) most fields are null.

    Serial and UUID are for root's eyes: as an ordinary user they are null.
    """

    def said(name: str) -> str | None:
        return credible_text(line(host, f"{DMI}/{name}"))

    vendor, board_vendor, board_model = said("sys_vendor"), said("board_vendor"), said("board_name")
    uuid = line(host, f"{DMI}/product_uuid")
    chassis = number(host, f"{DMI}/chassis_type") or 0
    yield Device(
        hostname=_hostname(host),
        kind=Kind.VIRTUAL if _is_virtual(host) else _KINDS.get(chassis, Kind.UNKNOWN),
        vendor=vendor or board_vendor,
        model=_model(vendor, said("product_name"), said("product_version")) or board_model or _tree_model(host),
        serial=credible_serial(line(host, f"{DMI}/product_serial"))
        or credible_serial(line(host, f"{DMI}/chassis_serial")),
        uuid=uuid.lower() if uuid and credible_uuid(uuid) else None,
        board_vendor=board_vendor,
        board_model=board_model,
        asset_tag=credible_serial(line(host, f"{DMI}/chassis_asset_tag"))
        or credible_serial(line(host, f"{DMI}/board_asset_tag")),
        chassis=CHASSIS_TYPES.get(chassis) if chassis != UNKNOWN_CHASSIS else None,
        firmware_vendor=said("bios_vendor"),
        firmware_version=said("bios_version"),
        firmware_date=_date(line(host, f"{DMI}/bios_date")),
    )


def _hostname(host: Linux) -> str:
    name = host.read("/proc/sys/kernel/hostname").strip(" \t\r\n\0")
    if not name:
        raise Failed("the kernel has no host name for this machine")
    return name


_LETTERS_IN_A_NAME = 4


def _model(vendor: str | None, name: str | None, version: str | None) -> str | None:
    """Return the model's name. Lenovo's is a machine type ('1298A8G'); the name people know is in the version."""
    is_lenovo = vendor is not None and vendor.lower().startswith("lenovo")
    if is_lenovo and version and sum(one.isalpha() for one in version) >= _LETTERS_IN_A_NAME:
        return version
    return name


def _tree_model(host: Linux) -> str | None:
    """Return what a small board without SMBIOS (a Raspberry Pi) calls itself."""
    return credible_text(line(host, "/proc/device-tree/model"))


def _is_virtual(host: Linux) -> bool:
    """Return whether this is a guest: its firmware says so, or its processor, save under Xen's own first domain."""
    told = (line(host, f"{DMI}/{name}") for name in ("sys_vendor", "product_name", "bios_vendor", "product_version"))
    if any(_VIRTUAL_WORDS.search(one) for one in told if one):
        return True
    if "control_d" in (line(host, "/proc/xen/capabilities") or ""):
        return False
    processors = line(host, "/proc/cpuinfo") or ""
    flags = next((one for one in processors.splitlines() if one.startswith("flags")), "")
    return "hypervisor" in flags.split()


_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\Z")


def _date(text: str | None) -> date | None:
    """Return a BIOS date: the standard wants MM/DD/YYYY, old firmware has two digits for the 1990s and later."""
    found = _US_DATE.match(text or "")
    if not found:
        return None
    month, day, year = int(found[1]), int(found[2]), int(found[3])
    if len(found[3]) == 2:  # noqa: PLR2004 - digits of the year
        year += 1900 if year >= 80 else 2000  # noqa: PLR2004 - PCs began in 1981
    try:
        return date(year, month, day)
    except ValueError:
        return None


@collector(every="6h", within="20s")
def windows(host: Windows) -> Iterator[Device]:
    """Ask WMI for what the firmware says, else the registry, where Windows notes it at each start.

    A row needs one of these: where none can be read, nothing is known but the name.
    """
    said = firmware_said(host)
    product = said["product"]
    serials = (said["bios"].get("SerialNumber"), product.get("IdentifyingNumber"), said["case"].get("SerialNumber"))
    vendor = credible_text(text(said["system"], "Manufacturer")) or credible_text(text(product, "Vendor"))
    name = credible_text(text(said["system"], "Model")) or credible_text(text(product, "Name"))
    board_vendor = credible_text(text(said["board"], "Manufacturer"))
    board_model = credible_text(text(said["board"], "Product"))
    uuid = text(product, "UUID")
    chassis = _chassis(said["case"])
    version = text(said["bios"], "SMBIOSBIOSVersion") or text(said["bios"], "Version")
    yield Device(
        hostname=host.hostname(),
        kind=_windows_kind(said, chassis),
        vendor=vendor or board_vendor,
        model=_model(vendor, name, credible_text(text(product, "Version"))) or board_model,
        serial=next(filter(None, (credible_serial(one) for one in serials if isinstance(one, str))), None),
        uuid=uuid.lower() if uuid and credible_uuid(uuid) else None,
        board_vendor=board_vendor,
        board_model=board_model,
        asset_tag=credible_serial(text(said["case"], "SMBIOSAssetTag")),
        chassis=CHASSIS_TYPES.get(chassis) if chassis != UNKNOWN_CHASSIS else None,
        firmware_vendor=credible_text(text(said["bios"], "Manufacturer")),
        firmware_version=version if credible_text(version) else None,
        firmware_date=day(said["bios"], "ReleaseDate") or _date(text(said["bios"], "ReleaseDate")),
    )


# Win32_ComputerSystem.PCSystemType, for firmware that does not name its case: mobile, servers, slate.
_SYSTEM_TYPES = {1: Kind.DESKTOP, 2: Kind.LAPTOP, 3: Kind.DESKTOP, 4: Kind.SERVER, 5: Kind.SERVER, 8: Kind.TABLET}


def _chassis(case: Mapping[str, Any]) -> int:
    """Return the case's number: the first that says something."""
    found = (whole(one) for one in texts(case, "ChassisTypes"))
    return next((one & 0x7F for one in found if one and one & 0x7F not in {1, UNKNOWN_CHASSIS}), UNKNOWN_CHASSIS)


def _windows_kind(said: Mapping[str, Mapping[str, Any]], chassis: int) -> Kind:
    told = (
        *(text(said["system"], name) for name in ("Manufacturer", "Model")),
        *(text(said["product"], name) for name in ("Vendor", "Name", "Version")),
        *(text(said["bios"], name) for name in ("Manufacturer", "SMBIOSBIOSVersion", "Version", "SerialNumber")),
    )
    if any(_VIRTUAL_WORDS.search(one) for one in told if one):
        return Kind.VIRTUAL
    kind = _KINDS.get(chassis)
    return kind or _SYSTEM_TYPES.get(number_of(said["system"], "PCSystemType") or 0, Kind.UNKNOWN)
