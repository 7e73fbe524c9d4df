"""Printers that are set up on a machine."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_serial
from collectors.sources import asking
from collectors.sources.files import line
from collectors.sources.linux import Linux
from collectors.sources.names import untaken
from collectors.sources.usb_printers import known_printers
from collectors.sources.windows import CIMV2, Windows
from collectors.sources.wmi import flag, text

_SETTINGS = "/etc/cups"
_PRINTERS = "/etc/cups/printers.conf"


@fact(key="name", why="To keep the school's list of equipment, and to know who prints where")
class Printer:
    """A print queue."""

    name: Annotated[str, "The queue's name"]
    driver: Annotated[str | None, "Maker and model, as the driver names them"] = None
    port: Annotated[
        str | None, "The device's address or Windows' port, without user names, passwords and serial numbers"
    ] = None
    is_network: Annotated[bool, "True where it is reached over the network"]
    is_default: Annotated[bool, "True for the machine's default printer"]
    location: Annotated[str | None, "Where it stands, as whoever set it up wrote"] = None
    serial: Annotated[str | None, "The serial number, which a printer on USB tells"] = None


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
    for row in map(str.strip, host.read(_PRINTERS).splitlines()):
        start = _SECTION.match(row)
        if start:
            name, is_default, said = start[2], bool(start[1]), {}
        elif row in {"</Printer>", "</DefaultPrinter>"} and name:
            port = _port(said.get("DeviceURI", ""))
            yield Printer(
                name=name,
                driver=said.get("MakeModel") or None,
                port=port,
                is_network=_is_network(port or ""),
                is_default=is_default if chosen is None else name == chosen,
                location=said.get("Location") or None,
                serial=_usb_serial(said.get("DeviceURI", "")),
            )
            name = None
        else:
            word, _, value = row.partition(" ")
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


def _usb_serial(address: str) -> str | None:
    """Return the serial number in a USB printer's address (usb://HP/LaserJet?serial=…)."""
    if not address.startswith("usb://"):
        return None
    said = (one.partition("=") for one in address.partition("?")[2].split("&"))
    return next((credible_serial(value) for name, _, value in said if name == "serial"), None)


def _is_network(port: str) -> bool:
    scheme = port.partition(":")[0].lower()
    return scheme in _NETWORK or port.startswith("hp:/net/")


_QUEUES = r"HKLM\SYSTEM\CurrentControlSet\Control\Print\Printers"

# Ports of what looks like a printer to programs and makes a file, a fax or a note; and those of a remote desktop.
_NO_PAPER = re.compile(r"(portprompt|nul|file|shrfax|xpsport|pdf\w*|onenote\w*|ts\d+|client):?", re.IGNORECASE)
_PEOPLES_FOLDER = re.compile(r"[A-Za-z]:\\", re.ASCII)
_NETWORK_PORT = re.compile(r"\\\\|wsd|ip_|https?:|ipp|\d+\.\d+\.\d+\.\d+", re.IGNORECASE)


@collector(every="6h", within="20s")
def windows(host: Windows) -> Iterator[Printer]:
    """Read Win32_Printer, or the registry where the print spooler does not run; what makes no paper is left out.

    Where neither is recorded, the printers that were ever plugged in by USB stand here, which is less: no queue is
    known, so none is the default one.
    """
    serials = usb_serials(host)
    names = set[str]()
    for one in _queues(host, serials):
        port = one.port or ""
        if _NO_PAPER.match(port) or _PEOPLES_FOLDER.match(port):
            continue
        yield replace(
            one, name=untaken(one.name, names), port=_port(port), serial=serials.get(port.upper().rstrip(":"))
        )


def _queues(host: Windows, serials: Mapping[str, str | None]) -> list[Printer]:
    of_one = ("Default", "DriverName", "Location", "Name", "Network", "PortName")
    rows = asking.rows(host, CIMV2, "Win32_Printer", *of_one)
    if rows is not None:
        return [
            Printer(
                name=text(row, "Name") or "",
                driver=text(row, "DriverName"),
                port=text(row, "PortName"),
                is_network=bool(flag(row, "Network") or _NETWORK_PORT.match(text(row, "PortName") or "")),
                is_default=bool(flag(row, "Default")),
                location=text(row, "Location"),
            )
            for row in rows
            if text(row, "Name")
        ]
    names = asking.names(host, _QUEUES)
    if names:
        return [_queue(host, name) for name in names]
    if not serials:
        host.wmi(CIMV2, "Win32_Printer", *of_one)  # raises why
    return usb_printers(host)


def _queue(host: Windows, name: str) -> Printer:
    key = rf"{_QUEUES}\{name}"
    port = asking.text(host, key, "Port")
    return Printer(
        name=asking.text(host, key, "Name") or name,
        driver=asking.text(host, key, "Printer Driver"),
        port=port,
        is_network=bool(_NETWORK_PORT.match(port or "")),
        is_default=False,
        location=asking.text(host, key, "Location"),
    )


def usb_printers(host: Windows) -> list[Printer]:
    """Return the printers that Windows has known on USB, by the port of each."""
    return [
        Printer(name=one.name or one.port, driver=one.name, port=one.port, is_network=False, is_default=False)
        for one in known_printers(host)
    ]


def usb_serials(host: Windows) -> dict[str, str | None]:
    """Return each USB port ('USB001') with the serial number of the printer on it, as far as the printer tells it."""
    return {one.port.upper(): credible_serial(one.serial) for one in known_printers(host)}
