"""Sockets that wait for others."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from collectors.facts import collector, fact
from collectors.sources.files import line
from collectors.sources.linux import Linux, Listening
from collectors.sources.windows import Windows


@fact(
    key=("protocol", "address", "port"),
    why="To see services that the school did not mean to offer (target exposed-services)",
)
class ListeningPort:
    """One address and port on which something waits. Loopback ones too: a rule judges them by their address."""

    protocol: Annotated[str, "tcp or udp"]
    address: Annotated[str, "The address: '0.0.0.0' and '::' are all of the PC's, '127.0.0.1' is the PC's own"]
    port: Annotated[int, "The port"]
    process: Annotated[str | None, "The program's name; null where it can't be seen (others' programs need root)"] = (
        None
    )


EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"


@collector(every="1h", within="20s")
def linux(host: Linux) -> Iterator[ListeningPort]:
    """List listening TCP sockets and bound UDP sockets.

    UDP ports that the kernel picks by itself are left out: they are the sending ends of clients (a browser, a look-up
    of a name), others each hour. Several programs on one port show as one row with the first of their names.
    """
    yield from _ports(host.listening(), _ephemeral(host))


@collector(every="1h", within="20s")
def windows(host: Windows) -> Iterator[ListeningPort]:
    """List listening TCP sockets and bound UDP sockets, as on Linux."""
    yield from _ports(host.listening(), WINDOWS_EPHEMERAL)


WINDOWS_EPHEMERAL = (49152, 65535)
"""The UDP ports that Windows picks by itself, since Vista."""


def _ports(sockets: Iterable[Listening], ephemeral: tuple[int, int]) -> Iterator[ListeningPort]:
    first, last = ephemeral
    found: dict[tuple[str, str, int], str | None] = {}
    for one in sockets:
        if one.protocol == "udp" and first <= one.port <= last:
            continue
        key = one.protocol, one.address, one.port
        found[key] = min(filter(None, (found.get(key), one.process)), default=None)
    for (protocol, address, port), process in sorted(found.items(), key=lambda item: item[0]):
        yield ListeningPort(protocol=protocol, address=address, port=port, process=process)


def _ephemeral(host: Linux) -> tuple[int, int]:
    words = (line(host, EPHEMERAL) or "").split()
    match [int(word) for word in words if word.isdecimal() and len(word) <= 5]:  # noqa: PLR2004 - digits of a port
        case [first, last]:
            return first, last
    return 32768, 60999  # the kernel's own default
