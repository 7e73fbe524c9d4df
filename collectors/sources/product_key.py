"""DigitalProductId: what Windows and Office keep in the registry of the key that they were installed with.

Two structures are known, of 164 bytes (version 3) and of 1272 bytes (version 4). Both hold the whole key, encoded. It
never leaves this module: what is given out are its last five characters, which Microsoft itself shows.
"""

from dataclasses import dataclass

_ALPHABET = "BCDFGHJKMPQRTVWXY2346789"
_KEY_BYTES, _KEY_LETTERS = 15, 25
_HAS_N, _LAST_BYTE = 0x08, 14

_SHORT, _LONG = 3, 4
_SHORT_BYTES, _LONG_BYTES = 164, 1272
_PLACES = {_SHORT: 0x34, _LONG: 0x328}
_PRODUCT_ID, _EDITION_ID = slice(0x08, 0x20), slice(0x24, 0x34)
_LONG_EDITION, _LONG_CHANNEL, _LONG_TERMS = slice(0x118, 0x320), slice(0x3F8, 0x478), slice(0x478, 0x4F8)
_CHANNEL_WORDS = ("OEM", "Volume", "Retail")


@dataclass(frozen=True, slots=True)
class ProductKey:
    """What a DigitalProductId says. ``channel`` is Microsoft's word: 'OEM:DM', 'Volume:MAK', 'Retail'."""

    partial_key: str | None
    channel: str | None
    edition: str | None


def read(data: bytes) -> ProductKey | None:
    """Return what the bytes say; None where they are no structure of a known version.

    Volume keys are wiped out of the structure (zeros remain): there the last five characters are None.
    """
    version = int.from_bytes(data[4:6], "little")
    if len(data) < {_SHORT: _SHORT_BYTES, _LONG: _LONG_BYTES}.get(version, len(data) + 1):
        return None
    place = _PLACES[version]
    partial = _partial(data[place : place + _KEY_BYTES])
    if version == _SHORT:
        product_id = data[_PRODUCT_ID].split(b"\0")[0].decode("ascii", "replace")
        return ProductKey(partial, "OEM" if "OEM" in product_id else None, None)
    terms = _text(data[_LONG_TERMS])
    channel = _text(data[_LONG_CHANNEL]) or (terms if terms in _CHANNEL_WORDS else None)
    return ProductKey(partial, channel, _text(data[_LONG_EDITION]))


def _text(data: bytes) -> str | None:
    return data.decode("utf-16-le", "replace").split("\0")[0].strip() or None


def _partial(encoded: bytes) -> str | None:
    """Return the last five characters of a key: a number in base 24, in which a newer key's letter N has a place."""
    has_n = bool(encoded[_LAST_BYTE] & _HAS_N)
    number = int.from_bytes(encoded[:_LAST_BYTE] + bytes([encoded[_LAST_BYTE] & ~_HAS_N & 0xFF]), "little")
    if not number:
        return None
    digits = []
    for _ in range(_KEY_LETTERS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(digit)
    if number:
        return None  # more than 25 letters: no key
    letters = "".join(_ALPHABET[digit] for digit in reversed(digits))
    if has_n:  # the first digit says where the N stands among the other 24
        letters = letters[1 : 1 + digits[-1]] + "N" + letters[1 + digits[-1] :]
    return None if letters.startswith(_ALPHABET[0] * 10) else letters[-5:]
