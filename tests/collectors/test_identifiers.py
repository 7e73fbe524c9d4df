"""Only identifiers that one machine alone could have are believed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.device import linux as device
from collectors.identifiers import (
    canonical_uuid,
    credible_mac,
    credible_serial,
    credible_text,
    credible_uuid,
    identifiers,
)
from collectors.run import run
from collectors.sources.recording import RecordedLinux
from collectors.sources.windows_recording import RecordedWindows
from tests.collectors.host.windows_pcs import pc
from tests.shared import SHARED, needs_shared

RECORDINGS = Path(__file__).parent / "host" / "recordings"


def machine(folder: Path, dmidecode: str = "", **said: Any) -> RecordedLinux:
    """Return a machine of which little more is recorded than what dmidecode printed."""
    files = {"/proc/sys/kernel/hostname": "pc", "/sys/block/none": "", "/sys/class/net/none": "", **said}
    (folder / "machine.json").write_text(json.dumps({"now": "2026-03-02T01:15:00Z", "files": files}), "utf-8")
    (folder / "dmidecode.txt").write_text(dmidecode, "utf-8", newline="")
    return RecordedLinux(folder)


def recordings() -> list[dict[str, Any]]:
    """Return the recorded dmidecode outputs, with what a person found in them."""
    described = SHARED / "dmi" / "expected.json"
    found: list[dict[str, Any]] = json.loads(described.read_text("utf-8"))["recordings"] if described.exists() else []
    return found


def source(found: dict[str, Any]) -> str:
    """Return which identifier a device is found by: the UUID, else a serial, else what is left."""
    if found["smbios_uuid"]:
        return "uuid"
    return "serial" if found["system_serial"] or found["board_serial"] else "mac"


@needs_shared
@pytest.mark.parametrize("recording", [pytest.param(one, id=one["file"]) for one in recordings()])
def test_real_firmware_is_believed_where_it_can_be(recording: dict[str, Any], tmp_path: Path) -> None:
    """Maker, model, serial, board and the source of identity of a real machine are what a person says they are."""
    wanted = recording["expected"]
    host = machine(tmp_path, (SHARED / "dmi" / recording["file"]).read_bytes().decode("utf-8", "replace"))
    rows = run(device, host).rows
    assert rows is not None
    row, ids = rows[0], identifiers(host)

    assert {
        "vendor": wanted["shown_vendor"],
        "model": wanted["shown_model"],
        "serial": wanted["serial"],
        "uuid": wanted["uuid_raw"].lower() if wanted["uuid_credible"] else None,
        "board_vendor": wanted["board"]["vendor"],
        "board_model": wanted["board"]["model"],
        "chassis": wanted["chassis"]["type"],
        "firmware_vendor": wanted["bios"]["vendor"],
        "firmware_version": wanted["bios"]["version"],
        "firmware_date": wanted["bios"]["date"],
    } == {name: row[name] for name in row if name not in {"hostname", "kind", "asset_tag"}}
    assert (
        wanted["virtual"],
        wanted["chassis"]["asset_tag_credible"],
        wanted["board"]["serial_credible"],
        wanted["identity_from"],
    ) == (row["kind"] == "virtual", row["asset_tag"] is not None, ids["board_serial"] is not None, source(ids))


@needs_shared
@pytest.mark.parametrize(
    "recording", [pytest.param(one, id=one["file"]) for one in recordings() if one["expected"]["uuid_credible"]]
)
def test_both_byte_orders_of_a_uuid_are_one(recording: dict[str, Any]) -> None:
    """A PC that boots two systems is found by the same UUID under both."""
    wanted = recording["expected"]

    assert credible_uuid(wanted["uuid_raw"]) == credible_uuid(wanted["uuid_other_byte_order"])


@given(st.uuids())
def test_the_canonical_form_does_not_depend_on_the_byte_order(uuid: Any) -> None:
    """Swapping the first three groups changes nothing, nor does the case; doing it twice neither."""
    text = str(uuid)
    swapped = "-".join([bytes.fromhex(one)[::-1].hex() for one in text.split("-")[:3]] + text.split("-")[3:])

    assert canonical_uuid(text) == canonical_uuid(swapped.upper()) == canonical_uuid(canonical_uuid(text))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Not Settable",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE",
        "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "00010203-0405-0607-0809-0A0B0C0D0E0F",
        "12345678-1234-5678-90AB-CDDEEFAABBCC",
        "4c4c4544-0000-2010-8020-80c04f202020",
        "725ba801-507b-11cb-95e6-c66052aac59",
        "725ba801-507b-11cb-95e6-c66052aac597-00",
    ],
)
def test_shared_uuids_are_not_believed(text: str | None) -> None:
    """Constants of cheap boards, repeated digits and what is no UUID identify nobody."""
    assert credible_uuid(text) is None


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "0",
        ".........",
        "XXXXXXXXXX",
        "0123456789",
        "123456789",
        "System Serial Number",
        "To be filled by O.E.M.",
        "To Be Filled By O.E.M. by More String",
        "Default string",
        "None",
        "N/A",
        "Not Specified",
        "Not Applicable",
        "<BAD INDEX>",
        "<OUT OF SPEC>",
        "Asset-1234567890",
        "No Asset Tag",
        "No Asset Information",
        "SerNum0",
        "--",
        "OEM",
        "Chassis Serial Number",
        "Base Board Serial Number",
        "a�b�c�d",
        "A" * 65,
    ],
)
def test_placeholders_are_no_serials(text: str | None) -> None:
    """What makers write where they had nothing to write is null."""
    assert credible_serial(text) is None


@pytest.mark.parametrize("text", ["HLG964J", "MT7013K30709271", ".HLG964J.CN129618C52450.", "5CG1234ABC", "LR9NKZ7"])
def test_real_serials_are_kept(text: str) -> None:
    """Service tags and board serials are believed, with blanks around them taken off."""
    assert credible_serial(f" {text}  ") == text


@given(st.text(max_size=40))
def test_what_is_believed_is_clean(text: str) -> None:
    """A credible text is one line without blanks around it, and believing it twice changes nothing."""
    found = credible_text(text)
    if found is None:
        return

    assert found == credible_text(found) == " ".join(found.split())
    assert found.isprintable()


@pytest.mark.parametrize(
    "mac",
    [
        None,
        "",
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "02:00:00:00:00:01",  # set by software
        "52:54:00:12:34:56",  # QEMU
        "00:50:56:12:34:56",  # VMware
        "08:00:27:12:34:56",  # VirtualBox
        "00:15:5d:12:34:56",  # Hyper-V
        "00:00:5e:00:53",
    ],
)
def test_macs_that_a_maker_did_not_give_are_not_believed(mac: str | None) -> None:
    """Made-up addresses and those of virtual cards are no identity."""
    assert credible_mac(mac) is None


def net(name: str, **said: str) -> dict[str, str]:
    """Return the files of a built-in wired card, or of one that differs in some."""
    card = {"address": "00:00:5e:00:53:01", "type": "1", "addr_assign_type": "0", "device/uevent": "MODALIAS=pci:v1"}
    return {f"/sys/class/net/{name}/{key.replace('__', '/')}": value for key, value in {**card, **said}.items()}


@pytest.mark.parametrize(
    ("card", "believed"),
    [
        pytest.param({}, True, id="built-in"),
        pytest.param({"addr_assign_type": "1"}, False, id="random-address"),
        pytest.param({"addr_assign_type": "3"}, False, id="address-set-by-hand"),
        pytest.param({"device__uevent": "MODALIAS=usb:v0BDAp8152"}, False, id="usb-dongle"),
        pytest.param({"device__uevent": "MODALIAS=virtio:d1v1AF4"}, False, id="virtual-machine"),
        pytest.param({"device__removable": "removable"}, False, id="thunderbolt-dock"),
        pytest.param({"uevent": "DEVTYPE=wlan"}, False, id="wifi"),
    ],
)
def test_a_mac_counts_if_it_came_with_the_machine(card: dict[str, str], tmp_path: Path, *, believed: bool) -> None:
    """Only the permanent address of a wired card inside the case identifies a machine: dongles and docks travel."""
    said = {name.replace("device__", "device/"): value for name, value in card.items()}
    found = identifiers(machine(tmp_path, **net("eth0", **said)))

    assert found["macs"] == (["00:00:5e:00:53:01"] if believed else [])


def test_a_cloned_disk_changes_no_identity(tmp_path: Path) -> None:
    """Two PCs with the same image but other boards have no identifier in common."""
    text = (
        "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n"
        "\tSerial Number: TEST{0}\n\tUUID: {0}b801-507b-11cb-95e6-c66052aac597\n"
    )
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = identifiers(machine(tmp_path / "a", text.format("725a")))
    second = identifiers(machine(tmp_path / "b", text.format("8251")))

    assert {name for name in first if first[name] and first[name] == second[name]} == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "desktop",
            {
                "smbios_uuid": "44454c4c-5400-1045-8053-b8c04f545331",
                "system_serial": "TESTSVC1",
                "board_serial": "/TESTSVC1/CNTEST0012345/",
                "disk_serials": ["TEST0000SSD1"],
                "macs": ["00:00:5e:00:53:21"],
                "weak_id": None,
            },
        ),
        (
            "ordinary_user",
            {
                "smbios_uuid": None,
                "system_serial": None,
                "board_serial": None,
                "disk_serials": ["TEST0000SSD1"],
                "macs": ["00:00:5e:00:53:21"],
                "weak_id": None,
            },
        ),
        (
            "virtual",
            {
                "smbios_uuid": None,
                "system_serial": None,
                "board_serial": None,
                "disk_serials": [],
                "macs": [],
                "weak_id": None,
            },
        ),
    ],
)
def test_a_machine_has_the_identifiers_that_can_be_seen(name: str, expected: dict[str, Any]) -> None:
    """Sticks, dongles, Wi-Fi and virtual cards give none; without root the firmware's are missing."""
    assert expected == identifiers(RecordedLinux(RECORDINGS / name))


def test_garbage_gives_no_identity() -> None:
    """A machine whose files hold placeholders and garbage has no credible identifier at all."""
    found = identifiers(RecordedLinux(RECORDINGS / "broken"))

    assert [name for name, value in found.items() if value] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "windows_laptop",
            {
                "smbios_uuid": "a1b2c3d4-0001-4002-8003-020000000001",
                "system_serial": "TEST0021",
                "board_serial": "TESTBRD21",
                "disk_serials": ["TESTNVME0001"],
                "macs": ["00:00:5e:00:53:a2"],
                "weak_id": None,
            },
        ),
        (
            "windows_lab",
            {
                "smbios_uuid": None,
                "system_serial": None,
                "board_serial": None,
                "disk_serials": ["TESTSSD0000001"],
                "macs": ["00:00:5e:00:53:b1"],
                "weak_id": None,
            },
        ),
        (
            "windows_stick",
            {
                "smbios_uuid": None,
                "system_serial": "TEST0041",
                "board_serial": None,
                "disk_serials": [],
                "macs": ["00:00:5e:00:53:d1"],
                "weak_id": None,
            },
        ),
    ],
)
def test_a_windows_pc_has_the_same_identifiers(name: str, expected: dict[str, Any]) -> None:
    """Neither the stick's serial nor the Wi-Fi's MAC; a firmware full of placeholders leaves disk and card."""
    assert identifiers(RecordedWindows(RECORDINGS / name)) == expected


def test_a_mac_that_somebody_set_is_no_identity() -> None:
    """Windows 7 does not tell the maker's: then a card counts only where its driver was given no other."""
    card = {"Index": 7, "Name": "Card", "PNPDeviceID": "PCI\\A\\1", "MACAddress": "00:00:5E:00:53:E1"}
    driver = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}\0007"
    found = [
        identifiers(pc({driver: values}, {"Win32_NetworkAdapter": [card]}))["macs"]
        for values in ({}, {"NetworkAddress": "00005E0053E1"})
    ]
    assert found == [["00:00:5e:00:53:e1"], []]


def test_an_unreadable_windows_has_no_identity() -> None:
    """Nothing raises: the facts that can be read must not be lost with it."""
    assert [value for value in identifiers(pc()).values() if value] == []


def test_a_machine_without_sys_is_still_known_by_what_is_left(tmp_path: Path) -> None:
    """A container may lack /sys: nothing is found there, and the report still goes out, under a kept random id."""
    (tmp_path / "machine.json").write_text(json.dumps({"system": "linux", "now": "2026-03-02T03:15:00Z"}))

    found = identifiers(RecordedLinux(tmp_path))

    assert ([], [], None) == (found["disk_serials"], found["macs"], found["smbios_uuid"])
