"""Windows' own services of licences: what they say of each product that a key is installed for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.sources import asking, wmi
from collectors.sources.windows import CIMV2, NoSuchClass, Windows

WINDOWS = "55c92734-d682-4d71-983e-d6ec3f16059f"
OFFICE = ("0ff1ce15-a989-479d-af46-f275c6370663", "59a52881-a989-479d-af46-f275c6370663")
"""ApplicationID of Windows, of Office 2013 and later, and of Office 2010."""

KEY_IS_INSTALLED = "PartialProductKey IS NOT NULL"
CLASSES = ("SoftwareLicensingProduct", "OfficeSoftwareProtectionProduct")
"""Office 2010, and Office 2013 on Windows 7, bring a service of their own: the second class."""

_PROPERTIES = (
    "ID",
    "ApplicationID",
    "Name",
    "Description",
    "LicenseFamily",
    "LicenseIsAddon",
    "LicenseStatus",
    "PartialProductKey",
    "ProductKeyChannel",
    "KeyManagementServiceMachine",
    "DiscoveredKeyManagementServiceMachineName",
    "DiscoveredKeyManagementServiceMachineIpAddress",
    "GracePeriodRemaining",
    "EvaluationEndDate",
    "GenuineStatus",
)
_NOT_SET = (0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Product:
    """One licence. ``status`` is LicenseStatus, ``minutes_left`` GracePeriodRemaining: healthy clients have one too."""

    id: str
    application: str
    name: str
    edition: str | None
    channel: str | None
    status: int | None
    partial_key: str | None
    kms_host: str | None
    minutes_left: int | None
    ends_at: datetime | None
    genuine: int | None
    is_addon: bool


def products(host: Windows, *, where: str = KEY_IS_INSTALLED) -> list[Product] | None:
    """Return what both services say; None where this machine, or the recording, has neither.

    Raises OSError where one is there and may not be asked. A live Windows is asked only for what ``where`` picks: its
    hundreds of products without a key take many seconds.
    """
    found: list[Product] | None = None
    for name in CLASSES:
        try:
            rows = host.wmi(CIMV2, name, *_PROPERTIES, where=where)
        except (NoSuchClass, FileNotFoundError):
            continue
        found = (found or []) + [_product(row) for row in rows]
    return found


def _product(row: Mapping[str, Any]) -> Product:
    minutes = wmi.number(row, "GracePeriodRemaining")
    hosts = ("KeyManagementServiceMachine", "DiscoveredKeyManagementServiceMachineName")
    kms_host = next(filter(None, (wmi.text(row, one) for one in hosts)), None)
    return Product(
        id=(wmi.text(row, "ID") or "").lower(),
        application=(wmi.text(row, "ApplicationID") or "").lower(),
        name=wmi.text(row, "Name") or "",
        edition=wmi.text(row, "LicenseFamily"),
        channel=wmi.text(row, "ProductKeyChannel") or _channel(wmi.text(row, "Description") or ""),
        status=wmi.number(row, "LicenseStatus"),
        partial_key=wmi.text(row, "PartialProductKey"),
        kms_host=kms_host or wmi.text(row, "DiscoveredKeyManagementServiceMachineIpAddress"),
        minutes_left=minutes if minutes and 0 < minutes not in _NOT_SET else None,
        ends_at=wmi.moment(row, "EvaluationEndDate"),
        genuine=wmi.number(row, "GenuineStatus"),
        is_addon=wmi.flag(row, "LicenseIsAddon") is True,
    )


# Windows 7 has no ProductKeyChannel; its Description ends in ', OEM_SLP channel'.
_CHANNEL = re.compile(r"\b([A-Z_]+(?:\([^)]*\))?) channel\b")
_CHANNELS = {
    "RETAIL": "Retail",
    "OEM": "OEM",
    "OEM_SLP": "OEM:SLP",
    "OEM_DM": "OEM:DM",
    "OEM_COA_SLP": "OEM:COA",
    "OEM_COA_NSLP": "OEM:NONSLP",
    "VOLUME_KMSCLIENT": "Volume:GVLK",
    "VOLUME_KMS": "Volume:CSVLK",
    "VOLUME_MAK": "Volume:MAK",
    "TIMEBASED_SUB": "Subscription",
    "TIMEBASED_EVAL": "Evaluation",
}
_BRACKETS = re.compile(r"\(.*\)")


def _channel(description: str) -> str | None:
    found = _CHANNEL.search(description)
    return _CHANNELS.get(_BRACKETS.sub("", found[1])) if found else None


CLICK_TO_RUN = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"


def click_to_run(host: Windows) -> list[str]:
    """Return the products that Office's Click-to-Run installed: 'O365ProPlusRetail', 'ProPlus2021Volume'."""
    for found in asking.views(host, CLICK_TO_RUN):
        try:
            said = found.text("ProductReleaseIds")
        except OSError:
            continue
        if said:
            return [one.strip() for one in said.split(",") if one.strip()]
    return []


_OEM_KEY = re.compile(r"\[[\d.]+\]\s*(.+?)\s+OEM:", re.ASCII)


def firmware_edition(host: Windows) -> str | None:
    """Return the edition of the OEM key in the firmware: 'Professional' of '[4.0] Professional OEM:DM'.

    Windows reads the firmware's table MSDM for it. The key itself, which the same class would tell, is never asked for.
    """
    rows = asking.rows(host, CIMV2, "SoftwareLicensingService", "OA3xOriginalProductKeyDescription") or ()
    for row in rows:
        if found := _OEM_KEY.match(wmi.text(row, "OA3xOriginalProductKeyDescription") or ""):
            return found[1]
    return None
