"""Reads single values as people and Excel write them. Each function raises Unreadable with what was expected."""

import ipaddress
import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from collectors.sources.probe import check_target
from rules.words import sentence

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of a week as files name them, in the order of ``date.weekday``."""

TEXT_LIMIT = 300
NUMBER_LIMIT = 10**15
YEARS = range(1990, 2100)
"""The years that a date of a profile may lie in; another is a typing error."""

Reader = Callable[[Any], Any]


class Unreadable(ValueError):  # noqa: N818 - what the value is
    """A value that is not what it should be: one sentence."""


def text(value: Any) -> str:
    """Read a text: letters composed (NFC), blanks made single, invisible marks dropped."""
    if not isinstance(value, str):
        raise Unreadable(sentence("expected text: put it in quotes"))
    visible = "".join(letter for letter in value if unicodedata.category(letter) != "Cf")
    made = " ".join(unicodedata.normalize("NFC", visible).split())
    if any(unicodedata.category(letter) in {"Cc", "Cs"} or letter in "\ufffe\uffff" for letter in made):
        raise Unreadable(sentence("expected text without control characters"))
    if not made:
        raise Unreadable(sentence("expected a value here"))
    if len(made) > TEXT_LIMIT:
        raise Unreadable(sentence("expected at most {limit} letters", limit=TEXT_LIMIT))
    if re.fullmatch(r"-?\d+([.,]\d+)?E\+\d+", made):
        raise Unreadable(
            sentence("expected the whole value: Excel shortened '{found}', format its column as text", found=made)
        )
    return made


def number(value: Any) -> int:
    """Read a whole number from 0 up. '34.0', as some spreadsheets write 34, is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unreadable(sentence("expected a whole number"))
    written = str(value).strip()
    if not re.fullmatch(r"\d{1,15}([.,]0+)?", written, re.ASCII):
        raise Unreadable(sentence("expected a whole number, found '{found}'", found=written[:40]))
    return int(re.split("[.,]", written)[0])


def positive(value: Any) -> int:
    """Read a whole number from 1 up."""
    made = number(value)
    if made == 0:
        raise Unreadable(sentence("expected a whole number above 0, found '{found}'", found=0))
    return made


def money(value: Any) -> int:
    """Read an amount of đồng, '1500000', '1.500.000' or '1,500,000 đ'."""
    if isinstance(value, str):
        amount = re.sub(r"\s*(đ|₫|vnđ|vnd|đồng)$", "", value.strip().casefold())
        if re.fullmatch(r"\d{1,3}(\.\d{3})+|\d{1,3}(,\d{3})+|\d{1,3}([ \u00a0]\d{3})+", amount, re.ASCII):
            amount = re.sub(r"\D", "", amount)
        return number(amount)
    return number(value)


def bits_per_second(value: Any) -> int:
    """Read a speed in Mbit/s."""
    try:
        bits = Decimal(str(value).strip().replace(",", ".")) * 1_000_000
    except InvalidOperation:
        bits = Decimal(-1)
    if isinstance(value, bool) or not bits.is_finite() or not 0 < bits <= NUMBER_LIMIT or bits != int(bits):
        raise Unreadable(sentence("expected a speed in Mbit/s such as 150, found '{found}'", found=str(value)[:40]))
    return int(bits)


def megabits(bits: int) -> int | float:
    """Return what ``bits_per_second`` reads as this."""
    whole, rest = divmod(bits, 1_000_000)
    return bits / 1_000_000 if rest else whole


def day(value: Any) -> date:
    """Read a date: '2026-05-31', or as Excel writes it in Vietnam, '31/05/2026'."""
    if isinstance(value, datetime):
        value = value.date()
    written = value.isoformat() if isinstance(value, date) else str(value).strip()
    for pattern, order in (
        (r"(\d{4})-(\d{1,2})-(\d{1,2})", (0, 1, 2)),
        (r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", (2, 1, 0)),
    ):
        found = re.fullmatch(pattern, written, re.ASCII)
        if found:
            try:
                made = date(*(int(found[place + 1]) for place in order))
            except ValueError:
                break
            if made.year in YEARS:
                return made
    raise Unreadable(sentence("expected a date such as 2026-05-31 or 31/05/2026, found '{found}'", found=written[:40]))


def clock(value: Any) -> str:
    """Read a time of day: '07:30', '7:30' or '7h30'."""
    if isinstance(value, datetime | time):
        return value.strftime("%H:%M")
    found = re.fullmatch(r"(\d{1,2})(?:[:h.](\d{2}))(?::00)?", str(value).strip(), re.ASCII)
    if not found or not (int(found[1]) < 24 and int(found[2]) < 60):  # noqa: PLR2004 - hours and minutes
        raise Unreadable(sentence("expected a time such as 07:30, found '{found}'", found=str(value)[:40]))
    return f"{int(found[1]):02}:{found[2]}"


_TRUTH = {
    **dict.fromkeys(("true", "1", "x", "yes", "có", "đúng"), True),
    **dict.fromkeys(("false", "0", "no", "không", "sai"), False),
}


def truth(value: Any) -> bool:
    """Read true or false, in the words of Excel and of people."""
    if isinstance(value, bool):
        return value
    found = _TRUTH.get(unicodedata.normalize("NFC", str(value).strip().casefold()))
    if found is None:
        raise Unreadable(sentence("expected true or false, found '{found}'", found=str(value)[:40]))
    return found


def weekday(value: Any) -> str:
    """Read a day of the week, 'mon' to 'sun'; 'Thứ 2', 'T2' and 'CN' too."""
    written = " ".join(unicodedata.normalize("NFC", str(value)).casefold().split())
    vietnamese = re.fullmatch(r"(?:thứ |t)([2-7])", written)
    if vietnamese:
        return WEEKDAYS[int(vietnamese[1]) - 2]
    if written in {"cn", "chủ nhật"}:
        return "sun"
    if written not in WEEKDAYS:
        raise Unreadable(
            sentence("expected one of {words}, found '{found}'", words=", ".join(WEEKDAYS), found=written[:40])
        )
    return written


def weekdays(value: Any) -> tuple[str, ...]:
    """Read days of the week: a list, or one text with commas or blanks between them. Gives them in a week's order."""
    items = re.split(r"[,;\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(items, list):
        raise Unreadable(sentence("expected a list of days such as [mon, tue, wed, thu, fri]"))
    found = set(map(weekday, items))
    return tuple(one for one in WEEKDAYS if one in found)


def year(value: Any) -> int:
    """Read a year."""
    made = number(value)
    if made not in YEARS:
        raise Unreadable(sentence("expected a year such as 2021, found '{found}'", found=made))
    return made


def subject(value: Any) -> str:
    """Read a lesson's subject as small letters; 'Tin học' is informatics, by which rules know it."""
    made = text(value).casefold()
    return "informatics" if made == "tin học" else made


def device_kind(value: Any) -> str:
    """Read a device's kind: one word in small letters, as the table device has it ('all_in_one'), or of other gear."""
    made = re.sub(r"[ -]", "_", text(value).casefold())
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", made):
        raise Unreadable(
            sentence("expected a kind such as desktop, laptop, printer or switch, found '{found}'", found=made[:40])
        )
    return made


def school_year(value: Any) -> str:
    """Read a school year, '2025-2026'."""
    made = text(value)
    found = re.fullmatch(r"(\d{4})\s?[-\u2013]\s?(\d{4})", made, re.ASCII)
    if not found or int(found[2]) != int(found[1]) + 1:
        raise Unreadable(sentence("expected a school year such as 2025-2026, found '{found}'", found=made[:40]))
    return f"{found[1]}-{found[2]}"


def time_zone(value: Any) -> str:
    """Read the name of a time zone."""
    made = text(value)
    try:
        zoneinfo.ZoneInfo(made)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unreadable(
            sentence("expected a time zone such as Asia/Ho_Chi_Minh, found '{found}'", found=made[:40])
        ) from error
    return made


def network(value: Any) -> str:
    """Read a network, '192.168.10.0/24': bits beyond the prefix must be 0, or a typing error would go unseen."""
    made = text(value)
    try:
        return str(ipaddress.ip_network(made if "/" in made else "no prefix"))
    except ValueError as error:
        raise Unreadable(
            sentence("expected a network such as 192.168.10.0/24, found '{found}'", found=made[:60])
        ) from error


def address(value: Any) -> str:
    """Read an IP address."""
    made = text(value)
    try:
        return str(ipaddress.ip_address(made))
    except ValueError as error:
        raise Unreadable(
            sentence("expected an IP address such as 192.168.10.1, found '{found}'", found=made[:60])
        ) from error


def addresses(value: Any) -> tuple[str, ...]:
    """Read IP addresses: a list, or one text with commas or blanks between them."""
    items = re.split(r"[,;\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(items, list):
        raise Unreadable(sentence("expected a list of IP addresses such as [192.168.10.1]"))
    return tuple(dict.fromkeys(map(address, items)))


def hostname_pattern(value: Any) -> str:
    """Read a pattern of host names: letters, digits and hyphens, * for any letters and ? for one."""
    made = text(value)
    if not re.fullmatch(r"[A-Za-z0-9._*?-]{1,63}", made) or not re.search(r"[A-Za-z0-9]", made):
        raise Unreadable(
            sentence(
                "expected a pattern of host names such as TT-PM1-*: letters, digits, hyphens, * and ?, found '{found}'",
                found=made[:60],
            )
        )
    return made


def mac(value: Any) -> str:
    """Read a MAC address in any of its ways to be written; gives 'd8:cb:8a:00:11:22'."""
    made = text(value)
    digits = re.sub(r"[:.\- ]", "", made).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise Unreadable(sentence("expected a MAC address such as d8:cb:8a:00:11:22, found '{found}'", found=made[:40]))
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def probe_target(value: Any) -> str:
    """Read what is probed: an address with http, https or tcp."""
    made = text(value)
    try:
        check_target(made)
    except ValueError as error:
        raise Unreadable(
            sentence(
                "expected an address such as https://haiphong.edu.vn/ or tcp://HOST:PORT, found '{found}'",
                found=made[:80],
            )
        ) from error
    return made


def one_of(words: type[StrEnum]) -> Reader:
    """Return what reads one of an enumeration's words."""

    def read(value: Any) -> StrEnum:
        written = str(value).strip().casefold()
        if written not in {word.value for word in words}:
            raise Unreadable(
                sentence("expected one of {words}, found '{found}'", words=", ".join(words), found=written[:40])
            )
        return words(written)

    return read


BY_TYPE: dict[type, Reader] = {str: text, int: number, bool: truth, date: day, tuple: addresses}
"""How a field is read whose column says nothing else."""


def reader_of(kind: type) -> Reader:
    """Return what reads a field of this type."""
    return one_of(kind) if issubclass(kind, StrEnum) else BY_TYPE[kind]
