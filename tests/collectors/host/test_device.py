"""The device is called by its own name, and by the names that people know."""

from typing import Any

import pytest

from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import machine, message, rows

DMI = "/sys/class/dmi/id"
NAME = {"/proc/sys/kernel/hostname": "lab1-pc07\n"}
GUEST = "processor : 0\nflags : fpu hypervisor sse2\n"


def dmi(**said: str) -> dict[str, str]:
    """Return the files of a machine whose firmware says so."""
    return {**NAME, **{f"{DMI}/{name}": f"{text}\n" for name, text in said.items()}}


@pytest.mark.parametrize(
    ("chassis", "kind"),
    [
        ("3", "desktop"),
        ("35", "desktop"),
        ("10", "laptop"),
        ("31", "laptop"),
        ("13", "all_in_one"),
        ("30", "tablet"),
        ("23", "server"),
        ("1", "unknown"),
        ("2", "unknown"),
        ("12", "unknown"),
        ("99", "unknown"),
        ("banana", "unknown"),
    ],
)
def test_the_kind_is_that_of_the_case(chassis: str, kind: str) -> None:
    """The firmware's chassis type says what a machine is; a type that says nothing of it is unknown."""
    assert [one["kind"] for one in rows("device", machine(dmi(chassis_type=chassis)))] == [kind]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(dmi(sys_vendor="QEMU", chassis_type="1"), id="qemu"),
        pytest.param(dmi(sys_vendor="Microsoft Corporation", product_name="Virtual Machine"), id="hyper-v"),
        pytest.param(dmi(sys_vendor="VMware, Inc.", product_name="VMware7,1", chassis_type="1"), id="vmware"),
        pytest.param(dmi(sys_vendor="innotek GmbH", product_name="VirtualBox"), id="virtualbox"),
        pytest.param(dmi(sys_vendor="Xen", product_name="HVM domU"), id="xen"),
        pytest.param({**NAME, "/proc/cpuinfo": GUEST}, id="no-firmware"),
        pytest.param({**dmi(sys_vendor="Some Cloud", chassis_type="3"), "/proc/cpuinfo": GUEST}, id="processor-says"),
    ],
)
def test_a_guest_is_virtual_whatever_its_case(files: dict[str, str]) -> None:
    """The firmware's maker or the processor's flag tells a virtual machine."""
    assert [one["kind"] for one in rows("device", machine(files))] == ["virtual"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            dmi(sys_vendor="Microsoft Corporation", product_name="Surface Pro 7", chassis_type="9"), id="surface"
        ),
        pytest.param(
            {
                **dmi(sys_vendor="Dell Inc.", chassis_type="9"),
                "/proc/cpuinfo": GUEST,
                "/proc/xen/capabilities": "control_d\n",
            },
            id="host-of-guests",
        ),
    ],
)
def test_a_real_machine_is_not_taken_for_a_guest(files: dict[str, str]) -> None:
    """Microsoft makes laptops too, and Xen's own first system runs on the machine itself."""
    assert [one["kind"] for one in rows("device", machine(files))] == ["laptop"]


@pytest.mark.parametrize(
    ("said", "vendor", "model"),
    [
        pytest.param({"sys_vendor": "Dell Inc.", "product_name": "OptiPlex"}, "Dell Inc.", "OptiPlex", id="plain"),
        pytest.param(
            {"sys_vendor": "LENOVO", "product_name": "1298A8G", "product_version": "ThinkPad Edge E320"},
            "LENOVO",
            "ThinkPad Edge E320",
            id="lenovo",
        ),
        pytest.param(
            {"sys_vendor": "LENOVO", "product_name": "10AH", "product_version": "Not Specified"},
            "LENOVO",
            "10AH",
            id="lenovo-without-version",
        ),
        pytest.param(
            {
                "sys_vendor": "System manufacturer",
                "product_name": "System Product Name",
                "board_vendor": "ASUSTeK",
                "board_name": "P8P67",
            },
            "ASUSTeK",
            "P8P67",
            id="board",
        ),
        pytest.param(
            {"sys_vendor": "OEM", "product_name": "OEM", "board_name": "Default string"}, None, None, id="none"
        ),
    ],
)
def test_maker_and_model_are_those_that_people_know(
    said: dict[str, str], vendor: str | None, model: str | None
) -> None:
    """Placeholders give way to the board's names; Lenovo's name stands in the version."""
    found = rows("device", machine(dmi(**said)))

    assert [(one["vendor"], one["model"]) for one in found] == [(vendor, model)]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("06/15/2023", "2023-06-15"),
        ("6/5/99", "1999-06-05"),
        ("12/31/07", "2007-12-31"),
        ("13/45/2020", None),
        ("2020-01-01", None),
        ("", None),
    ],
)
def test_a_firmware_date_is_american_or_null(text: str, date: str | None) -> None:
    """The standard wants MM/DD/YYYY; what is none is null, never a guess."""
    assert [one["firmware_date"] for one in rows("device", machine(dmi(bios_date=text)))] == [date]


def test_without_firmware_a_small_board_has_its_name_from_the_device_tree() -> None:
    """A Raspberry Pi has no SMBIOS, and tells its model elsewhere."""
    found = rows("device", machine({**NAME, "/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0"}))

    assert [one["model"] for one in found] == ["Raspberry Pi 4 Model B Rev 1.4"]


def test_a_machine_without_a_name_is_an_error() -> None:
    """The name is required: an empty one is said, not sent."""
    assert message("device", machine({"/proc/sys/kernel/hostname": "\n"})) == (
        "the kernel has no host name for this machine"
    )


def windows(**classes: Any) -> dict[str, Any]:
    """Return the device of a Windows PC."""
    (found,) = windows_pcs.rows("device", windows_pcs.pc(wmi={name: [row] for name, row in classes.items()}))
    return found


@pytest.mark.parametrize(
    ("case", "system", "expected"),
    [
        ({"ChassisTypes": [10]}, {}, "laptop"),
        ({"ChassisTypes": ["3"]}, {}, "desktop"),
        ({"ChassisTypes": [0x80 | 13]}, {}, "all_in_one"),
        ({"ChassisTypes": [2, 30]}, {}, "tablet"),
        ({"ChassisTypes": [1]}, {"PCSystemType": 2}, "laptop"),
        ({"ChassisTypes": None}, {"PCSystemType": 1}, "desktop"),
        ({"ChassisTypes": [3]}, {"Manufacturer": "Microsoft Corporation", "Model": "Virtual Machine"}, "virtual"),
        ({"ChassisTypes": [1]}, {"Manufacturer": "innotek GmbH", "Model": "VirtualBox"}, "virtual"),
        ({"ChassisTypes": [2]}, {}, "unknown"),
    ],
)
def test_kinds_on_windows(case: dict[str, Any], system: dict[str, Any], expected: str) -> None:
    """The firmware's case, else what Windows makes of the power settings; a guest's firmware names its maker."""
    found = windows(Win32_SystemEnclosure=case, Win32_ComputerSystem={"Manufacturer": "Maker", **system})
    assert found["kind"] == expected


def test_the_registry_tells_the_firmware_where_wmi_does_not() -> None:
    """Windows notes it at each start."""
    key = {"SystemManufacturer": "Dell Inc.", "SystemProductName": "OptiPlex 3070", "BIOSReleaseDate": "03/05/2020"}
    (found,) = windows_pcs.rows("device", windows_pcs.pc({r"HKLM\HARDWARE\DESCRIPTION\System\BIOS": key}))
    assert (found["vendor"], found["model"], found["firmware_date"]) == ("Dell Inc.", "OptiPlex 3070", "2020-03-05")
