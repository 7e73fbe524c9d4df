"""What real Windows PCs are made of: every recording of ../shared against what was worked out of it independently."""

import re
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from collectors.host import for_system
from collectors.identifiers import credible_serial, credible_text, identifiers
from collectors.run import run
from collectors.sources.edid import parse
from collectors.sources.windows_recording import RecordedWindows
from tests.collectors.host.windows_shared import about, machine, of, rows, whole_hosts
from tests.shared import needs_shared

pytestmark = needs_shared
Recording = dict[str, Any]


def each(*topics: str) -> pytest.MarkDecorator:
    """Run a test for each recording of some topics."""
    return pytest.mark.parametrize("recording", [pytest.param(one, id=one["id"]) for one in about(*topics)])


@each("cpu")
def test_processors(recording: Recording, tmp_path: Path) -> None:
    """Sockets, cores and threads as WMI counts them; the name is the registry's, where every chip has its own."""
    expected = recording["expected"]
    found = rows("processor", of(recording, tmp_path))
    assert [(one["cores"], one["threads"], one["max_mhz"]) for one in found] == [
        (one["cores"], one["threads"], one["max_clock_mhz"]) for one in expected["processors"]
    ]
    assert {one["model"] for one in found} == {" ".join(name.split()) for name in expected["registry_names"]}


@each("memory")
def test_memory_modules(recording: Recording, tmp_path: Path) -> None:
    """Each module in its slot; makers and serials that are placeholders are unknown."""
    assert rows("memory_module", of(recording, tmp_path)) == [
        {
            "slot": one["slot"],
            "size_bytes": one["capacity_bytes"],
            "form": one["form_factor"],
            "kind": None,
            "speed_mhz": one["speed_mhz"],
            "vendor": credible_text(one["manufacturer"]),
            "serial": one["serial"] if one["serial_credible"] else None,
            "part_number": one["part_number"],
        }
        for one in recording["expected"]["modules"]
    ]


@each("storages")
def test_disks(recording: Recording, tmp_path: Path) -> None:
    """Each disk once, with its serial as its maker wrote it; drives besides."""
    expected = recording["expected"]
    found = rows("disk", of(recording, tmp_path))
    disks = [one for one in found if one["kind"] != "optical"]
    assert len(disks) == expected["physical_disk_count"]
    for one, wanted in zip(disks, expected["disks"], strict=True):
        assert (one["model"], one["serial"], one["size_bytes"]) == (
            wanted["model"],
            credible_serial(wanted["serial"]),
            wanted["size_bytes"],
        )
        assert (one["health"] == "ok") == (wanted.get("healthy", wanted.get("status") == "OK"))
    drives = [one for one in found if one["kind"] == "optical"]
    assert [(one["model"], one["name"], one["size_bytes"] is not None) for one in drives] == [
        (one["model"], one["drive"], one["media_loaded"]) for one in expected["optical"]
    ]


@each("drives")
def test_volumes(recording: Recording, tmp_path: Path) -> None:
    """This PC's own volumes, with a letter, a folder or neither; nothing of the network, no empty drive."""
    expected = recording["expected"]
    states = {one["letter"]: one["protected"] for one in expected["encryption"]}
    wanted = {
        one["letter"] or one["mount"]: (one["filesystem"].lower(), one["size_bytes"], one["free_bytes"])
        for one in expected["volumes"]
        if one["kind"] == "local"
    }
    found = {one["mount"]: one for one in rows("volume", of(recording, tmp_path))}
    assert {mount: (one["filesystem"], one["size_bytes"], one["free_bytes"]) for mount, one in found.items()} == wanted
    assert {mount: one["encrypted"] for mount, one in found.items() if mount in states} == states
    assert [one["encrypted"] for mount, one in found.items() if mount not in states and len(mount) == 2] == [
        None for mount in wanted if mount not in states and len(mount) == 2
    ]


@each("os")
def test_the_operating_system(recording: Recording, tmp_path: Path) -> None:
    """Name and edition by codes, not by the French caption; times are UTC by CIM's offset in minutes."""
    expected = recording["expected"]
    (found,) = rows("operating_system", of(recording, tmp_path))
    assert found["name"] in expected["caption"]
    assert found["version"] == expected["version"]
    assert found["build"].partition(".")[0] == str(expected["build"])
    assert found["architecture"] == {32: "x86", 64: "x86_64"}[expected["architecture_bits"]]
    assert found["is_server"] == (expected["product_type"] != "workstation")
    assert found["installed_at"] == expected["installed_at"]
    assert found["booted_at"][:19] == expected["last_boot_at"][:19]


@each("bios")
def test_the_firmware(recording: Recording, tmp_path: Path) -> None:
    """Strings of ACPI headers are no serials: a guest without SMBIOS has no identity of its own."""
    expected = recording["expected"]
    host = of(recording, tmp_path)
    (found,) = rows("device", host)
    assert (found["vendor"], found["model"], found["serial"]) == (
        expected["system_vendor"],
        expected["system_model"],
        expected["serial"],
    )
    assert (found["firmware_vendor"], found["firmware_version"], found["firmware_date"]) == (
        expected["bios_vendor"],
        expected["bios_version"],
        expected["bios_date"],
    )
    assert (identifiers(host)["system_serial"] is not None) == expected["serial_credible"]


@each("networks")
def test_network_interfaces(recording: Recording, tmp_path: Path) -> None:
    """Every card in or at the case has its row, with its kind, addresses, gateway and DHCP server."""
    found = {one["name"]: one for one in rows("network_interface", of(recording, tmp_path))}
    for one in recording["expected"]["adapters"]:
        if not one["physical"] and not one["ip_enabled"]:
            continue
        row = found[one["name"]]
        assert row["mac"] == one["mac"].lower()
        assert row["permanent_mac"] == (one["permanent_mac"] and one["permanent_mac"].lower())
        assert row["kind"] == (one["kind"] if one["physical"] else "virtual")
        assert row["up"] == bool(one["up"])
        assert set(row["addresses"]) == {str(ip_address(ip["address"])) for ip in one["ipv4"] + one["ipv6"]}
        assert row["gateway"] == next(iter(one["gateways"]), None)
        assert row["dhcp_server"] == one["dhcp_server"]
        if row["speed_mbps"] is not None:
            assert row["speed_mbps"] == int(one["speed_bps_raw"]) // 10**6


@each("networks")
def test_system_miniports_are_no_interfaces(recording: Recording, tmp_path: Path) -> None:
    """Neither the miniports of RAS nor a tunnel without an address: nobody could find a machine by them."""
    for one in rows("network_interface", of(recording, tmp_path)):
        assert not re.search(r"miniport\b|minipuerto|teredo|isatap", one["name"], re.IGNORECASE)


@each("networks")
def test_the_macs_that_may_be_an_identity(recording: Recording, tmp_path: Path) -> None:
    """Those of wired PCI cards alone: no dongle, no Wi-Fi, no VPN, whose card copies or invents its MAC."""
    expected = sorted(mac.lower() for mac in recording["expected"]["identity_macs"])
    assert identifiers(of(recording, tmp_path))["macs"] == expected


@each("printers")
def test_serials_of_usb_printers(recording: Recording, tmp_path: Path) -> None:
    """By the port of each; one whose device says no serial, or whose device is not there, has none."""
    found = {one["port"]: one["serial"] for one in rows("printer", of(recording, tmp_path))}
    assert found == recording["expected"]["usb_printer_serial_by_port"]


@each("video")
def test_graphics(recording: Recording, tmp_path: Path) -> None:
    """The cards that are there, with all their memory; what a remote desktop draws on is no card."""
    expected = recording["expected"]
    cards = [one for one in expected["controllers"] if one["pnp_device_id"].startswith("PCI\\")]
    assert [
        (one["slot"], one["name"], one["memory_bytes"] and one["memory_bytes"] >> 20, one["driver_version"])
        for one in rows("graphics", of(recording, tmp_path))
    ] == [
        (one["pnp_device_id"], one["name"], expected["memory_mib"][one["name"]], one["driver_version"]) for one in cards
    ]


@each("batteries")
def test_batteries(recording: Recording, tmp_path: Path) -> None:
    """Two witnesses of one battery are one battery."""
    assert [
        (one["model"], one["vendor"], one["serial"], one["design_mwh"], one["full_mwh"])
        for one in rows("battery", of(recording, tmp_path))
    ] == [
        (one["name"], one["maker"], one["serial"], one["design_mwh"], one["full_mwh"])
        for one in recording["expected"]["batteries"]
    ]


@each("usb")
def test_usb_equipment(recording: Recording, tmp_path: Path) -> None:
    """Every device but hubs, each once; and no serial number anywhere."""
    devices = recording["expected"]["devices"]
    wanted = sorted((one["vendor_id"].lower(), one["product_id"].lower()) for one in devices if "hub" not in words(one))
    found = rows("usb_device", of(recording, tmp_path))
    assert sorted((one["vendor_id"], one["product_id"]) for one in found) == wanted
    told = str(found)
    assert [one["serial"] for one in devices if one["serial"] and one["serial"] in told] == []


def words(device: dict[str, Any]) -> str:
    """Return a device's name in English words: the hub in a keyboard has a Spanish one."""
    return str(device["name"]).lower().replace("concentrador", "hub")


@each("edid")
def test_monitors(recording: Recording, tmp_path: Path) -> None:
    """A file of an EDID in a folder is a monitor that was connected, whatever the file is called."""
    (found,) = rows("monitor", of(recording, tmp_path))
    said = parse((tmp_path / Path(recording["files"][0]["path"]).name).read_bytes())
    assert said is not None
    assert (found["vendor"], found["model"], found["serial"], found["year"]) == (
        said.vendor,
        said.model,
        said.serial,
        said.year,
    )


HOSTS = whole_hosts()


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_all_files_of_a_host_lie_in_one_folder(host: str, tmp_path: Path) -> None:
    """Each table ends in rows, or says in a sentence what is missing: no bug, whatever else lies there."""
    there = machine(tmp_path, HOSTS[host])
    for table, collector in for_system("windows").items():
        section = run(collector, there)
        assert "please report" not in (section.message or ""), f"{table}: {section.message}"


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_a_full_inventory_takes_little_of_a_processor(host: str, tmp_path: Path) -> None:
    """Under 150 ms for all tables of a recording: the best of three, since others use this machine too."""
    files = HOSTS[host]
    machine(tmp_path, files)

    def once() -> float:
        started = time.process_time()
        there = RecordedWindows(tmp_path)
        for collector in for_system("windows").values():
            run(collector, there)
        return time.process_time() - started

    assert min(once() for _ in range(3)) < 0.15
