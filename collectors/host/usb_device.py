"""USB equipment of the school: keyboards, cameras, printers, boards. Never what people carry in their pockets."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_text
from collectors.sources.files import line, names
from collectors.sources.linux import Linux

_FOLDER = "/sys/bus/usb/devices"
_NUMBER = re.compile(r"[0-9a-f]{4}")


@fact(key="port", why="To keep the school's list of equipment: document cameras, boards and headsets go missing")
class UsbDevice:
    """A device of the school's. Phones, memory sticks and hubs are left out, and serial numbers are never read."""

    port: Annotated[str, "Where it is plugged in: bus and ports, such as '1-1.2'"]
    vendor_id: Annotated[str, "The maker's number, four hexadecimal digits"]
    product_id: Annotated[str, "The product's number, four hexadecimal digits"]
    name: Annotated[str | None, "The product's name, as it says itself"] = None
    vendor: Annotated[str | None, "The maker's name, as the device says"] = None


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
