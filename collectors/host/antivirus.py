"""Antivirus products, and whether they protect in real time."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any

from collectors.facts import Failed, Metric, collector, fact
from collectors.sources import debian, rpm
from collectors.sources.linux import Linux
from collectors.sources.local_time import month, of_epoch, utc
from collectors.sources.processes import running


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
