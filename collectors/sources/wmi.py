"""Values as WMI gives them, live or dumped, and the reader of dumps.

A value is text, int, bool, a list or None. WMI gives 64-bit numbers as text, and a dump gives everything as text, so
a collector reads each value through one of the readers below: they turn what is there, and what is no such thing into
None.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from collectors.sources.decoding import lines

Row = Mapping[str, Any]


class NoSuchClass(LookupError):  # noqa: N818 - a finding as often as an error
    """This Windows has no such namespace or class."""


def text(row: Row, name: str) -> str | None:
    """Return a property as text without blanks around it; None for none and for an empty one."""
    value = row.get(name)
    return str(value).replace("\0", "").strip() or None if isinstance(value, str | int) else None


def number(row: Row, name: str) -> int | None:
    """Return a property as a whole number; None for none, and for what is no number."""
    value = row.get(name)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    return whole(value) if isinstance(value, str) else None


_LONGEST_NUMBER = 20  # digits of 2**64, a sign with those of 2**63


def whole(value: str) -> int | None:
    """Return the whole number that a text is; None for anything else."""
    found = value.strip()
    is_number = found.removeprefix("-").isdecimal() and found.isascii() and len(found) <= _LONGEST_NUMBER
    return int(found) if is_number else None


def flag(row: Row, name: str) -> bool | None:
    """Return a property as true or false; None for none. Dumps write TRUE and FALSE, PowerShell True and False."""
    value = row.get(name)
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())


def texts(row: Row, name: str) -> tuple[str, ...]:
    """Return a property that is a list, as texts; one value is a list of one."""
    value = row.get(name)
    many = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return tuple(one for one in (str(item).strip() for item in many if item is not None) if one)


_CIM = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d|\*\*)(\d\d|\*\*)(\d\d|\*\*)\.[\d*]{6}([+-])(\d{3}|\*{3})\Z", re.ASCII)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\*+.*)?\Z", re.ASCII)
_JSON_DATE = re.compile(r"\\?/Date\((-?\d{1,15})\)\\?/\Z")
_NOT_SET_YEAR = 1601


def moment(row: Row, name: str) -> datetime | None:
    """Return a property as a time, UTC; None for none, and for a time that is not set (the year 1601).

    CIM writes '20130813153755.000000+120', the offset in minutes; stars stand for what is not known: an unknown hour
    counts as 0, an unknown offset as UTC. PowerShell's JSON has '/Date(milliseconds)/' or a time of ISO 8601.
    """
    value = row.get(name)
    if isinstance(value, Mapping):  # ConvertTo-Json of a DateTime that was shown before
        value = value.get("value")
    said = str(value or "").strip()
    try:
        found = _cim(said) or _of_json(said)
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC).replace(microsecond=0) if found and found.year > _NOT_SET_YEAR else None


def day(row: Row, name: str) -> date | None:
    """Return the day that a CIM time names, in its own zone; None for anything else.

    Firmware dates have no hour, and some dumps no zone ('20050927******.******+***'): turned to UTC, they would slip.
    """
    found = re.match(r"(\d{4})(\d\d)(\d\d)[\d*]{6}\.[\d*]{6}[+-][\d*]{3}\Z", text(row, name) or "", re.ASCII)
    at = None if found else moment(row, name)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else at.date() if at else None
    except ValueError:
        return None


def _cim(said: str) -> datetime | None:
    if found := _CIM.match(said):
        year, month, day = (int(one) for one in found.groups()[:3])
        hour, minute, second = (0 if "*" in one else int(one) for one in found.groups()[3:6])
        minutes = 0 if "*" in found[8] else int(found[7] + found[8])
        zone = timezone(timedelta(minutes=minutes))
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    if found := _DAY.match(said):
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    return None


def _of_json(said: str) -> datetime | None:
    if found := _JSON_DATE.match(said):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
    if "T" not in said:
        return None
    found_iso = datetime.fromisoformat(said)
    return found_iso if found_iso.tzinfo else found_iso.replace(tzinfo=UTC)


_PROPERTY = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.ASCII | re.DOTALL)
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}\Z")
_NUMBERS = re.compile(r"\{-?\d+(,-?\d+)*\}\Z", re.ASCII)


def dumped(dump: str) -> list[dict[str, Any]]:
    r"""Read what ``wmic path CLASS get /format:list`` prints: Name=Value lines, instances parted by blank lines.

    Raises ValueError, with a sentence, for a text that is no such dump or was cut. Blank lines alone are a class
    without instances; no byte at all is a program that wrote nothing, and proves nothing.
    """
    if not dump:
        raise ValueError("is empty: the program that should have written it did not run")
    if not dump.endswith(("\n", "\r")):
        raise ValueError("ends within a line: it was cut")
    if "\0" in dump:
        raise ValueError("holds bytes that no text has")
    blocks = list(_blocks(dump))
    if len(blocks) > 1 and all(len(one) == 1 for one in blocks):
        return list(_regrouped(blocks))
    return blocks


def _blocks(dump: str) -> Iterator[dict[str, Any]]:
    block: dict[str, str] = {}
    last = ""
    for line in lines(dump):
        if line[:1] == "#":
            continue
        found = _PROPERTY.match(line)
        if found is None:
            if line.strip():
                if not last:
                    raise ValueError("is no list of Name=Value lines")
                block[last] += f"\n{line}"
            else:
                if block:
                    yield {name: listed(value) for name, value in block.items()}
                block, last = {}, ""
            continue
        last = found[1]
        block[last] = found[2]
    if block:
        yield {name: listed(value) for name, value in block.items()}


def _regrouped(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Put together what a blank line after each property took apart."""
    row: dict[str, Any] = {}
    for block in blocks:
        if row.keys() & block.keys():
            yield row
            row = {}
        row |= block
    yield row


def listed(value: str) -> Any:
    """Return a dumped value: text, a list of texts, or None for nothing."""
    if "&" in value:
        value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    if value[:1] != "{" or value[-1:] != "}":
        return value or None
    if value == "{}":
        return []
    if value[1] == '"' and value[-2] == '"' and len(value) > 3:  # noqa: PLR2004 - braces and quotes
        return value[2:-2].split('","')
    if _NUMBERS.match(value) and not _GUID.match(value):
        return value[1:-1].split(",")
    return value


def converted(dump: str) -> list[dict[str, Any]]:
    """Read what ``Get-CimInstance CLASS | ConvertTo-Json`` prints. Raises ValueError for anything else."""
    if not dump.strip():
        raise ValueError("is empty: the program that should have written it did not run")
    try:
        found = json.loads(dump)
    except RecursionError as error:
        raise ValueError("is no list of instances") from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in rows):
        raise ValueError("is no list of instances")
    return rows
