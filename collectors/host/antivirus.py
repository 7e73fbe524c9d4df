"""Antivirus products, and whether they protect in real time."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any

from collectors.facts import Failed, Metric, NotHere, collector, fact
from collectors.sources import asking, debian, rpm, security_products, wmi
from collectors.sources.linux import Linux
from collectors.sources.local_time import month, of_epoch, utc
from collectors.sources.processes import running
from collectors.sources.windows import NoSuchClass, Windows


class Protection(StrEnum):
    """What a product does while files are opened."""

    ENABLED = "enabled"
    PASSIVE = "passive"  # it scans when it is asked, and watches nothing
    DISABLED = "disabled"
    SNOOZED = "snoozed"
    EXPIRED = "expired"


@fact(
    key="name",
    why="To know whether the PC is protected against malware (target licensed-antivirus)",
    valid_operation_days=7,
    metrics=(
        Metric(
            "baove_antivirus_protection_enabled",
            "1 where real-time protection is on, 0 where it is not",
            lambda row: None if row.protection is None else float(row.protection is Protection.ENABLED),
            {"name": lambda row: row.name},
        ),
        Metric(
            "baove_antivirus_signatures_timestamp_seconds",
            "When the signatures in use were made",
            lambda row: row.signatures_at.timestamp() if row.signatures_at else None,
            {"name": lambda row: row.name},
        ),
    ),
)
class Antivirus:
    """One antivirus product that is installed. No row means that none is."""

    name: Annotated[str, "The name that its maker gives it, such as 'ClamAV'"]
    protection: Annotated[Protection | None, "Real-time protection; null where it can't be seen"] = None
    up_to_date: Annotated[bool | None, "Its own word on its signatures; null where it says none, as ClamAV"] = None
    signatures_at: Annotated[datetime | None, "When the signatures were made or got; null: none there, or unread"] = (
        None
    )
    signatures_version: Annotated[str | None, "The version of the signatures"] = None
    version: Annotated[str | None, "The version of the product"] = None
    licence_expires_at: Annotated[datetime | None, "When its licence ends; null where it needs or tells none"] = None
    product_state: Annotated[int | None, "The raw word of Windows Security Center: the evidence; null elsewhere"] = None


@collector(every="6h", within="30s")
def linux(host: Linux) -> Iterator[Antivirus]:
    """Look for ClamAV, Microsoft Defender, Bitdefender and, by their folders, for others.

    ClamAV watches in real time only while clamonacc runs; its daemon alone is passive. Defender and Bitdefender are
    asked by their own programs (root's right with Bitdefender); where those fail the table fails, for a product that
    gives no answer is neither on nor absent. Of the others nothing but their presence can be seen.
    """
    if any(host.exists(path) for path in CLAMAV_PROGRAMS):
        yield _clamav(host)
    if host.exists("/opt/microsoft/mdatp") or host.exists("/usr/bin/mdatp"):
        yield _defender(host)
    if host.exists(BITDEFENDER):
        yield _bitdefender(host)
    for folder, name in OTHERS.items():
        if host.exists(folder):
            yield Antivirus(name=name)


OTHERS: Mapping[str, str] = {
    "/opt/eset/eea": "ESET Endpoint Antivirus for Linux",
    "/opt/eset/efs": "ESET Server Security for Linux",
    "/opt/kaspersky/kesl": "Kaspersky Endpoint Security for Linux",
    "/opt/sophos-spl": "Sophos Protection for Linux",
    "/opt/sophos-av": "Sophos Anti-Virus for Linux",
    "/opt/drweb.com": "Dr.Web for Linux",
    "/opt/f-secure/linuxsecurity": "F-Secure Linux Security",
    "/opt/ds_agent": "Trend Micro Deep Security Agent",
    "/opt/BkavPro": "Bkav",
}
"""The folders that products install themselves in, and the names of the products."""


CLAMAV_PROGRAMS = ("/usr/bin/clamscan", "/usr/sbin/clamd", "/usr/sbin/clamonacc", "/usr/bin/clamonacc")
CLAMAV_DATABASES = ("/var/lib/clamav/daily.cld", "/var/lib/clamav/daily.cvd")
_HEADER_BYTES = 512


def _clamav(host: Linux) -> Antivirus:
    programs = running(host)
    if programs is None:
        protection = None
    elif "clamonacc" in programs:
        # It only asks: without a clamd here, that of another machine may answer, or nobody.
        protection = Protection.ENABLED if "clamd" in programs else None
    else:
        protection = Protection.PASSIVE if "clamd" in programs else Protection.DISABLED
    made_at, number = max(
        (found for path in CLAMAV_DATABASES if (found := _clamav_header(host, path))),
        default=(None, None),
    )
    return Antivirus(
        name="ClamAV",
        protection=protection,
        signatures_at=made_at,
        signatures_version=number,
        version=debian.version_of(host, "clamav-base") or rpm.version_of(host, "clamav"),
    )


_CLAMAV_TIME = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d)-(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)


def _clamav_header(host: Linux, path: str) -> tuple[datetime, str] | None:
    """Read the header of a signature database: 'ClamAV-VDB:23 Nov 2026 08-25 +0000:27445:2068213:90:…'."""
    try:
        header = host.read_bytes(path, _HEADER_BYTES).decode("ascii", "replace")
    except OSError:
        return None
    words = header.split(":")
    if words[0] != "ClamAV-VDB" or len(words) < len(("magic", "time", "version")):
        return None
    found = _CLAMAV_TIME.fullmatch(words[1].strip())
    number = month(found[2]) if found else None
    if not found or number is None or not re.fullmatch(r"[0-9]{1,9}", words[2]):
        return None
    try:
        offset = timedelta(hours=int(found[7]), minutes=int(found[8])) * (-1 if found[6] == "-" else 1)
        local = datetime(int(found[3]), number, int(found[1]), int(found[4]), int(found[5]), tzinfo=timezone(offset))
        return utc(local), words[2]
    except (ValueError, OverflowError):
        return None


def _defender(host: Linux) -> Antivirus:
    """Read ``mdatp health``."""
    done = host.run("mdatp", "health", "--output", "json")
    try:
        said: Any = json.loads(done.output) if done else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("appVersion"), str):
        raise Failed("Microsoft Defender is installed, but 'mdatp health --output json' gave no answer to read")
    is_on, is_passive = _flag(said, "realTimeProtectionEnabled"), _flag(said, "passiveModeEnabled")
    protection = None
    if said.get("licensed") is False:
        protection = Protection.EXPIRED
    elif is_on is not None:
        protection = Protection.ENABLED if is_on else Protection.PASSIVE if is_passive else Protection.DISABLED
    status = said.get("definitionsStatus")
    word = status.get("$type") if isinstance(status, dict) else None
    return Antivirus(
        name="Microsoft Defender",
        protection=protection,
        up_to_date=word == "upToDate" if isinstance(word, str) else None,
        signatures_at=_milliseconds(said.get("definitionsUpdated")),
        signatures_version=_text(said.get("definitionsVersion")),
        version=said["appVersion"],
        licence_expires_at=_milliseconds(said.get("productExpiration")),
    )


def _flag(said: Mapping[str, Any], name: str) -> bool | None:
    value = said.get(name)
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _milliseconds(value: object) -> datetime | None:
    text = str(value)
    return of_epoch(int(text) // 1000) if re.fullmatch(r"[0-9]{10,16}", text) else None


BITDEFENDER = "/opt/bitdefender-security-tools"
BITDEFENDER_TOOL = f"{BITDEFENDER}/bin/bduitool"
_GMT = re.compile(r"(\d{4})-(\d\d)-(\d\d) at (\d\d):(\d\d):(\d\d) GMT(?:([+-])(\d{1,2})(?::(\d\d))?)?", re.ASCII)


def _bitdefender(host: Linux) -> Antivirus:
    """Read ``bduitool get ps``."""
    done = host.run(BITDEFENDER_TOOL, "get", "ps")
    lines = (one.partition(":") for one in (done.output if done else "").splitlines())
    said = {name.strip(" -"): value.strip() for name, found, value in lines if found}
    if "Product version" not in said:
        raise Failed("Bitdefender is installed, but 'bduitool get ps' gave no answer to read: run the agent as root")
    return Antivirus(
        name="Bitdefender Endpoint Security Tools (BEST) for Linux",
        protection={"on": Protection.ENABLED, "off": Protection.DISABLED}.get(
            said.get("Antimalware status", "").lower()
        ),
        up_to_date={"no": True, "yes": False}.get(said.get("New security content available", "").lower()),
        signatures_at=_gmt(said.get("Last security content update", "")),
        signatures_version=said.get("Engines version") or None,
        version=said["Product version"] or None,
    )


def _gmt(text: str) -> datetime | None:
    """Read '2023-08-24 at 11:44:37 GMT+2'."""
    found = _GMT.fullmatch(text)
    if not found:
        return None
    try:
        offset = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0)) * (-1 if found[7] == "-" else 1)
        local = datetime(*(int(found[place]) for place in range(1, 7)), tzinfo=UTC)  # type: ignore[arg-type,misc]
        return local - offset
    except (ValueError, OverflowError):
        return None


DEFENDER_SPACE = r"root\Microsoft\Windows\Defender"
DEFENDER_ID = "d68ddc3a-831f-4fae-9e44-da132c1acf46"
"""The GUID under which Defender is registered with Security Center, whatever the language of Windows."""
DEFENDER_NAME = "Microsoft Defender Antivirus"


@collector(every="6h", within="60s")
def windows(host: Windows) -> Iterator[Antivirus]:
    """Put together what Security Center, Defender itself, the products' services and their own keys say.

    Of Defender its own word counts, of the others Security Center's, unless nothing may start the service that would
    protect: then the product is off whatever is remembered. An entry whose program is gone is left out, unless it says
    to be on: then nobody knows. A client's Security Center must be there: without it a PC would look as if it had no
    antivirus. Windows Server has none by design; there Defender and the services of known makers are all that is seen.
    """
    services = security_products.services(host)
    found = _registered(host, services)
    defender = _defender_status(host, found.pop(DEFENDER_NAME, None))
    if defender is not None:
        found[DEFENDER_NAME] = defender
    for maker in security_products.MAKERS if host.is_server and services else ():
        if any(security_products.of_maker(maker, services or {})):
            found.setdefault(maker.name, _with_kept(host, Antivirus(name=maker.name)))
    if not found and host.is_server:
        raise NotHere("Windows Server has no Security Center, and neither Defender nor a known product is here")
    if not found and asking.starts(host, security_products.SERVICE) is False:
        raise Failed("Windows Security Center is switched off, so what protects this PC is not known")
    yield from found.values()


# The common reading of an undocumented word: bits 12 to 15 are the state (WSC_SECURITY_PRODUCT_STATE, with on and off
# the other way round), bits 4 to 7 the signatures. What the maps lack stays null.
_PROTECTION = {0: Protection.DISABLED, 1: Protection.ENABLED, 2: Protection.SNOOZED, 3: Protection.EXPIRED}
_UP_TO_DATE = {0: True, 1: False}
_BEST_FIRST = (Protection.ENABLED, None, *(one for one in Protection if one is not Protection.ENABLED))
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _registered(host: Windows, services: Mapping[str, bool] | None) -> dict[str, Antivirus]:
    """Return the products of Security Center by name.

    A product may be there twice, under the GUID of an earlier version too: the entry that was written last counts.
    """
    try:
        entries = security_products.registered(host, "AntiVirusProduct")
    except NoSuchClass as error:
        if host.is_server:
            return {}
        raise Failed("Windows Security Center is missing or broken, so what protects this PC is not known") from error
    newest: dict[str, tuple[datetime, Antivirus]] = {}
    for entry in entries:
        is_defender = entry.guid == DEFENDER_ID or entry.name in {"Windows Defender", DEFENDER_NAME}
        name = DEFENDER_NAME if is_defender else entry.name
        protection = _protection(entry, services)
        if not is_defender and security_products.was_removed(host, entry):
            if protection is not Protection.ENABLED:
                continue
            protection = None  # it says that it is on, and its program can't be found
        one = Antivirus(
            name=name,
            protection=protection,
            up_to_date=None if entry.state is None else _UP_TO_DATE.get(entry.state >> 4 & 0xF),
            product_state=entry.state,
        )
        at, before = newest.get(name, (None, None))
        now = entry.at or _LONG_AGO
        is_better = before is None or _BEST_FIRST.index(one.protection) < _BEST_FIRST.index(before.protection)
        if at is None or now > at or (now == at and is_better):
            newest[name] = now, one
    return {name: _with_kept(host, one) for name, (_, one) in newest.items()}


def _protection(entry: security_products.Registered, services: Mapping[str, bool] | None) -> Protection | None:
    said = None if entry.state is None else _PROTECTION.get(entry.state >> 12 & 0xF)
    maker = security_products.maker_of(entry.name)
    may_start = list(security_products.of_maker(maker, services)) if maker and services else []
    if said is Protection.ENABLED and may_start and not any(may_start):
        return Protection.DISABLED
    return said


def _with_kept(host: Windows, one: Antivirus) -> Antivirus:
    """Add what the product's maker keeps in the registry."""
    maker = security_products.maker_of(one.name)
    if maker is None:
        return one
    kept = maker.kept(host)
    return replace(
        one,
        version=kept.version,
        signatures_at=kept.signatures_at,
        signatures_version=kept.signatures_version,
        licence_expires_at=kept.licence_expires_at,
    )


_DEFENDER_FIELDS = (
    "AMRunningMode",
    "AMServiceEnabled",
    "AMProductVersion",
    "AntivirusEnabled",
    "RealTimeProtectionEnabled",
    "AntivirusSignatureVersion",
    "AntivirusSignatureLastUpdated",
    "DefenderSignaturesOutOfDate",
)


def _defender_status(host: Windows, registered: Antivirus | None) -> Antivirus | None:
    """Return what Defender says of itself beside what is registered of it; None where it is not here.

    Its provider fails while the service is stopped, as it is beside another product. So an error says nothing: what
    is registered as on and can't be asked is unknown, and what is registered as off stays so.
    """
    try:
        rows = host.wmi(DEFENDER_SPACE, "MSFT_MpComputerStatus", *_DEFENDER_FIELDS)
    except (NoSuchClass, FileNotFoundError):
        return registered
    except (OSError, Failed):
        rows = []
    if not rows:
        is_on = registered is not None and registered.protection is Protection.ENABLED
        return replace(registered, protection=None) if registered and is_on else registered
    row = rows[0]
    outdated = wmi.flag(row, "DefenderSignaturesOutOfDate")
    protection = _defender_protection(row)
    if protection is None and registered is not None:
        protection = registered.protection
    return Antivirus(
        name=DEFENDER_NAME,
        protection=protection,
        up_to_date=(registered.up_to_date if registered else None) if outdated is None else not outdated,
        signatures_at=wmi.moment(row, "AntivirusSignatureLastUpdated"),
        signatures_version=wmi.text(row, "AntivirusSignatureVersion"),
        version=wmi.text(row, "AMProductVersion"),
        product_state=registered.product_state if registered else None,
    )


def _defender_protection(row: Mapping[str, Any]) -> Protection | None:
    """Return the state by AMRunningMode, which Windows 10 has since 1903: Normal, Passive Mode, Not running, …."""
    mode = (wmi.text(row, "AMRunningMode") or "").lower()
    watches = wmi.flag(row, "RealTimeProtectionEnabled")
    if "passive" in mode or "block" in mode:
        return Protection.PASSIVE
    is_off = [wmi.flag(row, name) is False for name in ("AMServiceEnabled", "AntivirusEnabled")]
    if mode == "not running" or watches is False or any(is_off):
        return Protection.DISABLED
    return Protection.ENABLED if watches else None
