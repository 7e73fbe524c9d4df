"""Network interfaces, physical and virtual."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from ipaddress import ip_address
from itertools import zip_longest
from typing import Annotated, Any

from collectors.facts import Failed, collector, fact
from collectors.sources import asking
from collectors.sources.cards import FOLDER, dhcp_server, gateways, network_cards, temporary_addresses
from collectors.sources.files import line, number
from collectors.sources.linux import Linux
from collectors.sources.names import untaken
from collectors.sources.windows import CIMV2, Windows
from collectors.sources.windows_cards import formatted_mac
from collectors.sources.windows_cards import network_cards as windows_cards
from collectors.sources.wmi import flag, text, texts
from collectors.sources.wmi import number as whole


class Kind(StrEnum):
    """What an interface is."""

    ETHERNET = "ethernet"
    WIFI = "wifi"
    VIRTUAL = "virtual"
    BLUETOOTH = "bluetooth"
    OTHER = "other"


@fact(
    key="name",
    volatile=("up", "speed_mbps"),
    why="To find the machine on the network, in the right room, and to see who gave it its address",
)
class NetworkInterface:
    """An interface, except loopback, and except a virtual one without an address that people do not see either."""

    name: Annotated[
        str, "The system's name, such as 'enp3s0', or on Windows the card's: 'Realtek PCIe GbE Family Controller'"
    ]
    mac: Annotated[str | None, "The address that it uses now; null for tunnels"] = None
    permanent_mac: Annotated[str | None, "The address that its maker gave it, where it can be seen"] = None
    kind: Annotated[Kind, "What it is"]
    up: Annotated[bool, "True while it has a link"]
    speed_mbps: Annotated[int | None, "The speed of the link in Mbit/s; null without a link and for Wi-Fi"] = None
    addresses: Annotated[
        tuple[str, ...] | None, "IP addresses, sorted, without IPv6 privacy addresses; null: could not be asked"
    ] = None
    gateway: Annotated[str | None, "The IPv4 default gateway"] = None
    dhcp_server: Annotated[str | None, "The server that gave the address"] = None


@collector(every="1h", within="10s")
def linux(host: Linux) -> Iterator[NetworkInterface]:
    """Read /sys/class/net, /proc/net and the leases of systemd-networkd, NetworkManager or dhclient (root only)."""
    ways = gateways(host)
    found = _addresses(host)
    for card in network_cards(host):
        addresses = None if found is None else tuple(sorted(found.get(card.name, ())))
        if card.kind == "virtual" and not addresses:
            continue
        speed = number(host, f"{FOLDER}/{card.name}/speed")
        yield NetworkInterface(
            name=card.name,
            mac=card.mac,
            permanent_mac=card.permanent_mac,
            kind=Kind(card.kind),
            up=_is_up(host, card.name),
            speed_mbps=speed if speed and speed > 0 else None,  # -1 is some drivers' word for unknown
            addresses=addresses,
            gateway=ways.get(card.name),
            dhcp_server=_ip(dhcp_server(host, card)),
        )


def _is_up(host: Linux, name: str) -> bool:
    """Return whether there is a link. Tunnels know no state of operation, so for them the carrier decides."""
    state = line(host, f"{FOLDER}/{name}/operstate")
    return state == "up" or (state == "unknown" and number(host, f"{FOLDER}/{name}/carrier") == 1)


def _addresses(host: Linux) -> dict[str, set[str]] | None:
    """Return each interface's addresses; None where the system could not be asked."""
    try:
        pairs = host.addresses()
    except Failed:
        return None
    temporary = temporary_addresses(host)
    found: dict[str, set[str]] = {}
    for name, said in pairs:
        address = _ip(said)
        if address and ip_address(address).packed.hex() not in temporary:
            found.setdefault(name, set()).add(address)
    return found


def _ip(text: str | None) -> str | None:
    try:
        return str(ip_address(text.partition("%")[0])) if text else None
    except ValueError:
        return None


_CONNECTED = 2  # Win32_NetworkAdapter.NetConnectionStatus
_NO_SERVER = {"0.0.0.0", "255.255.255.255"}  # noqa: S104 - read, not listened on
_HOST_ONLY = "128"


@collector(every="1h", within="20s")
def windows(host: Windows) -> Iterator[NetworkInterface]:
    """Read Win32_NetworkAdapter, its configuration, and MSFT_NetAdapter where Windows has it (since 8).

    The system's own miniports have no row: a virtual adapter needs an address, or a place among the connections that
    people see.
    """
    settings = _settings(host)
    names = set[str]()
    for card in windows_cards(host):
        said = None if settings is None else settings.get(card.index, {})
        addresses = None if said is None else tuple(sorted(_steady(said)))
        if card.kind == "virtual" and not (addresses or card.is_shown):
            continue
        said = said or {}
        is_up = card.status == _CONNECTED if card.status is not None else bool(addresses)
        gateways_here = (_ip(one) for one in texts(said, "DefaultIPGateway"))
        yield NetworkInterface(
            name=untaken(card.name, names),
            mac=card.mac or formatted_mac(text(said, "MACAddress")),
            permanent_mac=card.permanent_mac,
            kind=Kind(card.kind),
            up=is_up,
            speed_mbps=card.speed_bps // 10**6 or None if card.speed_bps and is_up and card.kind != "wifi" else None,
            addresses=addresses,
            gateway=next((one for one in gateways_here if one and ":" not in one and one not in _NO_SERVER), None),
            dhcp_server=_server(said),
        )


def _settings(host: Windows) -> dict[int | None, dict[str, Any]] | None:
    """Return each adapter's configuration by its index; None where it can't be read."""
    rows = asking.rows(
        host,
        CIMV2,
        "Win32_NetworkAdapterConfiguration",
        *("DefaultIPGateway", "DHCPEnabled", "DHCPServer", "Index", "IPAddress", "IPEnabled", "IPSubnet", "MACAddress"),
    )
    return None if rows is None else {whole(row, "Index"): row for row in rows}


def _steady(said: Mapping[str, Any]) -> set[str]:
    """Return an adapter's addresses without IPv6 privacy addresses.

    WMI does not call those so, but gives them the mask 128 beside a steady address of the same network with 64.
    """
    masks = texts(said, "IPSubnet")
    found = [(ip, mask) for ip, mask in zip_longest(map(_ip, texts(said, "IPAddress")), masks) if ip]
    steady = {ip_address(ip).packed[:8] for ip, mask in found if ":" in ip and mask != _HOST_ONLY}
    return {
        ip
        for ip, mask in found
        if ip not in _NO_SERVER and not (":" in ip and mask == _HOST_ONLY and ip_address(ip).packed[:8] in steady)
    }


def _server(said: Mapping[str, Any]) -> str | None:
    found = _ip(text(said, "DHCPServer")) if flag(said, "DHCPEnabled") else None
    return None if found in _NO_SERVER else found
