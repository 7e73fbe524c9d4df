"""Printers that are set up on a machine."""

import re
from collections.abc import Iterator
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.sources.files import line
from collectors.sources.linux import Linux

_SETTINGS = "/etc/cups"
_PRINTERS = "/etc/cups/printers.conf"


@fact(key="name", why="To keep the school's list of equipment, and to know who prints where")
class Printer:
    """A print queue."""

    name: Annotated[str, "The queue's name"]
    driver: Annotated[str | None, "Maker and model, as the driver names them"] = None
    port: Annotated[str | None, "The device's address, without user names, passwords and serial numbers"] = None
    is_network: Annotated[bool, "True where it is reached over the network"]
    is_default: Annotated[bool, "True for the machine's default printer"]
    location: Annotated[str | None, "Where it stands, as whoever set it up wrote"] = None


_NETWORK = frozenset("socket ipp ipps http https lpd smb dnssd implicitclass".split())  # noqa: SIM905 - words
_SECTION = re.compile(r"<(Default)?Printer (\S+)>\Z")


@collector(every="6h", within="10s")
def linux(host: Linux) -> Iterator[Printer]:
    """
    Read CUPS's printers.conf(5), which only root may.

    CUPS without that file has no printers; no CUPS at all is not here.
    """
    if not host.exists(_SETTINGS):
        raise NotHere("CUPS is not installed")
    if not host.exists(_PRINTERS):
        return
    name, is_default, said = None, False, dict[str, str]()
    chosen = _chosen(host)
    for text in map(str.strip, host.read(_PRINTERS).splitlines()):
        start = _SECTION.match(text)
        if start:
            name, is_default, said = start[2], bool(start[1]), {}
        elif text in {"</Printer>", "</DefaultPrinter>"} and name:
            port = _port(said.get("DeviceURI", ""))
            yield Printer(
                name=name,
                driver=said.get("MakeModel") or None,
                port=port,
                is_network=_is_network(port or ""),
                is_default=is_default if chosen is None else name == chosen,
                location=said.get("Location") or None,
            )
            name = None
        else:
            word, _, value = text.partition(" ")
            said.setdefault(word, value.strip().replace(r"\#", "#"))  # cupsd writes a # so


def _chosen(host: Linux) -> str | None:
    """Return the default printer that lpoptions(1) set for everybody; it goes before cupsd's own."""
    words = [one.split() for one in (line(host, f"{_SETTINGS}/lpoptions") or "").splitlines()]
    return next((one[1] for one in words if len(one) > 1 and one[0] == "Default"), None)


def _port(address: str) -> str | None:
    """Return a device's address without what is nobody's business (smb://user:password@…, usb://…?serial=…)."""
    without_query = address.partition("?")[0]
    scheme, separator, rest = without_query.partition("://")
    if not separator:
        return without_query or None
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


def _is_network(port: str) -> bool:
    scheme = port.partition(":")[0].lower()
    return scheme in _NETWORK or port.startswith("hp:/net/")
