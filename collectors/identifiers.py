"""What tells one machine from all others: the hardware identifiers that can be believed.

A school's PCs are cloned and frozen, and cheap boards carry the same words in every copy: an identifier that is shared
by many is worse than none. So what follows refuses, and the hub decides from what is left.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from collectors.facts import Failed
from collectors.sources.cards import network_cards
from collectors.sources.disks import Disk, disks
from collectors.sources.files import line
from collectors.sources.linux import Linux
from collectors.sources.windows import NoSuchClass, Windows
from collectors.sources.windows_cards import is_set_by_hand
from collectors.sources.windows_cards import network_cards as windows_cards
from collectors.sources.windows_disks import WindowsDisk
from collectors.sources.windows_disks import disks as windows_disks
from collectors.sources.windows_firmware import firmware_said
from collectors.sources.wmi import text

DMI = "/sys/class/dmi/id"

# What makers and firmware write where they had nothing to write; compared without case, blanks and punctuation.
_PLACEHOLDERS = frozenset(
    """
    0123456789ab 0123456789abcdef 0x00000000 123456 1234567 987654321 9876543210 abcdefghijk abcdefghijklm allseries
    assettag assettagnum badindex baseboardmanufacturer baseboardproductname baseboardserialnumber baseboardversion
    blank boardmanufacturer boardproduct boardproductname boardserialnumber boardversion chassisassettag
    chassismanufacturer chassisserialnumber chassisversion default defaultserial defaultstring empty empty00
    emptystring eval family filledbyoem filledinbyoem invalid invalidserial manufacturer model
    motherboardserialnumber na noasset noassetinformation noassettag nodata noenclosure noname none noserial
    noserialnumber nosystemserial notapplicable notavailable notdefined notfilled notpresent notset notsettable
    notspecified notused null nullstring oem oemname other outofspec partnum partnumber product productname sample
    serial serialnumber serialnumberxxxxxx serno sernum sku sn sn12345678 sn123456789 standard systemfamily
    systemmanufacturer systemname systemproductname systemserial systemserialnumber systemsku systemversion
    tagxxxxxxxxxx testserial tobesetbyoem type1manufacturer type1productconfigid type1productname type1serialnumber
    type2boardmanufacturer type2boardproductname type2boardserialnumber type3chassismanufacturer
    type3chassisserialnumber undef undefined unknow unknown unkown unspecified version
    """.split()  # noqa: SIM905 - words
)

# SerNum0, PartNum1, AssetTagNum2: the standard's example names with a count behind them. "To be filled by O.E.M." has
# many endings.
_COUNTED = re.compile(
    r"tobefilledby|(sernum|partnum|modulepartnumber|assettagnum|serialnum|manufacturer|sku|dimm|none|unknown)\d{1,2}\Z"
)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")

# Constants of firmware that was never given a number, in the smaller of their two byte orders.
_SHARED_UUIDS = frozenset(
    {
        "00020003-0004-0005-0006-000700080009",  # AMI's: the most frequent of all
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "00112233-4455-6677-8899-aabbccddeeff",
        "01234567-89ab-cdef-0123-456789abcdef",
        "12345678-90ab-cdef-1234-567890abcdef",
        "4c4c4544-0000-2010-8020-80c04f202020",  # Dell's, made from a service tag of blanks
        "44454c4c-0000-1020-8020-80c04f202020",
    }
)
_FEWEST_BYTES = 4
_SHORTEST_SERIAL, _LONGEST_SERIAL = 4, 64


def credible_text(text: str | None) -> str | None:
    """Return a name that firmware gives, stripped; None where it is a placeholder or nothing but punctuation."""
    stripped = " ".join((text or "").split())
    bare = re.sub(r"[\W_]", "", stripped.lower())
    if len(bare) < 1 or bare in _PLACEHOLDERS or _COUNTED.match(bare) or _is_one_character(bare):
        return None
    return stripped if stripped.isprintable() and "\ufffd" not in stripped else None


def _is_one_character(bare: str) -> bool:
    """Return whether a text repeats one character: XXXXXXXX, 00000000. A model may well be called 3 or X."""
    return len(set(bare)) == 1 and (len(bare) > 1 or bare in "0x")


def credible_serial(text: str | None) -> str | None:
    """Return a serial or asset number that one machine alone could have, stripped; else None."""
    stripped = credible_text(text)
    if stripped is None or not _SHORTEST_SERIAL <= len(stripped) <= _LONGEST_SERIAL:
        return None
    bare = re.sub(r"[\W_]", "", stripped.lower())
    if len(bare) < _SHORTEST_SERIAL - 1 or len(set(bare)) < 2 or _is_counting(bare):  # noqa: PLR2004 - one character repeated
        return None
    return stripped


def _is_counting(bare: str) -> bool:
    """Return whether someone only counted: 12345678, 87654321, abcdefgh, or ten digits within (SYS-1234567890)."""
    steps = {ord(right) - ord(left) for left, right in pairwise(bare)}
    return steps in ({1}, {-1}) or "1234567890" in bare or "0123456789" in bare


def canonical_uuid(text: str) -> str:
    """Return a UUID in lower case and in the smaller of its two byte orders.

    SMBIOS before 2.6 left the order of the first three groups open, and systems differ: a PC that boots both must stay
    one device. Raises ValueError where the text is no UUID.
    """
    lower = text.strip().lower()
    if not _UUID.match(lower):
        raise ValueError(f"{text!r} is no UUID")
    first, second, third, *rest = lower.split("-")
    other = "-".join([*(_swapped(one) for one in (first, second, third)), *rest])
    return min(lower, other)


def _swapped(group: str) -> str:
    return bytes.fromhex(group)[::-1].hex()


def credible_uuid(text: str | None) -> str | None:
    """Return the canonical form of a UUID that one machine alone could have; None where it is not to be believed."""
    if text is None or not _UUID.match(text.strip().lower()):
        return None
    uuid = canonical_uuid(text)
    raw = bytes.fromhex(uuid.replace("-", ""))
    if uuid in _SHARED_UUIDS or len(set(raw)) < _FEWEST_BYTES or _is_sequence(raw):
        return None
    return uuid


def _is_sequence(raw: bytes) -> bool:
    """Return whether the bytes only count up or down, as in 00010203-0405-…."""
    return len({right - left & 0xFF for left, right in pairwise(raw)}) == 1


# The makers' prefixes of virtual cards that do not say so themselves (the others have the local bit set).
_VIRTUAL_PREFIXES = ("00:05:69", "00:0c:29", "00:1c:14", "00:50:56", "08:00:27", "00:15:5d", "00:16:3e", "00:1c:42")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_LOCAL_OR_GROUP = 0x03


def credible_mac(text: str | None) -> str | None:
    """Return a MAC that a maker gave to one card, in lower case; None for one made up, or of a virtual card."""
    mac = (text or "").strip().lower()
    if not _MAC.match(mac) or int(mac[:2], 16) & _LOCAL_OR_GROUP or mac.startswith(_VIRTUAL_PREFIXES):
        return None
    tail = mac[9:].replace(":", "")
    return None if tail in {"000000", "ffffff"} or len(set(mac.split(":"))) == 1 else mac


def identifiers(host: Linux | Windows) -> dict[str, Any]:
    """Return the credible identifiers of a machine, as a report carries them; what can't be read is null or missing.

    ``smbios_uuid`` is canonical; ``system_serial`` is the system's, else the chassis's; ``macs`` are permanent ones of
    built-in wired cards. ``weak_id`` is always null here: the agent keeps one, where all the rest is nothing.
    """
    return _of_windows(host) if host.system == "windows" else _of_linux(host)


def _of_linux(host: Linux) -> dict[str, Any]:
    return {
        "smbios_uuid": credible_uuid(line(host, f"{DMI}/product_uuid")),
        "system_serial": credible_serial(line(host, f"{DMI}/product_serial"))
        or credible_serial(line(host, f"{DMI}/chassis_serial")),
        "board_serial": credible_serial(line(host, f"{DMI}/board_serial")),
        "disk_serials": _known(lambda: _serials(disks(host))),
        "macs": _known(lambda: _macs(host)),
        "weak_id": None,
    }


def _of_windows(host: Windows) -> dict[str, Any]:
    try:
        said = firmware_said(host)
    except (OSError, NoSuchClass, Failed):
        said = {"bios": {}, "product": {}, "case": {}, "board": {}}
    try:
        serials = _serials(windows_disks(host))
    except (OSError, NoSuchClass, Failed):
        serials = []
    return {
        "smbios_uuid": credible_uuid(text(said["product"], "UUID")),
        "system_serial": credible_serial(text(said["bios"], "SerialNumber"))
        or credible_serial(text(said["product"], "IdentifyingNumber"))
        or credible_serial(text(said["case"], "SerialNumber")),
        "board_serial": credible_serial(text(said["board"], "SerialNumber")),
        "disk_serials": serials,
        "macs": sorted(set(_windows_macs(host))),
        "weak_id": None,
    }


def _serials(found: Iterable[Disk | WindowsDisk]) -> list[str]:
    serials = (credible_serial(disk.serial) for disk in found if disk.is_built_in)
    return sorted({serial for serial in serials if serial})


def _known(find: Callable[[], Iterable[str]]) -> list[str]:
    """Return what is found, sorted; nothing where it can't be read: a machine without /sys has other identifiers."""
    try:
        return sorted(set(find()))
    except OSError:
        return []


def _macs(host: Linux) -> Iterator[str]:
    for card in network_cards(host):
        mac = credible_mac(card.permanent_mac) if card.is_built_in and card.kind == "ethernet" else None
        if mac:
            yield mac


def _windows_macs(host: Windows) -> Iterator[str]:
    """Yield the MACs of built-in wired cards: the maker's, or where Windows tells none (7) one that nobody changed."""
    try:
        cards = list(windows_cards(host))
    except (OSError, NoSuchClass, Failed):
        return
    for card in cards:
        if card.is_built_in and card.kind == "ethernet":
            mac = credible_mac(card.permanent_mac or (None if is_set_by_hand(host, card) else card.mac))
            if mac:
                yield mac
