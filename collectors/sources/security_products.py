"""Security products of Windows: what Security Center has registered, and what their makers keep in the registry."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collectors.sources import asking, wmi
from collectors.sources.local_time import month, of_epoch
from collectors.sources.windows import Windows

SECURITY_CENTER = r"root\SecurityCenter2"
SERVICE = "wscsvc"
"""Security Center's own service."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One entry of Security Center. ``state`` is its raw word, ``at`` when the product last reported it."""

    name: str
    guid: str
    state: int | None
    program: str | None
    at: datetime | None


def registered(host: Windows, class_name: str) -> list[Registered]:
    """Return the entries of AntiVirusProduct or FirewallProduct. Raises as ``host.wmi`` does."""
    wanted = ("displayName", "instanceGuid", "productState", "pathToSignedProductExe", "timestamp")
    return [
        Registered(
            name=name,
            guid=(wmi.text(row, "instanceGuid") or "").strip("{}").lower(),
            state=wmi.number(row, "productState"),
            program=wmi.text(row, "pathToSignedProductExe"),
            at=_moment(wmi.text(row, "timestamp") or ""),
        )
        for row in host.wmi(SECURITY_CENTER, class_name, *wanted)
        if (name := wmi.text(row, "displayName"))
    ]


_STAMP = re.compile(r"\w{3}, (\d{1,2}) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)


def _moment(text: str) -> datetime | None:
    """Read 'Mon, 02 Mar 2026 01:15:00 GMT'."""
    found = _STAMP.match(text)
    number = month(found[2]) if found else None
    if not found or number is None:
        return None
    try:
        return datetime(int(found[3]), number, int(found[1]), *(int(found[at]) for at in (4, 5, 6)), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


_FOLDERS = {
    "%programfiles%": r"C:\Program Files",
    "%programfiles(x86)%": r"C:\Program Files (x86)",
    "%programdata%": r"C:\ProgramData",
    "%systemroot%": r"C:\Windows",
    "%windir%": r"C:\Windows",
}
_PATH = re.compile(r"[A-Za-z]:\\[^%\"*?<>|]+\Z")


def was_removed(host: Windows, one: Registered) -> bool:
    """Say whether the program of an entry is gone: uninstalling does not always take the entry away."""
    path = (one.program or "").strip('" ')
    for name, folder in _FOLDERS.items():
        if path.lower().startswith(name):
            path = folder + path[len(name) :]
    return bool(_PATH.match(path)) and asking.exists(host, path) is False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a maker keeps in the registry of its own product; None: it does not, or it can't be read."""

    version: str | None = None
    signatures_at: datetime | None = None
    signatures_version: str | None = None
    licence_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """A maker: how the names of its products and of the services that protect begin, and how to read its registry."""

    name: str
    services: tuple[str, ...]
    kept: Callable[[Windows], Kept] = lambda _: Kept()


def _kaspersky(host: Windows) -> Kept:
    r"""Read KasperskyLab\protected\<product>\Data: the last update, and the days until the licence ends."""
    for wow64 in (True, False):
        above = asking.key(host, _KASPERSKY, wow64=wow64)
        for product in above.subkeys if above else ():
            data = asking.key(host, rf"{_KASPERSKY}\{product}\Data", wow64=wow64)
            about = asking.key(host, rf"{_KASPERSKY}\{product}\environment", wow64=wow64)
            if data is None and about is None:
                continue
            updated = data.number("LastSuccessfulUpdate") if data else None
            left = data.number("LicDaysTillExpiration") if data and data.number("LicKeyType") else None
            return Kept(
                version=about.text("ProductVersion") or about.text("Ins_ProductVersion") if about else None,
                signatures_at=of_epoch(updated) if updated and updated != _NOT_SET else None,
                licence_expires_at=_in_days(host, left),
            )
    return Kept()


_KASPERSKY = r"HKLM\SOFTWARE\KasperskyLab\protected"
_NOT_SET = 0xFFFFFFFF
_MOST_DAYS = 36500


def _in_days(host: Windows, days: int | None) -> datetime | None:
    """Return the midnight so many days from now; a negative number of days stands as one above 2**31."""
    if days is None or days == _NOT_SET:
        return None
    left = days - (1 << 32) if days >= 1 << 31 else days
    if abs(left) > _MOST_DAYS:
        return None
    return host.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=left)


_ESET = r"HKLM\SOFTWARE\ESET\ESET Security\CurrentVersion\Info"
_ESET_SCANNER = re.compile(r"(\d{1,9})\S* \((\d{4})(\d\d)(\d\d)\)", re.ASCII)
_ESET_LICENCE = r"C:\ProgramData\ESET\ESET Security\License\license.lf"
_ESET_ENDS = re.compile(rb"EXPIRATION_DATE\W{1,3}(\d{4})-(\d\d)-(\d\d)", re.IGNORECASE)
_LARGEST_BYTES = 1 << 20


def _eset(host: Windows) -> Kept:
    """Read ESET's key Info, where 'ScannerVersion' is '28956 (20260301)', and the end in its licence file."""
    about = asking.key(host, _ESET)
    scanner = _ESET_SCANNER.match((about.text("ScannerVersion") if about else None) or "")
    try:
        ends = _ESET_ENDS.search(host.read_bytes(_ESET_LICENCE, _LARGEST_BYTES))
    except OSError:
        ends = None
    return Kept(
        version=about.text("ProductVersion") if about else None,
        signatures_version=scanner[1] if scanner else None,
        signatures_at=_day(scanner.groups()[1:]) if scanner else None,
        licence_expires_at=_day(tuple(one.decode() for one in ends.groups())) if ends else None,
    )


def _day(parts: tuple[str, ...]) -> datetime | None:
    try:
        year, month, day = (int(one) for one in parts)
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


MAKERS = (
    Maker("Kaspersky", ("avp",), _kaspersky),
    Maker("ESET", ("ekrn",), _eset),
    Maker("Bkav", ("bkav",)),
    Maker("Bitdefender", ("vsserv", "epsecurityservice")),
    Maker("Avast", ("avast! antivirus",)),
    Maker("AVG", ("avg antivirus",)),
    Maker("Avira", ("antivirservice",)),
    Maker("Sophos", ("savservice", "sophos endpoint defense")),
    Maker("Trend Micro", ("ntrtscan", "amsp")),
    Maker("Symantec", ("sepmasterservice",)),
    Maker("Norton", ("nortonsecurity", "norton")),
    Maker("McAfee", ("mcshield", "mfemms")),
    Maker("Panda", ("nanoservicemain", "psuaservice")),
    Maker("CMC", ("cmccore", "cmcav")),
)


def maker_of(name: str) -> Maker | None:
    """Return the maker whose name a product's name begins with."""
    return next((one for one in MAKERS if name.lower().startswith(one.name.lower())), None)


def services(host: Windows) -> Mapping[str, bool] | None:
    """Return the services of known makers in lower case, and whether anything may start each; None: not to be seen."""
    names = asking.names(host, asking.SERVICES)
    if not names:
        return None
    known = tuple(start for maker in MAKERS for start in maker.services)
    mine = [name for name in names if name.lower().startswith(known)]
    return {name.lower(): asking.starts(host, name) is not False for name in mine}


def of_maker(maker: Maker, here: Mapping[str, bool]) -> Iterator[bool]:
    """Yield of each of a maker's services whether it may start."""
    return (may for name, may in here.items() if name.startswith(maker.services))
