"""What a monitor says of itself: the first block of its EDID (VESA E-EDID standard, release A, 128 bytes).

A pure function: bytes in, an Edid or None out, whatever the bytes are.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

HEADER = b"\x00\xff\xff\xff\xff\xff\xff\x00"
BLOCK_BYTES = 128

_FIRST_YEAR = 1990
_MODEL_YEAR = 0xFF  # in the week's place: the year is the model's, not the production's
_LAST_WEEK = 54

_DESCRIPTORS = range(54, 126, 18)
_SERIAL, _TEXT, _NAME = 0xFF, 0xFE, 0xFC

# A number below this was never counted up by a factory: 1 is what most makers leave there. The smallest real one that
# was seen, on monitors which have no other serial, is 537.
_SMALLEST_SERIAL = 256
_NO_SERIALS = {0x01010101, 0x12345678, 0xFFFFFFFF, 0x10101010, 0x01000000, 0x78563412}


@dataclass(frozen=True, slots=True)
class Edid:
    """One monitor. ``serial`` is what stands on its label, as far as the EDID tells; null where it tells nothing."""

    pnp_id: str
    product_code: int
    vendor: str
    model: str | None
    serial: str | None
    year: int | None
    week: int | None
    width_cm: int | None
    height_cm: int | None
    digital: bool
    checksum_ok: bool


def parse(data: bytes) -> Edid | None:
    """Read an EDID; None where it is none. A wrong checksum is told, not refused: some monitors are sold with one."""
    block = data[:BLOCK_BYTES]
    if len(block) < BLOCK_BYTES or block[:8] != HEADER:
        return None
    letters = int.from_bytes(block[8:10], "big")
    pnp_id = "".join(chr(64 + (letters >> shift & 0x1F)) for shift in (10, 5, 0))
    if not (pnp_id.isascii() and pnp_id.isalpha()):
        return None

    texts = _texts(block)
    code, number = int.from_bytes(block[10:12], "little"), int.from_bytes(block[12:16], "little")
    digital = bool(block[20] & 0x80)
    week, year = block[16], block[17]
    return Edid(
        pnp_id=pnp_id,
        product_code=code,
        vendor=vendor_name(pnp_id),
        # Built-in panels have no name, but texts that say maker and part.
        model=" ".join(texts[_NAME]) or " ".join(texts[_TEXT]) or None,
        serial=_serial(pnp_id, number, "".join(texts[_SERIAL][:1]), preferred=_has_preferred_timing(block)),
        year=_FIRST_YEAR + year if year else None,
        week=week if 0 < week <= _LAST_WEEK else None,
        width_cm=block[21] or None if block[22] else None,
        height_cm=block[22] or None if block[21] else None,
        digital=digital,
        checksum_ok=sum(block) % 256 == 0,
    )


def _texts(block: bytes) -> dict[int, list[str]]:
    """Return the texts of the four descriptors, by kind. They end at a line feed and are padded with blanks."""
    found: dict[int, list[str]] = {_SERIAL: [], _TEXT: [], _NAME: []}
    for at in _DESCRIPTORS:
        head, kind = block[at : at + 3], block[at + 3]
        if head == b"\0\0\0" and kind in found:
            raw = block[at + 5 : at + 18].split(b"\n")[0].split(b"\0")[0]
            text = "".join(chr(one) for one in raw if 0x20 <= one < 0x7F).strip()  # noqa: PLR2004 - printable ASCII, as the standard wants
            if text:
                found[kind].append(text)
    return found


def _has_preferred_timing(block: bytes) -> bool:
    """Return whether the first timing is called the native one: true of flat panels, not of tubes before EDID 1.4."""
    return bool(block[24] & 0x02)


def vendor_name(pnp_id: str) -> str:
    """Return the maker's name in the PNP ID registry (UEFI Forum), or the three letters where it is not there."""
    table = _vendors()
    at = table.find(f"\n{pnp_id}\t")
    return pnp_id if at < 0 else table[at + 5 : table.index("\n", at + 5)]


@cache
def _vendors() -> str:
    return "\n" + Path(__file__).with_name("pnp_vendors.tsv").read_text(encoding="utf-8")


def _serial(pnp_id: str, number: int, text: str, *, preferred: bool) -> str | None:
    """Return the serial of the label: makers split it between the number and the text, each in a way of its own."""
    if not _is_counted(number):
        number = 0
    if text and _is_serial_text(text):
        return _from_text(pnp_id, number, text)
    if not number:
        return None
    return _from_number(pnp_id, number, preferred=preferred)


def _is_counted(number: int) -> bool:
    """Return whether a factory could have counted to this number: not a constant, not one digit or byte repeated."""
    return (
        number >= _SMALLEST_SERIAL
        and number not in _NO_SERIALS
        and len(set(f"{number:08x}")) > 1
        and len(set(number.to_bytes(4, "little"))) > 1
        and len(set(str(number))) > 1
    )


def _is_serial_text(text: str) -> bool:
    kept = {one for one in text.lower() if one.isalnum()}
    return len(kept) > 1 and text.lower() not in {"serial", "serial number", "n/a", "none", "123456789", "0123456789"}


_ACER_TEXT, _ACER_HEAD, _BENQ_TEXT, _SAMSUNG_TEXT = 12, 8, 11, 10


def _from_text(pnp_id: str, number: int, text: str) -> str:
    if pnp_id == "ACR" and len(text) == _ACER_TEXT and number:
        # The label holds 20 characters, the text 12: the number's 8 hexadecimal digits stand between them.
        return f"{text[:_ACER_HEAD]}{number:08x}{text[_ACER_HEAD:]}"
    if pnp_id == "BNQ" and len(text) == _BENQ_TEXT:
        # The label's 13 characters always begin with ET, and the text leaves that away.
        return f"ET{text}"
    if pnp_id == "SAM" and len(text) == _SAMSUNG_TEXT:
        # The number is four letters. Newer labels begin with them; on older ones they are a model, such as GH19.
        head = number.to_bytes(4, "little")[::-1].decode("latin-1")
        if head.isascii() and head.isalnum() and head.isupper() and not head[2:].isdigit():
            return head + text
    return text


_LG_DIGITS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _from_number(pnp_id: str, number: int, *, preferred: bool) -> str:
    if pnp_id in {"ENC", "SAM"}:
        return str(number)
    if pnp_id == "PHL":
        return f"{number:06d}"
    if pnp_id == "GSM" and preferred and number < len(_LG_DIGITS) ** 2 * 1000:
        # The label ends in two digits of base 34 (no I, no O) and three decimal ones. On tubes it does not.
        thousands, units = divmod(number, 1000)
        first, second = divmod(thousands, len(_LG_DIGITS))
        return f"{_LG_DIGITS[first]}{_LG_DIGITS[second]}{units:03d}"
    return f"{number:08x}"
