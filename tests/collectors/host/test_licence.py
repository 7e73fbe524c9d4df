"""Licences: activated is what the service says, the registry proves installation only, and no key leaves the PC."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources import licensing, product_key
from tests.collectors.host.windows_pcs import SERVICES, message, pc, real, rows
from tests.shared import needs_shared

OFFICE = licensing.OFFICE[0]
CURRENT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
REGISTRATION = r"HKLM\SOFTWARE\Microsoft\Office\16.0\Registration"
CLICK_TO_RUN = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"


def licence(application: str = licensing.WINDOWS, **said: Any) -> dict[str, Any]:
    """Return an instance of SoftwareLicensingProduct with a key, as a dump writes it: all values are texts."""
    usual = {
        "ID": "2de67392-b7a7-462a-b1ca-108dd189f588",
        "ApplicationID": application,
        "Name": "Windows(R), Professional edition",
        "Description": "Windows(R) Operating System, OEM_DM channel",
        "LicenseFamily": "Professional",
        "LicenseStatus": "1",
        "PartialProductKey": "3V66T",
        "ProductKeyChannel": "OEM:DM",
        "GracePeriodRemaining": "0",
        "EvaluationEndDate": "16010101000000.000000-000",
    }
    return usual | said


def licences(*products: dict[str, Any], **said: Any) -> list[dict[str, Any]]:
    """Return the rows of a PC whose services say these licences."""
    return rows("licence", pc(wmi={"SoftwareLicensingProduct": list(products)}, **said))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("0", "unlicensed"),
        ("1", "licensed"),
        ("2", "grace"),
        ("3", "grace"),
        ("4", "grace"),
        ("5", "notification"),
        ("6", "grace"),
        ("7", None),
        (None, None),
    ],
)
def test_the_status_is_the_service_s_own_word(code: str | None, status: str | None) -> None:
    """What the map lacks is unknown, never licensed."""
    (row,) = licences(licence(LicenseStatus=code))
    assert (row["family"], row["status"]) == ("windows", status)


def test_the_days_that_a_healthy_client_has_left_are_no_grace_state() -> None:
    """A KMS client is licensed for up to 180 days at a time; the end is a day, so that it does not change each time."""
    (row,) = licences(licence(GracePeriodRemaining="259200", ProductKeyChannel="Volume:GVLK"))
    assert (row["status"], row["expires_at"]) == ("licensed", "2026-08-29T00:00:00Z")


@pytest.mark.parametrize("minutes", ["0", "4294967295", "9223372036854775807", None])
def test_what_is_not_set_is_null(minutes: str | None) -> None:
    """Microsoft writes the largest number, and the year 1601, for nothing."""
    (row,) = licences(licence(GracePeriodRemaining=minutes))
    assert (row["expires_at"], row["kms_host"]) == (None, None)


@pytest.mark.parametrize(
    ("description", "channel"),
    [
        ("Windows Operating System - Windows(R) 7, OEM_SLP channel", "OEM:SLP"),
        ("Windows Operating System - Windows(R) 7, VOLUME_KMSCLIENT channel", "Volume:GVLK"),
        ("Windows Operating System - Windows(R) 7, VOLUME_MAK channel", "Volume:MAK"),
        ("Office 14, RETAIL(MAK) channel", "Retail"),
        ("Office 16, TIMEBASED_SUB channel", "Subscription"),
        ("Hệ điều hành Windows(R), kênh không rõ", None),
    ],
)
def test_windows_7_tells_its_channel_in_the_description(description: str, channel: str | None) -> None:
    """It has no ProductKeyChannel; the words before "channel" are codes in every language."""
    (row,) = licences(licence(ProductKeyChannel=None, Description=description))
    assert row["channel"] == channel


def test_products_on_sale_are_not_installed() -> None:
    """Of the hundreds of products only those with a key count; Windows without any is unlicensed."""
    on_sale = licence(PartialProductKey=None, LicenseStatus="0")
    assert [row["partial_key"] for row in licences(on_sale, licence(), on_sale)] == ["3V66T"]
    (row,) = licences(on_sale, on_sale)
    assert (row["product"], row["status"]) == ("Windows", "unlicensed")


def test_extended_updates_are_no_licence_of_windows() -> None:
    """An add-on (ESU) that is not activated says nothing of Windows itself."""
    addon = licence(ID="x", Name="Windows(R), Client-ESU-Year1 add-on", LicenseIsAddon="TRUE", LicenseStatus="0")
    found = {row["family"]: row["status"] for row in licences(addon, licence())}
    assert found == {"other": "unlicensed", "windows": "licensed"}


@pytest.mark.parametrize(
    ("described", "edition"),
    [
        ("[4.0] Professional OEM:DM", "Professional"),
        ("[5.0] CoreSingleLanguage OEM:DM", "CoreSingleLanguage"),
        ("", None),
        (None, None),
    ],
)
def test_the_edition_of_the_firmware_s_key(described: str | None, edition: str | None) -> None:
    """The table MSDM holds a key; Windows says for which edition, and nobody asks for the key."""
    service = [
        {"OA3xOriginalProductKeyDescription": described, "OA3xOriginalProductKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"}
    ]
    host = pc(wmi={"SoftwareLicensingProduct": [licence()], "SoftwareLicensingService": service})
    (row,) = rows("licence", host)
    assert row["firmware_edition"] == edition
    assert "EEEEE" not in json.dumps(row)


def test_office_is_named_by_the_registration_with_its_id() -> None:
    """The key's name equals the licence's ID in other case; of the 350 other keys none is installed."""
    office = licence(OFFICE, ID="d450596f-894d-49e0-966a-fd39ed4c4c64", Name="Office 16, Office16ProPlusVL_KMS_Client")
    keys = {
        rf"{REGISTRATION}\{{D450596F-894D-49E0-966A-FD39ED4C4C64}}": {
            "ProductName": "Microsoft Office Professional Plus 2016"
        },
        rf"{REGISTRATION}\{{003D2533-6A8C-4163-9A4E-76376B21ED15}}": {"ProductName": "Microsoft Office 365"},
    }
    (row,) = rows("licence", pc(keys, {"SoftwareLicensingProduct": [office]}))
    assert (row["product"], row["family"]) == ("Microsoft Office Professional Plus 2016", "office")


@pytest.mark.parametrize(
    ("release", "product", "channel"),
    [
        ("O365ProPlusRetail", "Microsoft 365 Apps for enterprise", "Subscription"),
        ("ProPlus2021Volume", "Microsoft Office LTSC Professional Plus 2021", None),
        ("HomeBusiness2019Retail", "Microsoft Office Home and Business 2019", None),
        ("ProPlusRetail", "Microsoft Office Professional Plus 2016", None),
        ("SomethingNew", "Microsoft Office (SomethingNew)", None),
    ],
)
def test_click_to_run_is_installed_whether_its_licence_is_seen_or_not(
    release: str, product: str, channel: str | None
) -> None:
    """A Microsoft 365 that a person signed in to has its licence in that person's files: unknown, not unlicensed."""
    (row,) = rows("licence", pc({CLICK_TO_RUN: {"ProductReleaseIds": release}}, {"SoftwareLicensingProduct": []}))
    assert (row["product"], row["channel"], row["status"]) == (product, channel, None)


def test_click_to_run_and_its_licence_are_one() -> None:
    """The licence's family belongs to the release; another edition's does not."""
    family = "Office19ProPlus2019VL_KMS_Client_AE"
    office = licence(OFFICE, Name=f"Office 19, {family} edition", LicenseFamily=family)
    releases = {CLICK_TO_RUN: {"ProductReleaseIds": "ProPlus2019Volume,VisioPro2019Volume"}}
    found = {
        row["product"]: row["status"] for row in rows("licence", pc(releases, {"SoftwareLicensingProduct": [office]}))
    }
    assert found == {"Microsoft Office Professional Plus 2019": "licensed", "Microsoft Visio Professional 2019": None}


def test_a_trial_key_beside_the_licensed_one_is_left_out() -> None:
    """Office keeps the grace key of its first days; beside a licence of the same edition it says nothing."""
    grace = licence(
        OFFICE, ID="a", LicenseFamily="Office16O365ProPlusR_Grace", LicenseStatus="5", PartialProductKey="KHGM9"
    )
    paid = licence(OFFICE, ID="b", LicenseFamily="Office16O365ProPlusR_Subscription1", PartialProductKey="6MWKP")
    other = licence(
        OFFICE, ID="c", LicenseFamily="Office16VisioProR_Grace", LicenseStatus="5", PartialProductKey="HTQ36"
    )
    assert {row["partial_key"] for row in licences(grace, paid, other)} == {"6MWKP", "HTQ36"}


def test_office_2010_has_a_service_of_its_own() -> None:
    """On Windows 7 the second class answers beside the first."""
    office = licence(licensing.OFFICE[1], Name="Office 14, OfficeProPlus-MAK edition", ProductKeyChannel=None)
    host = pc(wmi={"SoftwareLicensingProduct": [licence()], "OfficeSoftwareProtectionProduct": [office]})
    assert {row["family"] for row in rows("licence", host)} == {"windows", "office"}


def test_free_suites_are_told_without_a_status() -> None:
    """Whether a suite counts as licensed is a rule's business."""
    uninstall = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
    keys = {
        uninstall: {},
        rf"{uninstall}\a": {"DisplayName": "LibreOffice 24.8.4.2"},
        rf"{uninstall}\b": {"DisplayName": "LibreOffice 24.8 Help Pack (Vietnamese)"},
        rf"{uninstall}\c": {"DisplayName": "WPS Office (12.2.0.18911)"},
    }
    found = {
        row["product"]: (row["family"], row["status"])
        for row in rows("licence", pc(keys, {"SoftwareLicensingProduct": []}))
    }
    assert found == {"LibreOffice 24.8.4.2": ("office", None), "WPS Office (12.2.0.18911)": ("office", None)}


def test_denied_is_not_unlicensed() -> None:
    """Who may not ask the service does not know; the registry must not answer in its place."""
    host = pc({CURRENT: {"ProductName": "Windows 10 Pro"}}, denied=["SoftwareLicensingProduct"])
    assert "SoftwareLicensingProduct" in message("licence", host)


def test_a_pc_that_tells_nothing_fails() -> None:
    """Neither a service nor a key: no row would look like a PC without Windows."""
    assert "registry" in message("licence", pc({SERVICES: {}}, absent=["SoftwareLicensingProduct"]))


@needs_shared
@pytest.mark.parametrize(
    ("number", "partial_key", "channel"), [(0, None, None), (1, "HCBRC", "OEM"), (3, None, "Volume:MAK")]
)
def test_real_product_ids(number: int, partial_key: str | None, channel: str | None) -> None:
    """The key of Windows 7 was wiped, that of 8 has its N, and the long structure tells its channel in clear."""
    expected, host = real(f"licence/digitalproductid-{number}")
    (row,) = rows("licence", host)
    assert (row["partial_key"], row["channel"]) == (partial_key, channel)
    assert row["partial_key"] == expected["partial_key"]
    assert (row["channel"] or "").lower().startswith(expected["channel"] or "")


@needs_shared
@pytest.mark.parametrize("name", ["office_2010_1", "office_2016_01-registry"])
def test_real_office_by_its_registry_alone(name: str) -> None:
    """Of 345 keys one is installed; the registry proves no activation."""
    expected, host = real(f"licence/{name}")
    (row,) = rows("licence", host)
    (wanted,) = expected["office"]
    assert (row["product"], row["partial_key"], row["status"]) == (wanted["product"], wanted["partial_key"], None)
    assert (row["channel"] == "OEM") == wanted.get("oem", False)


@needs_shared
@pytest.mark.parametrize("name", ["office_2016_01-registry+wmi", "office_2016_01-wmi", "office_2016_02-registry+wmi"])
def test_real_office_by_its_service(name: str) -> None:
    """Registry and service show two keys of one installation: the service's counts, once."""
    expected, host = real(f"licence/{name}")
    (row,) = rows("licence", host)
    wanted = (expected.get("products") or [{}])[0] | expected
    assert (row["partial_key"], row["status"]) == (wanted["partial_key"], wanted["status"])
    assert row["channel"] == "Volume:GVLK"
    assert row["kms_host"] == "mydomain.ms.com"
    if "product" in wanted:
        assert row["product"] == wanted["product"]
    assert rows("activation_sign", host) == []


@given(data=st.binary(max_size=1400))
def test_any_bytes_are_a_key_s_structure_or_not(data: bytes) -> None:
    """Nothing that lies in the value breaks the reader, and it never gives more than five letters of a key."""
    for version in (b"\x03\x00", b"\x04\x00"):
        found = product_key.read(data[:4] + version + data[6:])
        assert found is None or found.partial_key is None or len(found.partial_key) == 5


@given(key=st.text(alphabet="BCDFGHJKMPQRTVWXY2346789", min_size=25, max_size=25))
def test_a_key_that_was_written_is_read(key: str) -> None:
    """The reader undoes what Windows does: a number in base 24, the last letter lowest."""
    number = 0
    for letter in key:
        number = number * 24 + "BCDFGHJKMPQRTVWXY2346789".index(letter)
    encoded = number.to_bytes(15, "little")
    data = (164).to_bytes(4, "little") + b"\x03\x00" + bytes(0x34 - 6) + encoded
    found = product_key.read(data.ljust(164, b"\0"))
    has_n = bool(encoded[14] & 0x08)
    assert found is not None
    assert has_n or found.partial_key == (None if key.startswith("B" * 10) else key[-5:])
