"""Names of PCI and USB devices, from the lists that distributions install."""

from functools import lru_cache

from collectors.sources.files import content
from collectors.sources.linux import Linux

PCI_LISTS = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")


def device_name(host: Linux, vendor: str, device: str) -> str:
    """Return 'maker model' of the numbers that sysfs has ('0x8086', '0x5912'); the numbers where no list knows them."""
    first, second = vendor.removeprefix("0x").lower(), device.removeprefix("0x").lower()
    names = next((found for path in PCI_LISTS if (found := content(host, path))), b"")
    maker, model = look_up(names, first, second)
    if maker is None:
        return f"{first or '????'}:{second or '????'}"
    return f"{maker} {model or second}"


@lru_cache(maxsize=8)
def look_up(names: bytes, vendor: str, device: str) -> tuple[str | None, str | None]:
    """Return maker and model in a list: makers at the line's start, their devices below with a tab before them.

    The list holds 1.3 MB, so it is searched and not read into a table.
    """
    start = names.find(f"\n{vendor}  ".encode())
    if not vendor or start < 0:
        return None, None
    end = names.find(b"\n", start + 1)
    maker = names[start + 7 : end].decode("utf-8", "replace").strip()
    at = names.find(f"\n\t{device}  ".encode(), end)
    block = names[end:at] if device and at >= 0 else b""
    # A line that begins neither with a tab nor with # begins the next maker.
    is_ours = at >= 0 and all(one[:1] in {b"", b"\t", b"#"} for one in block.split(b"\n"))
    model = names[at + 8 : names.find(b"\n", at + 1)].decode("utf-8", "replace").strip() if is_ours else None
    return maker or None, model or None
