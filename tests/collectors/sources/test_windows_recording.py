"""A folder of dumps answers as the machine would: what is not in it is missing, never empty."""

import json
from pathlib import Path

import pytest

from collectors.facts import Failed
from collectors.sources.recording import RecordedLinux, open_recording
from collectors.sources.windows_recording import SOMEBODY, RecordedWindows
from collectors.sources.wmi import NoSuchClass, number, text
from tests.collectors.sources.test_edid import edid

CIMV2 = r"root\cimv2"
HEAD = "Windows Registry Editor Version 5.00\r\n\r\n"


def folder(path: Path, **files: str | bytes) -> Path:
    """Write files (their names with __ for the dot) and return the folder."""
    for name, content in files.items():
        where = path / name.replace("__", ".")
        where.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def recorded(path: Path, **files: str | bytes) -> RecordedWindows:
    """Return the machine in a folder of these files."""
    return RecordedWindows(folder(path, **files))


def test_a_class_is_known_by_the_end_of_a_files_name(tmp_path: Path) -> None:
    """Whatever stands before the last dash; case counts for nothing, and what is not asked is not given."""
    (tmp_path / "a-b-win32_BIOS.wmi").write_text("SerialNumber=TEST1\n\n")

    assert RecordedWindows(tmp_path).wmi(CIMV2, "Win32_BIOS", "SerialNumber", "Version") == [
        {"SerialNumber": "TEST1", "Version": None}
    ]


def test_powershells_json_answers_too(tmp_path: Path) -> None:
    """What collect.cmd writes where there is no wmic."""
    host = recorded(tmp_path, Win32_BIOS__json=json.dumps({"SerialNumber": "TEST1"}).encode("utf-16"))

    assert [text(row, "SerialNumber") for row in host.wmi(CIMV2, "Win32_BIOS", "SerialNumber")] == ["TEST1"]


def test_what_is_not_in_the_folder_is_missing(tmp_path: Path) -> None:
    """Nobody knows it: neither 'no such class' nor 'no such key' nor nobody."""
    host = recorded(tmp_path, X__wmi="A=1\n")
    for ask in (
        lambda: host.wmi(CIMV2, "Win32_Printer", "Name"),
        lambda: host.registry(r"HKLM\SOFTWARE"),
        host.loaded_users,
        host.listening,
        host.session,
        host.firmware,
        lambda: host.read_bytes(r"C:\x"),
    ):
        with pytest.raises(FileNotFoundError):
            ask()


def test_absent_and_denied_are_told(tmp_path: Path) -> None:
    """By machine.json or collect.cmd's note: then it is known that this Windows has none, or gave nothing."""
    note = "is_admin: false\r\nhostname: PM1-05\r\nabsent: MSFT_PhysicalDisk\r\n"
    note += "absent: HKLM\\SOFTWARE\\A\r\ndenied: Win32_Tpm\r\n"
    host = recorded(tmp_path, **{"baove-collect__txt": note})

    with pytest.raises(NoSuchClass):
        host.wmi(r"root\x", "MSFT_PhysicalDisk", "Size")
    with pytest.raises(PermissionError):
        host.wmi(r"root\x", "Win32_Tpm", "IsEnabled")
    assert host.registry(r"HKLM\SOFTWARE\A\B") is None
    assert (host.hostname(), host.is_root) == ("PM1-05", False)


def test_a_damaged_dump_is_the_error_of_its_own_class(tmp_path: Path) -> None:
    """The rest answers; two dumps of one class are of two machines."""
    host = recorded(tmp_path, A__wmi="x=1", B__wmi=b"\x00\x01\x02\n", C__wmi="n=1\n", D__json="[", E__wmi="")
    for class_name in "ABDE":
        with pytest.raises(Failed, match=rf"^{class_name}\."):
            host.wmi(CIMV2, class_name, "x")
    assert host.wmi(CIMV2, "C", "n") == [{"n": "1"}]

    (tmp_path / "other-C.wmi").write_text("n=2\n")
    with pytest.raises(Failed, match="of one machine"):
        RecordedWindows(tmp_path).wmi(CIMV2, "C", "n")


def test_several_exports_are_one_registry(tmp_path: Path) -> None:
    """A key above the exported ones has those below it, and nobody knows its values."""
    host = recorded(
        tmp_path,
        a__reg=f'{HEAD}[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]\r\n"x"="1"\r\n',
        b__reg=f'{HEAD}[HKEY_LOCAL_MACHINE\\SOFTWARE\\A\\B]\r\n"y"="2"\r\n'.encode("utf-16"),
        hive__reg=b"regf" + bytes(100),
    )
    own = host.registry(r"hklm\software\a")
    assert own is not None
    assert own.text("X") == "1"
    assert host.registry(r"HKLM\SOFTWARE\A\C") is None

    above = host.registry(r"HKLM\SOFTWARE")
    assert above is not None
    assert above.subkeys == ("A",)
    with pytest.raises(FileNotFoundError):
        above.text("x")
    with pytest.raises(Failed, match=r"hive\.reg is no registry export"):
        host.registry(r"HKLM\SYSTEM")


def test_the_view_of_32_bit_programs_lies_in_wow6432node(tmp_path: Path) -> None:
    """As regedit exports it."""
    key = "HKEY_LOCAL_MACHINE\\SOFTWARE"
    host = recorded(tmp_path, a__reg=f'{HEAD}[{key}\\A]\r\n"x"="64"\r\n[{key}\\WOW6432Node\\A]\r\n"x"="32"\r\n')

    found = [host.registry(r"HKLM\SOFTWARE\A", wow64=wow64) for wow64 in (False, True)]
    assert [one and one.text("x") for one in found] == ["64", "32"]


def test_an_export_of_ones_own_hive_is_somebodys(tmp_path: Path) -> None:
    """HKEY_CURRENT_USER stands as the hive of one person, without a name; _Classes is nobody's."""
    host = recorded(
        tmp_path,
        a__reg=f'{HEAD}[HKEY_CURRENT_USER\\Software]\r\n"x"="1"\r\n',
        b__reg=f"{HEAD}[HKEY_USERS\\S-1-5-21-1-2-3-1001_Classes]\r\n\r\n[HKEY_USERS\\S-1-5-18]\r\n",
    )
    assert host.loaded_users() == [SOMEBODY]
    key = host.registry(rf"HKU\{SOMEBODY}\Software")
    assert key is not None
    assert key.text("x") == "1"


def test_instances_come_out_of_a_dump_of_the_class_above(tmp_path: Path) -> None:
    """CIM_LogicalDevice holds the instances of every class of devices, and of no other class."""
    rows = "CreationClassName=Win32_Processor\nName=x\n\nCreationClassName=Win32_DiskDrive\nName=y\n\n"
    host = recorded(tmp_path, CIM_LogicalDevice__wmi=rows)

    assert host.wmi(CIMV2, "Win32_DiskDrive", "Name") == [{"Name": "y"}]
    assert host.wmi(CIMV2, "Win32_Battery", "Name") == []
    with pytest.raises(FileNotFoundError):
        host.wmi(CIMV2, "Win32_PhysicalMemory", "Capacity")


def test_the_clock_is_that_of_the_recording(tmp_path: Path) -> None:
    """collect.cmd's note, else the operating system's own dump."""
    system = "LocalDateTime=20260302081500.000000+420\nProductType=3\n"
    host = recorded(tmp_path, Win32_OperatingSystem__wmi=system)
    assert host.now().isoformat() == "2026-03-02T01:15:00+00:00"
    assert host.is_server

    (tmp_path / "baove-collect.txt").write_text("collected_at: 2026-03-02T02:00:00Z\n")
    assert RecordedWindows(tmp_path).now().isoformat() == "2026-03-02T02:00:00+00:00"


def test_dmidecodes_text_stands_in_for_the_firmwares_classes(tmp_path: Path) -> None:
    """Also as a file without an ending; a class that is there goes before it."""
    printed = (
        "# dmidecode 3.3\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Maker\n"
        "\tProduct Name: Model\n\tSerial Number: TEST0001\n\n"
    )
    host = recorded(tmp_path, printed=printed, Win32_ComputerSystem__wmi="Model=Other\n")

    assert [text(row, "SerialNumber") for row in host.wmi(CIMV2, "Win32_BIOS", "SerialNumber")] == ["TEST0001"]
    assert [text(row, "Model") for row in host.wmi(CIMV2, "Win32_ComputerSystem", "Model")] == ["Other"]


REPORT = """<?xml version="1.0"?><BatteryReport xmlns="http://schemas.microsoft.com/battery/2012"><Batteries><Battery>
<Id>MODEL</Id><Manufacturer>Maker</Manufacturer><SerialNumber>TEST</SerialNumber><DesignCapacity>50000</DesignCapacity>
<FullChargeCapacity>40000</FullChargeCapacity><CycleCount>12</CycleCount></Battery></Batteries></BatteryReport>"""


def test_powercfgs_report_stands_in_for_the_batterys_classes(tmp_path: Path) -> None:
    """Joined by the instance, as on a live machine."""
    host = recorded(tmp_path, battery__xml=REPORT)

    rows = host.wmi(r"root\wmi", "BatteryFullChargedCapacity", "InstanceName", "FullChargedCapacity")
    assert [number(row, "FullChargedCapacity") for row in rows] == [40000]


BAY = """# dmidecode 3.3
Handle 0x1600, DMI type 22, 26 bytes
Portable Battery
\tManufacturer: SMP
\tSerial Number: TEST01
\tName: {name}
\tDesign Capacity: 57530 mWh
"""


def test_dmidecode_tells_batteries_where_no_report_does(tmp_path: Path) -> None:
    """A report of powercfg goes before it, since it also knows what the battery holds now; an empty bay is none."""
    asked = ("DeviceName", "DesignedCapacity")
    host = recorded(tmp_path, printed=BAY.format(name="MODEL") + BAY.format(name=""))
    assert host.wmi(r"root\wmi", "BatteryStaticData", *asked) == [{"DeviceName": "MODEL", "DesignedCapacity": "57530"}]

    host = recorded(tmp_path, battery__xml=REPORT)
    assert [number(row, "DesignedCapacity") for row in host.wmi(r"root\wmi", "BatteryStaticData", *asked)] == [50000]


@pytest.mark.parametrize("content", ["<a/>", "<", REPORT.replace("<Batt", '<!DOCTYPE x [<!ENTITY a "b">]><Batt', 1)])
def test_other_xml_stands_in_for_nothing(tmp_path: Path, content: str) -> None:
    """A report that declares entities is none: they could grow without bounds."""
    with pytest.raises(FileNotFoundError):
        recorded(tmp_path, battery__xml=content).wmi(r"root\wmi", "BatteryStaticData", "DeviceName")


def test_the_kind_of_a_recording_is_seen_from_its_files(tmp_path: Path) -> None:
    """machine.json says it, or files that only Windows has; a folder of neither is no recording."""
    (tmp_path / "w").mkdir()
    (tmp_path / "l").mkdir()
    for name in ("n", "e", "o"):
        (tmp_path / name).mkdir()
    folder(tmp_path / "w", X__wmi="A=1\n")
    folder(tmp_path / "l", machine__json='{"system": "linux", "now": "2026-03-02T01:15:00Z"}')

    folder(tmp_path / "e", panel=edid())
    folder(tmp_path / "o", LICENSE="some text, longer than nothing", notes__txt="some text, longer than nothing")

    assert isinstance(open_recording(tmp_path / "w"), RecordedWindows)
    assert isinstance(open_recording(tmp_path / "e"), RecordedWindows)
    assert isinstance(open_recording(tmp_path / "l"), RecordedLinux)
    for name in ("n", "o"):
        with pytest.raises(ValueError, match="is no recording"):
            open_recording(tmp_path / name)


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        "{",
        '{"system": "windows", "now": 3}',
        '{"system": "windows", "wmi": []}',
        '{"system": "windows", "registry": {"A": {"x": {"hex": "zz"}}}}',
    ],
)
def test_a_wrong_machine_json_is_refused(tmp_path: Path, said: str) -> None:
    """In one sentence that names the file."""
    with pytest.raises(ValueError, match=r"machine\.json"):
        recorded(tmp_path, machine__json=said, X__wmi="A=1\n")
