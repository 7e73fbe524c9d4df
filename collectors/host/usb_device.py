"""USB equipment of the school: keyboards, cameras, printers, boards. Never what people carry in their pockets."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_text
from collectors.sources import asking
from collectors.sources.files import line, names
from collectors.sources.linux import Linux
from collectors.sources.names import untaken
from collectors.sources.windows import CIMV2, Windows
from collectors.sources.wmi import text, texts

_FOLDER = "/sys/bus/usb/devices"
_NUMBER = re.compile(r"[0-9a-f]{4}")


@fact(key="port", why="To keep the school's list of equipment: document cameras, boards and headsets go missing")
class UsbDevice:
    """A device of the school's. Phones, memory sticks and hubs are left out, and serial numbers are never read."""

    port: Annotated[str, "Where it is plugged in: bus and ports, such as '1-1.2', or Windows' 'Port_#0004.Hub_#0003'"]
    vendor_id: Annotated[str, "The maker's number, four hexadecimal digits"]
    product_id: Annotated[str, "The product's number, four hexadecimal digits"]
    name: Annotated[str | None, "The product's name, as it says itself, or Windows' driver"] = None
    vendor: Annotated[str | None, "The maker's name, as the device says, or Windows' driver"] = None


# A device is shown only if what it can do (its interfaces) says that it is equipment. One doubtful interface is enough
# to leave it out: a phone also calls itself a camera, a stick with a virus also a keyboard. (USB-IF class codes.)
_AUDIO, _HID, _IMAGE, _PRINTER, _STORAGE = "01", "03", "06", "07", "08"
_CARD, _VIDEO, _AUDIO_VIDEO, _RADIO, _OWN = "0b", "0e", "10", "e0", "ff"

_EQUIPMENT = {_AUDIO, _HID, _CARD, _VIDEO, _AUDIO_VIDEO, _OWN}
_PERSONAL = {_IMAGE, _STORAGE}  # memory, and the pictures of a phone or camera (PTP and MTP)
_BLUETOOTH, _SHARED_INTERNET, _ANDROID_DEBUGGING = "e00101", "e00103", "ff42"
_PHONES_OWN_WORDS = (
    "MTP",
    "PTP",
    "ADB",
    "RNDIS",
    "Android",
)  # in the interface's name, where its class is the maker's own

# Makers of phones: theirs are shown only if they can do nothing but type, point, print or be a Bluetooth radio.
_PHONE_MAKERS = frozenset(
    """
    0421 04e8 05ac 05c6 0bb4 0e8d 0fce 1004 109b 12d1 1782 18d1 1949 19d2 1bbb 1ebf 22b8 22d9 2717 2a45 2a47 2a70 2ae5
    2d95 2e04 339b
    """.split()  # noqa: SIM905 - words read better than a list of strings
)
_SAFE_OF_PHONE_MAKERS = {_HID, _RADIO}


@dataclass(frozen=True, slots=True)
class Interface:
    """One thing that a device can do: its class, subclass and protocol as six hexadecimal digits, and its name."""

    codes: str
    name: str = ""

    @property
    def kind(self) -> str:
        """The class alone."""
        return self.codes[:2]


@collector(every="6h", within="10s")
def linux(host: Linux) -> Iterator[UsbDevice]:
    """Read /sys/bus/usb/devices. Which devices are shown is decided by their interfaces, before any name is read."""
    if not host.exists(_FOLDER):
        raise NotHere("this machine has no USB")
    for port in host.list(_FOLDER):
        folder = f"{_FOLDER}/{port}"
        vendor, product = _number(host, f"{folder}/idVendor"), _number(host, f"{folder}/idProduct")
        if ":" in port or not vendor or not product or not is_equipment(vendor, _interfaces(host, folder, port)):
            continue
        yield UsbDevice(
            port=port,
            vendor_id=vendor,
            product_id=product,
            name=credible_text(line(host, f"{folder}/product")),
            vendor=credible_text(line(host, f"{folder}/manufacturer")),
        )


def _number(host: Linux, path: str) -> str | None:
    text = (line(host, path) or "").lower()
    return text if _NUMBER.fullmatch(text) else None


def _interfaces(host: Linux, folder: str, port: str) -> list[Interface]:
    return [
        Interface(
            codes="".join(
                line(host, f"{folder}/{name}/bInterface{part}") or "??" for part in ("Class", "SubClass", "Protocol")
            ).lower(),
            name=line(host, f"{folder}/{name}/interface") or "",
        )
        for name in names(host, folder)
        if name.startswith(f"{port}:")
    ]


def is_equipment(vendor_id: str, interfaces: Collection[Interface]) -> bool:
    """Return whether a device is the school's equipment by what it can do; one that tells nothing is not."""
    kinds = {one.kind for one in interfaces}
    if _PRINTER in kinds:  # many have a reader for memory cards, and a scanner
        return True
    if kinds & _PERSONAL or any(_is_of_a_phone(one) for one in interfaces):
        return False
    if vendor_id in _PHONE_MAKERS:
        return bool(kinds) and kinds <= _SAFE_OF_PHONE_MAKERS
    return bool(kinds & _EQUIPMENT) or any(one.codes == _BLUETOOTH for one in interfaces)


def _is_of_a_phone(one: Interface) -> bool:
    return (
        one.codes == _SHARED_INTERNET
        or one.codes.startswith(_ANDROID_DEBUGGING)
        or any(word in one.name for word in _PHONES_OWN_WORDS)
    )


_ENUM = r"HKLM\SYSTEM\CurrentControlSet\Enum"
_DEVICE = re.compile(r"USB\\VID_([0-9A-F]{4})&PID_([0-9A-F]{4})(&MI_[0-9A-F]{2})?\\(.+)\Z", re.IGNORECASE)
_CLASS = re.compile(r"USB\\(?:DEV)?CLASS_([0-9A-F]{2})(?:&SUBCLASS_([0-9A-F]{2})&PROT_([0-9A-F]{2}))?\Z", re.IGNORECASE)
_COMPOSITE_CODES = {"000000", "ef0201"}  # "see my interfaces"

# What a driver's service says of a device that tells no class (Windows XP shows none).
_SERVICES = {
    **dict.fromkeys(("usbstor", "uaspstor", "usbstor_rc", "sfloppy"), "080650"),
    **dict.fromkeys(("usbprint",), "070102"),
    **dict.fromkeys(("hidusb", "mouhid", "kbdhid"), "030000"),
    **dict.fromkeys(("usbaudio", "usbaudio2"), "010000"),
    **dict.fromkeys(("usbvideo",), "0e0000"),
    **dict.fromkeys(("bthusb", "bthport"), "e00101"),
    **dict.fromkeys(("wudfwpdmtp", "wpdusb", "ptpusb", "usbscan"), "060101"),
    **dict.fromkeys(("usbccid", "scardusb"), "0b0000"),
    **dict.fromkeys(("usbhub", "usbhub3", "usbhub30"), "090000"),
    **dict.fromkeys(("usb_rndis", "usbrndis", "usb_rndisx", "rndismp"), "e00103"),
    **dict.fromkeys(("winusb", "androidusb"), "ff4201"),
}
_COMPOSITE_SERVICES = {"usbccgp"}
# The same by the device setup class, which Windows gives to what has a driver of its maker's.
_SETUP_CLASSES = {
    "{eec5ad98-8080-425f-922a-dabf3de3f69a}": "060101",  # portable: phones, players and cameras
    "{50dd5230-ba8a-11d1-bf5d-0000f805f530}": "0b0000",  # readers of smart cards
    "{ca3e7ab9-b4c3-4ae6-8251-579ef933890f}": "0e0000",  # cameras that only look
    "{4d36e96c-e325-11ce-bfc1-08002be10318}": "010000",  # sound
    "{4d36e96b-e325-11ce-bfc1-08002be10318}": "030101",  # keyboards
    "{4d36e96f-e325-11ce-bfc1-08002be10318}": "030102",  # mice
    "{745a17a0-74d3-11d0-b6fe-00a0c90f57da}": "030000",  # other input
    "{4d36e979-e325-11ce-bfc1-08002be10318}": "070102",  # printers
    "{4d36e967-e325-11ce-bfc1-08002be10318}": "080650",  # disks
    "{e0cbf06c-cd8b-4647-bb8a-263b43f0f974}": "e00101",  # Bluetooth radios
    "{53d29ef7-377c-4d14-864b-eb3a85769359}": "ff0000",  # fingerprint readers
}
_PORTABLE = "060101"
_NO_MAKER = ("(", "microsoft")  # Windows' own word, in its own language, for "any maker"


@collector(every="6h", within="30s")
def windows(host: Windows) -> Iterator[UsbDevice]:
    """Read the USB devices of Win32_PnPEntity: what is plugged in now. What they can do decides, as on Linux.

    Windows names a device by its driver, and its maker by the driver's, so names are often general. The last part of
    a device's own name may be its serial number: it is not told.
    """
    rows = host.wmi(
        CIMV2,
        "Win32_PnPEntity",
        *("ClassGuid", "CompatibleID", "DeviceID", "HardwareID", "Manufacturer", "Name", "Service"),
        where=r"DeviceID LIKE 'USB\\VID%'",
    )
    devices, parts = list[_Seen](), dict[str, list[_Seen]]()
    for row in rows:
        if found := _DEVICE.match(text(row, "DeviceID") or ""):
            seen = _Seen(f"{found[1]}:{found[2]}".lower(), found[4], row)
            if found[3]:
                parts.setdefault(seen.numbers, []).append(seen)
            else:
                devices.append(seen)
    ports = set[str]()
    for seen in devices:
        mine = parts.get(seen.numbers, [])
        vendor, product = seen.numbers.split(":")
        if not is_equipment(vendor, [one for part in (seen, *mine) for one in _abilities(part.row)]):
            continue
        port = untaken(_port(host, seen), ports)
        yield UsbDevice(
            port=port,
            vendor_id=vendor,
            product_id=product,
            name=_name(seen, mine),
            vendor=next((one for one in map(_maker, (seen, *mine)) if one), None),
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    numbers: str
    instance: str
    row: Mapping[str, Any]


def _abilities(row: Mapping[str, Any]) -> Iterator[Interface]:
    """Yield what a device or a part of one says that it can do: its most exact class, or what its driver tells."""
    service = (text(row, "Service") or "").lower()
    codes = None
    for said in texts(row, "CompatibleID"):
        if found := _CLASS.match(said):
            codes = (found[1] + (found[2] or "") + (found[3] or "")).lower().ljust(6, "0")
            break
    by_driver = _SERVICES.get(service) or _SETUP_CLASSES.get((text(row, "ClassGuid") or "").lower())
    if by_driver == _PORTABLE or codes is None or codes in _COMPOSITE_CODES:
        codes = by_driver
    if codes and service not in _COMPOSITE_SERVICES:
        yield Interface(codes, " ".join((*texts(row, "CompatibleID"), text(row, "Name") or "")))


def _port(host: Windows, seen: _Seen) -> str:
    """Return where a device is plugged in; Windows' own name of the place where it gave one, never a serial."""
    place = asking.text(host, rf"{_ENUM}\USB\{_key(seen)}\{seen.instance}", "LocationInformation")
    if place and re.fullmatch(r"Port_#\d{4}\.Hub_#\d{4}", place):
        return place
    return f"{seen.numbers} {seen.instance}" if "&" in seen.instance else seen.numbers


def _key(seen: _Seen) -> str:
    vendor, product = seen.numbers.split(":")
    return f"VID_{vendor}&PID_{product}"


def _name(seen: _Seen, parts: list[_Seen]) -> str | None:
    """Return the name that a maker gave; else what a part is, since a device of several parts is only called so."""
    all_parts = (seen, *parts)
    named = next((one for one in all_parts if _maker(one)), all_parts[min(1, len(parts))])
    return credible_text(text(named.row, "Name"))


def _maker(seen: _Seen) -> str | None:
    maker = credible_text(text(seen.row, "Manufacturer"))
    return None if maker is None or maker.lower().startswith(_NO_MAKER) else maker
