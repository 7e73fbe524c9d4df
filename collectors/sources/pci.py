"""Names of PCI devices, from the list that distributions install (pci.ids)."""

from collectors.sources.files import content
from collectors.sources.linux import Linux

_LISTS = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")


def names_list(host: Linux) -> bytes:
    """Return the list of names; nothing where none is installed."""
    return next((found for path in _LISTS if (found := content(host, path))), b"")


def device_name(names: bytes, vendor: str, device: str) -> str:
    """Return 'maker model' of the numbers in sysfs ('0x8086', '0x5912'); the numbers where the list lacks them."""
    first, second = vendor.removeprefix("0x").lower(), device.removeprefix("0x").lower()
    maker, model = look_up(names, first, second)
    if maker is None:
        return f"{first or '????'}:{second or '????'}"
    return f"{maker} {model or second}".strip()


def look_up(names: bytes, vendor: str, device: str) -> tuple[str | None, str | None]:
    """Return maker and model: makers stand at the line's start, their devices below them with a tab before.

    The list holds 1.3 MB, so it is searched and not read into a table.
    """
    start = names.find(f"\n{vendor}  ".encode())
    if not vendor or start < 0:
        return None, None
    end = _line_end(names, start + 1)
    maker = _text(names[start + 1 + len(vendor) : end])
    at = names.find(f"\n\t{device}  ".encode(), end)
    # A line that begins with neither a tab nor # begins the next maker, whose device it would be.
    if not device or at < 0 or any(one[:1] not in {b"", b"\t", b"#"} for one in names[end:at].split(b"\n")):
        return maker, None
    return maker, _text(names[at + 2 + len(device) : _line_end(names, at + 1)])


def _line_end(names: bytes, start: int) -> int:
    found = names.find(b"\n", start)
    return len(names) if found < 0 else found


def _text(raw: bytes) -> str | None:
    return raw.decode("utf-8", "replace").strip() or None
