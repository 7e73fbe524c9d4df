"""Licences of Windows and Office: what is activated, how it was bought, and until when."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from collectors.facts import Failed, Metric, NotHere, collector, fact
from collectors.host import software
from collectors.sources import asking, licensing, product_key
from collectors.sources.linux import Linux
from collectors.sources.registry import RegistryKey
from collectors.sources.windows import Windows


class Family(StrEnum):
    """What kind of product a licence is for."""

    WINDOWS = "windows"
    OFFICE = "office"
    OTHER = "other"


class Status(StrEnum):
    """Whether a product is activated, as it says itself."""

    LICENSED = "licensed"
    GRACE = "grace"  # it works for some days without being activated
    NOTIFICATION = "notification"  # it works and reminds people that it is not activated
    UNLICENSED = "unlicensed"


@fact(
    key=("family", "product", "partial_key"),
    why="To know whether the PC's software is licensed (targets licensed-os, licensed-office)",
    metrics=(
        Metric(
            "baove_licence_valid",
            "1 where the product says that it is licensed, 0 where it says that it is not",
            lambda row: None if row.status is None else float(row.status is Status.LICENSED),
            {"product": lambda row: row.product, "family": lambda row: row.family.value},
        ),
    ),
)
class Licence:
    """One licence that is installed. Activated is not bought: today's activators look genuine to Windows."""

    product: Annotated[str, "The product, as its own service names it"]
    family: Annotated[Family, "windows, office, or other: what only extends one of them, such as extended updates"]
    edition: Annotated[str | None, "Microsoft's word for the edition: Professional, CoreSingleLanguage, …"] = None
    channel: Annotated[
        str | None, "Microsoft's word for how it was bought: Retail, OEM:DM, Volume:MAK, Volume:GVLK, Subscription, …"
    ] = None
    status: Annotated[Status | None, "What the product says of itself; null where nothing tells"] = None
    partial_key: Annotated[str | None, "The last five characters of the key, which Microsoft shows; never more"] = None
    expires_at: Annotated[
        datetime | None, "The day (UTC midnight) on which it ends unless renewed; null: it does not, or nothing tells"
    ] = None
    kms_host: Annotated[str | None, "The server by which a volume licence is activated"] = None
    firmware_edition: Annotated[
        str | None, "The edition of the OEM key in the firmware; null: there is none, or it can't be seen"
    ] = None


_STATUSES: Mapping[int, Status] = {
    0: Status.UNLICENSED,
    1: Status.LICENSED,
    2: Status.GRACE,
    3: Status.GRACE,  # out of tolerance: the hardware changed, or a KMS client was not renewed
    4: Status.GRACE,  # not genuine
    5: Status.NOTIFICATION,
    6: Status.GRACE,  # extended
}


@collector(every="6h", within="120s")
def windows(host: Windows) -> Iterator[Licence]:
    """Ask Windows' licensing services; where they are not here, read the keys that installers left in the registry.

    The registry proves what is installed, never that it is activated, and may keep the key of an earlier edition: where
    a service answers, the registry only gives names. A Microsoft 365 that a person signed in to keeps its licence in
    that person's own files, so its status is not seen. Of free suites only the presence is told: rules know them.
    """
    found = licensing.products(host)
    current = asking.key(host, CURRENT_VERSION)
    office = _registrations(host)
    programs = _programs(host)
    rows = [
        *_windows(host, found, current),
        *_office(host, found, office, programs),
        *_suites(programs or ()),
    ]
    if found is None and not rows:
        raise Failed("Windows' licensing services are not here, and the registry holds no key of Windows or Office")
    seen = set()
    for row in rows:
        key = row.family, row.product, row.partial_key
        if key not in seen:
            seen.add(key)
            yield row


@collector(every="1d", within="5s")
def linux(host: Linux) -> Iterator[Licence]:  # noqa: ARG001 - every collector is asked about a host
    """Say that there is none: no part of Linux is activated."""
    raise NotHere("Linux is free software, of which no part is activated")


CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def _windows(
    host: Windows, found: Iterable[licensing.Product] | None, current: RegistryKey | None
) -> Iterator[Licence]:
    firmware = licensing.firmware_edition(host)
    mine = [one for one in found or () if one.application == licensing.WINDOWS]
    installed = [one for one in mine if one.partial_key]
    for one in installed:
        family = Family.OTHER if one.is_addon else Family.WINDOWS
        yield _of_service(host, one, family, one.name or "Windows", None if one.is_addon else firmware)
    if any(not one.is_addon for one in installed):
        return
    if found is not None:
        sold = licensing.products(host, where=f"ApplicationID='{licensing.WINDOWS}'") or ()
        if any(one.application == licensing.WINDOWS for one in sold):  # products without a single key
            yield Licence(product="Windows", family=Family.WINDOWS, status=Status.UNLICENSED, firmware_edition=firmware)
        return
    if key := _kept_key(current, "DigitalProductId4", "DigitalProductId"):
        yield Licence(
            product=(_text(current, "ProductName") or "Windows"),
            family=Family.WINDOWS,
            edition=_text(current, "EditionID") or key.edition,
            channel=key.channel,
            partial_key=key.partial_key,
            firmware_edition=firmware,
        )


def _of_service(
    host: Windows, one: licensing.Product, family: Family, product: str, firmware: str | None = None
) -> Licence:
    return Licence(
        product=product,
        family=family,
        edition=one.edition,
        channel=one.channel,
        status=_STATUSES.get(one.status) if one.status is not None else None,
        partial_key=one.partial_key,
        expires_at=_end(host.now(), one),
        kms_host=one.kms_host,
        firmware_edition=firmware,
    )


def _end(now: datetime, one: licensing.Product) -> datetime | None:
    """Return the day on which a period ends. By minutes it would be another end at each look."""
    try:
        end = now + timedelta(minutes=one.minutes_left) if one.minutes_left else one.ends_at
    except OverflowError:
        return None
    return datetime.combine(end.astimezone(UTC).date(), time(), UTC) if end else None


def _kept_key(key: RegistryKey | None, *names: str) -> product_key.ProductKey | None:
    """Return what the first of these values says that holds a key's structure."""
    try:
        kept = [key.data(name) for name in names] if key else []
    except OSError:
        return None
    return next((read for data in kept if data and (read := product_key.read(data))), None)


def _text(key: RegistryKey | None, name: str) -> str | None:
    try:
        return key.text(name) if key else None
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Registration:
    """A key below Office's Registration: one product that could be sold, or that is installed."""

    id: str
    product: str | None
    key: product_key.ProductKey | None
    is_oem: bool
    is_trial: bool


OFFICE_VERSIONS = ("16.0", "15.0", "14.0", "12.0", "11.0")


def _registrations(host: Windows) -> list[_Registration]:
    """Read Office's keys, of both views. Office 2016 writes some 350, one for each product on sale."""
    found = {}
    for version in OFFICE_VERSIONS:
        path = rf"HKLM\SOFTWARE\Microsoft\Office\{version}\Registration"
        for wow64 in (False, True):
            above = asking.key(host, path, wow64=wow64)
            for name in above.subkeys if above else ():
                one = asking.key(host, rf"{path}\{name}", wow64=wow64)
                if one is not None and name.lower() not in found:
                    found[name.lower()] = _registration(name, one)
    return list(found.values())


def _registration(name: str, one: RegistryKey) -> _Registration:
    return _Registration(
        id=name.strip("{}").lower(),
        product=_text(one, "ProductName") or _text(one, "ConvertToEdition") or _text(one, "ProductNameNonQualified"),
        key=_kept_key(one, "DigitalProductID"),
        is_oem=one.number("OEM") == 1,
        is_trial=one.number("TrialType") == 1,
    )


def _office(
    host: Windows,
    found: Iterable[licensing.Product] | None,
    registrations: Iterable[_Registration],
    programs: list[software.Software] | None,
) -> Iterator[Licence]:
    names = {one.id: one.product for one in registrations}
    mine = _without_leftovers([one for one in found or () if one.application in licensing.OFFICE and one.partial_key])
    releases = licensing.click_to_run(host)
    for one in mine:
        release = next((name for name in releases if _is_of(one.edition or "", name)), None)
        product = names.get(one.id) or (_release_name(release) if release else None) or one.name or "Microsoft Office"
        yield _of_service(host, one, Family.OFFICE, product)
    for release in releases:
        if not any(_is_of(one.edition or "", release) for one in mine):
            yield Licence(
                product=_release_name(release),
                family=Family.OFFICE,
                edition=release,
                channel="Subscription" if release.startswith("O365") else None,
            )
    is_here = programs is None or any(_MICROSOFT_OFFICE.match(one.name) for one in programs)
    if mine or releases or not is_here:
        return
    for kept in registrations:
        if kept.key is not None:
            yield Licence(
                product=kept.product or "Microsoft Office",
                family=Family.OFFICE,
                edition=kept.key.edition,
                channel="Trial" if kept.is_trial else "OEM" if kept.is_oem else kept.key.channel,
                partial_key=kept.key.partial_key,
            )


def _without_leftovers(products: list[licensing.Product]) -> list[licensing.Product]:
    """Leave out trial and grace keys that stay beside the licensed key of the same edition."""
    licensed = {_stem(one) for one in products if _STATUSES.get(one.status or 0) is Status.LICENSED}
    return [one for one in products if _STATUSES.get(one.status or 0) is Status.LICENSED or _stem(one) not in licensed]


def _stem(one: licensing.Product) -> str:
    return (one.edition or one.id).partition("_")[0].lower()


_MICROSOFT_OFFICE = re.compile(r"Microsoft (Office|365|Project|Visio)\b", re.IGNORECASE)
_RELEASE = re.compile(r"(.+?)(20\d\d)?(Retail|Volume)", re.ASCII)
_RELEASE_NAMES = {
    "O365ProPlus": "Microsoft 365 Apps for enterprise",
    "O365Business": "Microsoft 365 Apps for business",
    "O365HomePrem": "Microsoft 365 (family, personal)",
    "O365EduCloud": "Microsoft 365 Education",
    "ProPlus": "Microsoft Office Professional Plus",
    "Professional": "Microsoft Office Professional",
    "Standard": "Microsoft Office Standard",
    "HomeBusiness": "Microsoft Office Home and Business",
    "HomeStudent": "Microsoft Office Home and Student",
    "Home": "Microsoft Office Home",
    "Personal": "Microsoft Office Personal",
    "VisioPro": "Microsoft Visio Professional",
    "VisioStd": "Microsoft Visio Standard",
    "ProjectPro": "Microsoft Project Professional",
    "ProjectStd": "Microsoft Project Standard",
}


def _release_name(release: str) -> str:
    parts = _RELEASE.fullmatch(release)
    if not parts:
        return f"Microsoft Office ({release})"
    known = _RELEASE_NAMES.get(parts[1], f"Microsoft Office {parts[1]}")
    if parts[3] == "Volume" and (parts[2] or "") >= "2021":
        known = known.replace("Office", "Office LTSC", 1)
    year = parts[2] or ("" if parts[1].startswith("O365") else "2016")
    return f"{known} {year}".strip()


_FAMILY = re.compile(r"Office(?:Mondo|\d\d)?", re.IGNORECASE)


def _is_of(edition: str, release: str) -> bool:
    """Say whether a licence's family ('Office19ProPlus2019VL_KMS_Client_AE') is of a release ('ProPlus2019Volume')."""
    parts = _RELEASE.fullmatch(release)
    if not parts or not (start := _FAMILY.match(edition)):
        return False
    wanted = f"{parts[1]}{parts[2] or ''}".lower()
    family = edition[start.end() :].lower()
    bought = {"retail": ("r",), "volume": ("v", "m")}[parts[3].lower()]  # ProPlusR_…, ProPlusVL_…, ProPlusMSDNR_…
    return family.startswith(wanted) and family[len(wanted) :].startswith(bought)


def _programs(host: Windows) -> list[software.Software] | None:
    try:
        return software.installed(host)
    except (OSError, Failed):
        return None


_SUITES = re.compile(
    r"(LibreOffice|OpenOffice|Apache OpenOffice|ONLYOFFICE|WPS Office|FreeOffice|SoftMaker)\b", re.IGNORECASE
)


def _suites(programs: Iterable[software.Software]) -> Iterator[Licence]:
    for one in programs:
        if _SUITES.match(one.name) and "help pack" not in one.name.lower():
            yield Licence(product=one.name, family=Family.OFFICE)
