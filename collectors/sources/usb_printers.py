r"""Printers that Windows knows on USB: the port that it gave to each, and the serial number.

A printer is a device of its own (Enum\USBPRINT) below the USB device (Enum\USB) that carries the serial: they are one
by their ContainerID (Windows 7 and later), or by the parent's prefix in the printer's own name (XP).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.sources import asking
from collectors.sources.windows import Windows

_PRINTERS = r"HKLM\SYSTEM\CurrentControlSet\Enum\USBPRINT"
_USB = r"HKLM\SYSTEM\CurrentControlSet\Enum\USB"
_NO_CONTAINER = "{00000000-0000-0000-ffff-ffffffffffff}"


@dataclass(frozen=True, slots=True)
class KnownPrinter:
    """A printer that is or was plugged in."""

    name: str | None
    port: str
    serial: str | None


def known_printers(host: Windows) -> Iterator[KnownPrinter]:
    """Yield the printers with a port; none where the registry can't be read."""
    parents = list(_parents(host)) if asking.names(host, _PRINTERS) else []
    for model in asking.names(host, _PRINTERS):
        for instance in asking.names(host, rf"{_PRINTERS}\{model}"):
            key = rf"{_PRINTERS}\{model}\{instance}"
            settings = rf"{key}\Device Parameters"
            port = asking.text(host, settings, "PortName") or asking.text(host, settings, "Port Name")
            if port:
                container = (asking.text(host, key, "ContainerID") or "").lower()
                yield KnownPrinter(asking.text(host, key, "DeviceDesc"), port, _serial(parents, container, instance))


@dataclass(frozen=True, slots=True)
class _Parent:
    instance: str
    container: str
    prefix: str


def _parents(host: Windows) -> Iterator[_Parent]:
    for device in asking.names(host, _USB):
        if "&mi_" in device.lower():  # a part of a device has no serial of its own
            continue
        for instance in asking.names(host, rf"{_USB}\{device}"):
            key = rf"{_USB}\{device}\{instance}"
            container = (asking.text(host, key, "ContainerID") or "").lower()
            yield _Parent(instance, container, (asking.text(host, key, "ParentIdPrefix") or "").lower())


def _serial(parents: list[_Parent], container: str, instance: str) -> str | None:
    """Return the serial of the device above a printer. An instance with '&' was named by Windows: it is no serial."""
    known = container not in {"", _NO_CONTAINER}
    above = [one for one in parents if known and one.container == container]
    above = above or [one for one in parents if one.prefix and instance.lower().startswith(f"{one.prefix}&")]
    serials = {one.instance for one in above if "&" not in one.instance}
    return serials.pop() if len(serials) == 1 else None
