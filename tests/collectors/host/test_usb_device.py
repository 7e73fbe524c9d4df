"""USB equipment of the school is shown; what people carry in their pockets is not."""

import pytest

from collectors.host.usb_device import Interface, is_equipment
from tests.collectors.host import windows_pcs


@pytest.mark.parametrize(
    ("vendor", "interfaces", "shown"),
    [
        pytest.param("046d", [Interface("030101")], True, id="keyboard"),
        pytest.param("1b17", [Interface("0e0100"), Interface("010100")], True, id="document-camera"),
        pytest.param("04a9", [Interface("070102"), Interface("080650")], True, id="printer-with-card-reader"),
        pytest.param("04e8", [Interface("070102")], True, id="printer-of-a-phone-maker"),
        pytest.param("05ac", [Interface("030101")], True, id="keyboard-of-a-phone-maker"),
        pytest.param("06cb", [Interface("ff0000")], True, id="fingerprint-reader"),
        pytest.param("8087", [Interface("e00101")], True, id="bluetooth-radio"),
        pytest.param("0951", [Interface("080650")], False, id="memory-stick"),
        pytest.param("0951", [Interface("080650"), Interface("030101")], False, id="stick-that-types"),
        pytest.param("04a9", [Interface("060101")], False, id="camera-with-pictures"),
        pytest.param("05ac", [Interface("060101"), Interface("fffe02")], False, id="iphone"),
        pytest.param("22d9", [Interface("ffff00", "MTP")], False, id="android-files"),
        pytest.param("1234", [Interface("ffff00", "MTP")], False, id="android-of-an-unknown-maker"),
        pytest.param("1234", [Interface("ff4201")], False, id="android-debugging"),
        pytest.param("1234", [Interface("e00103"), Interface("0a0000")], False, id="phone-that-shares-internet"),
        pytest.param("18d1", [Interface("0e0100"), Interface("010100")], False, id="phone-as-camera"),
        pytest.param("1d6b", [Interface("090000")], False, id="hub"),
        pytest.param("1234", [], False, id="tells-nothing"),
        pytest.param("1234", [Interface("??????")], False, id="unreadable"),
    ],
)
def test_only_equipment_is_shown(vendor: str, interfaces: list[Interface], *, shown: bool) -> None:
    """A device is shown by what it can do; one interface that is not equipment's is enough to leave it out."""
    assert is_equipment(vendor, interfaces) is shown


def usb(*devices: tuple[str, str, str]) -> list[tuple[str, str]]:
    """Return what is shown of a Windows PC's devices: (instance, class or nothing, service)."""
    entities = [
        {"DeviceID": f"USB\\{instance}", "CompatibleID": [codes] if codes else None, "Service": service, "Name": "x"}
        for instance, codes, service in devices
    ]
    found = windows_pcs.rows("usb_device", windows_pcs.pc(wmi={"Win32_PnPEntity": entities}))
    return [(row["port"], f"{row['vendor_id']}:{row['product_id']}") for row in found]


@pytest.mark.parametrize(
    ("instance", "codes", "service", "shown"),
    [
        pytest.param(r"VID_046D&PID_C077\5&1&0&2", r"USB\Class_03&SubClass_01&Prot_02", "HidUsb", True, id="mouse"),
        pytest.param(r"VID_046D&PID_C077\5&1&0&2", "", "HidUsb", True, id="mouse-of-xp"),
        pytest.param(r"VID_0951&PID_1666\TEST1", r"USB\Class_08&SubClass_06&Prot_50", "USBSTOR", False, id="stick"),
        pytest.param(r"VID_0951&PID_1666\TEST1", "", "USBSTOR", False, id="stick-of-xp"),
        pytest.param(r"VID_04E8&PID_6860\TEST1", r"USB\MS_COMP_MTP", "WUDFWpdMtp", False, id="phone"),
        pytest.param(r"VID_05AC&PID_12A8\TEST1", r"USB\COMPOSITE", "usbccgp", False, id="iphone-without-parts"),
        pytest.param(r"VID_8087&PID_0024\5&1&0&1", r"USB\Class_09&SubClass_00&Prot_01", "usbhub", False, id="hub"),
        pytest.param(r"ROOT_HUB30\4&1&0&0", "", "USBHUB3", False, id="root-hub"),
        pytest.param(r"VID_04F9&PID_002B\TEST1", "", "usbprint", True, id="printer"),
    ],
)
def test_windows_shows_the_same_equipment(instance: str, codes: str, service: str, *, shown: bool) -> None:
    """By the class that the device tells, else by its driver's service."""
    assert bool(usb((instance, codes, service))) is shown


def test_one_doubtful_part_hides_a_device_on_windows_too() -> None:
    """A stick that also types is no keyboard of the school's."""
    keyboard = (r"VID_1234&PID_0001&MI_00\6&1&0&0", r"USB\Class_03&SubClass_01&Prot_01", "HidUsb")
    stick = (r"VID_1234&PID_0001&MI_01\6&1&0&1", r"USB\Class_08&SubClass_06&Prot_50", "USBSTOR")
    whole = (r"VID_1234&PID_0001\TEST1", r"USB\COMPOSITE", "usbccgp")
    assert usb(whole, keyboard) == [("1234:0001", "1234:0001")]
    assert usb(whole, keyboard, stick) == []


def test_a_serial_number_is_not_where_it_is_plugged_in() -> None:
    """Windows names an instance by the device's serial where it has one: that is not told."""
    camera = r"USB\Class_0E&SubClass_01&Prot_00"
    assert usb(
        (r"VID_1B17&PID_0001\TESTCAM1", camera, "usbvideo"),
        (r"VID_1B17&PID_0001\TESTCAM2", camera, "usbvideo"),
        (r"VID_1B17&PID_0001\5&1&0&3", camera, "usbvideo"),
    ) == [
        ("1b17:0001", "1b17:0001"),
        ("1b17:0001 #2", "1b17:0001"),
        ("1b17:0001 5&1&0&3", "1b17:0001"),
    ]
