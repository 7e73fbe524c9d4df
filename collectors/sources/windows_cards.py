"""The network cards of a Windows machine, from WMI and the registry."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.sources import asking
from collectors.sources.windows import CIMV2, Windows
from collectors.sources.wmi import flag, number, text

STANDARD = r"root\StandardCimv2"
_CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}"
_NETWORK = r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"

# NDIS_PHYSICAL_MEDIUM of ntddndis.h, and the kinds that the connections folder notes (MediaSubType).
_WIRELESS, _BLUETOOTH = {1, 9}, 10
_WIRELESS_CONNECTION, _BLUETOOTH_CONNECTION = 2, 7
_WIRELESS_NAME = re.compile(r"wireless|wi-?fi|wlan|802\.11|\bcentrino\b", re.IGNORECASE)

_BUSES = {"PCI", "USB", "PCMCIA", "SD", "VMBUS", "XENBUS", "XEN", "VIRTIO", "ISAPNP", "ACPI"}
_BLUETOOTH_BUSES = {"BTH", "BTHENUM"}


@dataclass(frozen=True, slots=True)
class WindowsCard:
    """One adapter that is there. ``kind`` is ethernet, wifi, virtual, bluetooth or other."""

    index: int | None
    guid: str | None
    name: str
    kind: str
    mac: str | None
    permanent_mac: str | None
    is_built_in: bool
    """True for a card on the PCI bus, inside the case."""
    is_shown: bool
    """True where people see it among the network connections."""
    status: int | None
    speed_bps: int | None


def network_cards(host: Windows) -> Iterator[WindowsCard]:
    """Yield the adapters that are there, the system's own miniports included. Raises as ``host.wmi`` does."""
    rows = host.wmi(
        CIMV2,
        "Win32_NetworkAdapter",
        *("DeviceID", "GUID", "Index", "MACAddress", "Name", "NetConnectionID", "NetConnectionStatus"),
        *("PNPDeviceID", "ServiceName", "Speed"),
    )
    adapters, connections = _adapters(host), _connections(host)
    for row in rows:
        place = text(row, "PNPDeviceID")
        if not place:  # left over from a card that was taken out
            continue
        more = adapters.get(place.lower()) or adapters.get((text(row, "GUID") or "").lower()) or {}
        bus = place.partition("\\")[0].upper()
        kind = _kind(host, row, more, bus, connections.get(place.lower()))
        yield WindowsCard(
            index=number(row, "Index"),
            guid=text(row, "GUID"),
            name=text(row, "Name") or text(row, "NetConnectionID") or place,
            kind=kind,
            mac=formatted_mac(text(row, "MACAddress")),
            permanent_mac=formatted_mac(text(more, "PermanentAddress")),
            is_built_in=bus == "PCI" and kind in {"ethernet", "wifi"},
            is_shown=text(row, "NetConnectionID") is not None,
            status=number(row, "NetConnectionStatus"),
            speed_bps=_speed(number(row, "Speed")),
        )


def _adapters(host: Windows) -> Mapping[str, dict[str, Any]]:
    """Return what MSFT_NetAdapter (since Windows 8) says, by device and by GUID: the two classes spell both freely."""
    rows = asking.rows(
        host,
        STANDARD,
        "MSFT_NetAdapter",
        *("InterfaceGuid", "NdisPhysicalMedium", "PermanentAddress", "PnPDeviceID", "HardwareInterface", "Virtual"),
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows or ():
        for name in ("PnPDeviceID", "InterfaceGuid"):
            if said := text(row, name):
                found[said.lower()] = row
    return found


def _connections(host: Windows) -> dict[str, int]:
    """Return the kinds of medium that the folder of connections notes, by device."""
    found: dict[str, int] = {}
    for name in asking.names(host, _NETWORK):
        key = rf"{_NETWORK}\{name}\Connection"
        device, sort = asking.text(host, key, "PnpInstanceID"), asking.number(host, key, "MediaSubType")
        if device and sort is not None:
            found[device.lower()] = sort
    return found


def _kind(host: Windows, row: Mapping[str, Any], more: Mapping[str, Any], bus: str, sort: int | None) -> str:
    if bus in _BLUETOOTH_BUSES:
        return "bluetooth"
    if bus not in _BUSES or flag(more, "Virtual") is True:
        return "virtual"
    medium = number(more, "NdisPhysicalMedium")
    if medium is None:
        medium = asking.number(host, rf"{_CLASS}\{number(row, 'Index') or 0:04}", "*PhysicalMediaType")
    if medium is not None:
        sort = None  # the driver knows better
    if medium == _BLUETOOTH or sort == _BLUETOOTH_CONNECTION:
        return "bluetooth"
    is_named_so = medium is None and sort is None and _WIRELESS_NAME.search(text(row, "Name") or "")
    if medium in _WIRELESS or sort == _WIRELESS_CONNECTION or is_named_so:
        return "wifi"
    return "ethernet" if medium in {None, 0, 14} else "other"


_HIGHEST_BPS = 10**12  # what is above is a driver's word for unknown


def _speed(bps: int | None) -> int | None:
    return bps if bps and 0 < bps < _HIGHEST_BPS else None


def formatted_mac(said: str | None) -> str | None:
    """Return a MAC as 'f4:6d:04:97:2d:3e'; None for all zeros, and for what is no MAC."""
    digits = re.sub(r"[:-]", "", (said or "").lower())
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or not digits.strip("0"):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def is_set_by_hand(host: Windows, card: WindowsCard) -> bool:
    """Return whether somebody gave a card another address than its maker's (the driver's NetworkAddress)."""
    return card.index is not None and bool(asking.text(host, rf"{_CLASS}\{card.index:04}", "NetworkAddress"))
