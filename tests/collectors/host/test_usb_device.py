"""USB equipment of the school is shown; what people carry in their pockets is not."""

import pytest

from collectors.host.usb_device import Interface, is_equipment


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
