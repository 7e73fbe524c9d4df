"""Printers are named by queue, and their addresses tell no password and no serial number."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.facts import Outcome
from collectors.host.printer import linux
from collectors.run import run
from collectors.sources.recording import RecordedLinux
from tests.collectors.host import windows_pcs


def rows(folder: Path, **files: str) -> Any:
    """Return what is read of these files of /etc/cups."""
    said = {f"/etc/cups/{name.replace('_', '.')}": text for name, text in files.items()}
    (folder / "machine.json").write_text(json.dumps({"now": "2026-03-02T01:15:00Z", "files": said}), "utf-8")
    return run(linux, RecordedLinux(folder)).rows


@pytest.mark.parametrize(
    ("address", "port", "is_network"),
    [
        ("usb://HP/LaserJet?serial=TEST1", "usb://HP/LaserJet", False),
        ("ipp://192.168.10.9:631/ipp/print", "ipp://192.168.10.9:631/ipp/print", True),
        ("smb://who:pass@word@192.168.10.5/queue", "smb://192.168.10.5/queue", True),
        ("socket://192.168.10.9:9100", "socket://192.168.10.9:9100", True),
        ("hp:/usb/LaserJet_Pro?serial=TEST1", "hp:/usb/LaserJet_Pro", False),
        ("hp:/net/LaserJet_Pro?ip=192.168.10.9", "hp:/net/LaserJet_Pro", True),
        ("dnssd://Canon%20G._ipp._tcp.local/?uuid=TEST", "dnssd://Canon%20G._ipp._tcp.local/", True),
        ("file:///dev/null", "file:///dev/null", False),
        ("cups-pdf:/", "cups-pdf:/", False),
    ],
)
def test_a_port_is_where_the_printer_is(address: str, port: str, tmp_path: Path, *, is_network: bool) -> None:
    """The address loses users, passwords and serial numbers, and says whether the printer is on the network."""
    found = rows(tmp_path, printers_conf=f"<Printer lab>\nDeviceURI {address}\n</Printer>\n")

    assert [(one["port"], one["is_network"]) for one in found] == [(port, is_network)]


def test_the_default_of_lpoptions_goes_before_the_servers(tmp_path: Path) -> None:
    """The default that was chosen for everybody counts, else the one that cupsd marks."""
    conf = "<DefaultPrinter one>\n</DefaultPrinter>\n<Printer two>\nInfo a \\# b\n</Printer>\n"

    assert [one["is_default"] for one in rows(tmp_path, printers_conf=conf)] == [True, False]
    assert [one["is_default"] for one in rows(tmp_path, printers_conf=conf, lpoptions="Default two a=b\n")] == [
        False,
        True,
    ]


def test_cups_without_printers_has_none(tmp_path: Path) -> None:
    """CUPS that was installed and never set up is known to have no printer; a machine without CUPS is not here."""
    assert rows(tmp_path, cupsd_conf="") == []
    (tmp_path / "machine.json").write_text(json.dumps({"now": "2026-03-02T01:15:00Z"}), "utf-8")
    assert run(linux, RecordedLinux(tmp_path)).outcome is Outcome.NOT_HERE


QUEUES = r"HKLM\SYSTEM\CurrentControlSet\Control\Print\Printers"


def queue(name: str, port: str, **said: Any) -> dict[str, Any]:
    """Return what WMI says of a queue."""
    return {"Name": name, "PortName": port, "DriverName": "x", "Network": False, "Default": False, **said}


def test_what_makes_no_paper_is_no_printer() -> None:
    """Files, faxes, notes and the printers of a remote desktop's other end."""
    ports = ("PORTPROMPT:", "SHRFAX:", "nul:", "FILE:", "XPSPort:", "TS003", r"C:\Users\nam\in.pdf", "USB001")
    host = windows_pcs.pc(wmi={"Win32_Printer": [queue(port, port) for port in ports]})
    assert [row["port"] for row in windows_pcs.rows("printer", host)] == ["USB001"]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("IP_192.168.10.9", True),
        ("192.168.10.9", True),
        ("WSD-0001", True),
        (r"\\MAYCHU\May in", True),
        ("http://192.168.10.9:631/ipp", True),
        ("USB001", False),
        ("LPT1:", False),
    ],
)
def test_windows_network_printers_are_known_by_their_port(port: str, *, expected: bool) -> None:
    """WMI calls 'network' only what another PC shares."""
    host = windows_pcs.pc(wmi={"Win32_Printer": [queue("x", port)]})
    assert [row["is_network"] for row in windows_pcs.rows("printer", host)] == [expected]


def test_a_stopped_spooler_leaves_the_registry() -> None:
    """WMI then fails, and the queues are still set up."""
    key = {"Name": "Máy in", "Port": "USB001", "Printer Driver": "Canon LBP2900", "Location": "Phòng 3"}
    host = windows_pcs.pc({QUEUES: {}, rf"{QUEUES}\Máy in": key}, denied=["Win32_Printer"])
    (found,) = windows_pcs.rows("printer", host)
    assert (found["name"], found["driver"], found["location"]) == ("Máy in", "Canon LBP2900", "Phòng 3")
