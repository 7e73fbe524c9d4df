"""The network cards of a Linux machine, from /sys/class/net."""

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.sources.files import line, names, number, pairs
from collectors.sources.linux import Linux

FOLDER = "/sys/class/net"

_GROUP = 0x01  # the bit of addresses that many listen to: no card has such a one
_ETHERNET, _LOOPBACK = 1, 772  # ARPHRD_*, linux/if_arp.h
_ASSIGNED_BY_MAKER = (
    0  # NET_ADDR_PERM, linux/netdevice.h: neither random, nor copied from another card, nor set by hand
)


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """One interface. ``kind`` is ethernet, wifi, virtual, bluetooth or other."""

    name: str
    index: int | None
    kind: str
    mac: str | None
    permanent_mac: str | None
    is_built_in: bool
    """True for a card on the PCI bus, inside the case: no dongle, no dock, no virtual machine's card."""


def network_cards(host: Linux) -> Iterator[NetworkCard]:
    """Yield the interfaces except loopback. Raises OSError where the folder can't be read."""
    for name in host.list(FOLDER):
        folder = f"{FOLDER}/{name}"
        hardware = number(host, f"{folder}/type")
        if hardware is None or hardware == _LOOPBACK:  # bonding_masters is a file among the folders
            continue
        device = pairs(line(host, f"{folder}/device/uevent") or "")
        kind = _kind(host, folder, hardware, is_device=bool(device))
        mac = _mac(line(host, f"{folder}/address"))
        yield NetworkCard(
            name=name,
            index=number(host, f"{folder}/ifindex"),
            kind=kind,
            mac=mac,
            permanent_mac=_permanent(host, folder, kind, mac),
            is_built_in=_is_built_in(host, folder, device),
        )


def _kind(host: Linux, folder: str, hardware: int, *, is_device: bool) -> str:
    sort = pairs(line(host, f"{folder}/uevent") or "").get("DEVTYPE")
    if sort == "bluetooth":
        return "bluetooth"
    if not is_device:
        return "virtual"
    if sort == "wlan" or host.exists(f"{folder}/wireless") or host.exists(f"{folder}/phy80211"):
        return "wifi"
    return "ethernet" if hardware == _ETHERNET and sort is None else "other"


def _mac(text: str | None) -> str | None:
    """Return a MAC; None for none at all (a tunnel), all zeros, and the longer addresses of other hardware."""
    mac = (text or "").lower()
    parts = mac.split(":")
    if len(parts) != 6 or not all(len(one) == 2 and set(one) <= set("0123456789abcdef") for one in parts):  # noqa: PLR2004 - six pairs
        return None
    return None if set(mac) <= {"0", ":"} or int(mac[:2], 16) & _GROUP else mac


def _permanent(host: Linux, folder: str, kind: str, mac: str | None) -> str | None:
    """Return the MAC that the maker gave. Wi-Fi changes its address for privacy; its radio keeps the true one."""
    if kind == "virtual":
        return None
    if kind == "wifi":
        radio = _mac(line(host, f"{folder}/phy80211/macaddress"))
        if radio:
            return radio
    return mac if number(host, f"{folder}/addr_assign_type") == _ASSIGNED_BY_MAKER else None


def _is_built_in(host: Linux, folder: str, device: dict[str, str]) -> bool:
    """Return whether a card sits in the case. A Thunderbolt dock's is on PCI too, but the kernel calls it removable."""
    return device.get("MODALIAS", "").startswith("pci:") and line(host, f"{folder}/device/removable") != "removable"


def gateways(host: Linux) -> dict[str, str]:
    """Return each interface's IPv4 default gateway, that of the smallest metric, from /proc/net/route."""
    found: dict[str, tuple[int, str]] = {}
    for row in (line(host, "/proc/net/route") or "").splitlines()[1:]:
        fields = row.split()
        try:
            name, destination, gateway, metric, mask = fields[0], fields[1], fields[2], int(fields[6]), fields[7]
            octets = int(gateway, 16).to_bytes(4, "little")
        except (IndexError, ValueError, OverflowError):
            continue
        if destination == mask == "00000000" and any(octets):
            best = found.get(name)
            if best is None or metric < best[0]:
                found[name] = (metric, ".".join(map(str, octets)))
    return {name: gateway for name, (_, gateway) in found.items()}


_TEMPORARY = 0x01  # IFA_F_TEMPORARY, linux/if_addr.h


def temporary_addresses(host: Linux) -> frozenset[str]:
    """Return the IPv6 privacy addresses, 32 hexadecimal digits each: they change daily and tell nothing."""
    rows = (one.split() for one in (line(host, "/proc/net/if_inet6") or "").splitlines())
    return frozenset(
        row[0]
        for row in rows
        if len(row) == 6 and _flags(row[4]) & _TEMPORARY  # noqa: PLR2004 - its six columns
    )


def _flags(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


_DHCLIENT_FOLDERS = ("/var/lib/dhcp", "/var/lib/NetworkManager", "/var/lib/dhclient")


def dhcp_server(host: Linux, card: NetworkCard) -> str | None:
    """Return the server that gave a card its address, by the lease of networkd, NetworkManager or dhclient."""
    leases = [f"/run/systemd/netif/leases/{card.index}"]
    leases += [
        f"/var/lib/NetworkManager/{name}"
        for name in names(host, "/var/lib/NetworkManager")
        if name.startswith("internal-") and name.endswith(f"-{card.name}.lease")
    ]
    for path in leases:
        server = pairs(line(host, path) or "").get("SERVER_ADDRESS")
        if server:
            return server
    for folder in _DHCLIENT_FOLDERS:
        for name in names(host, folder):
            if name.endswith((".lease", ".leases")) and name.startswith("dhclient"):
                server = _dhclient_server(line(host, f"{folder}/{name}") or "", card.name)
                if server:
                    return server
    return None


def _dhclient_server(text: str, interface: str) -> str | None:
    """Return the server of the last lease of an interface in a dhclient.leases(5) file."""
    server = None
    for block in text.split("lease {")[1:]:
        said = {one.strip().rstrip(";") for one in block.split("}")[0].splitlines()}
        if f'interface "{interface}"' in said:
            server = next(
                (one.rsplit(" ", 1)[1] for one in said if one.startswith("option dhcp-server-identifier ")), server
            )
    return server
