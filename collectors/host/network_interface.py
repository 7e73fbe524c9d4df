"""Network interfaces, physical and virtual."""

from collections.abc import Iterator
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated

from collectors.facts import Failed, collector, fact
from collectors.sources.cards import FOLDER, dhcp_server, gateways, network_cards, temporary_addresses
from collectors.sources.files import line, number
from collectors.sources.linux import Linux


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
    """An interface, except loopback and virtual ones without an address (those of containers come and go)."""

    name: Annotated[str, "The system's name, such as 'enp3s0'"]
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
    for name, text in pairs:
        address = _ip(text)
        if address and ip_address(address).packed.hex() not in temporary:
            found.setdefault(name, set()).add(address)
    return found


def _ip(text: str | None) -> str | None:
    try:
        return str(ip_address(text.partition("%")[0])) if text else None
    except ValueError:
        return None
