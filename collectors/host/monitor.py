"""Monitors and built-in panels, as they describe themselves."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_serial, credible_text
from collectors.sources import asking
from collectors.sources.edid import Edid, parse, vendor_name
from collectors.sources.files import content, line
from collectors.sources.linux import Linux
from collectors.sources.windows import WMI, NoSuchClass, Windows
from collectors.sources.wmi import flag, number, text, texts

_FOLDER = "/sys/class/drm"


@fact(key="connector", why="To keep the school's list of equipment: monitors are bought, moved and lost like PCs")
class Monitor:
    """A monitor, projector or panel that is connected."""

    connector: Annotated[str, "Where it is plugged in, such as 'card0-HDMI-A-1', or Windows' name of the device"]
    vendor: Annotated[str | None, "The maker, by the PNP ID registry; the three letters where it is not there"] = None
    model: Annotated[str | None, "The model's name"] = None
    serial: Annotated[str | None, "The serial number on the label, as far as the monitor tells it"] = None
    year: Annotated[int | None, "The year of production, or the model's year"] = None
    width_cm: Annotated[int | None, "The width of the picture; null for projectors"] = None
    height_cm: Annotated[int | None, "The height of the picture; null for projectors"] = None


@collector(every="6h", within="10s")
def linux(host: Linux) -> Iterator[Monitor]:
    """Read each connector's EDID in /sys/class/drm. A monitor that tells nothing sensible has only nulls."""
    if not host.exists(_FOLDER):
        raise NotHere("no graphics driver of the kernel is loaded, so no monitor can be seen")
    for connector in host.list(_FOLDER):
        if line(host, f"{_FOLDER}/{connector}/status") != "connected":
            continue
        said = parse(content(host, f"{_FOLDER}/{connector}/edid") or b"")
        if said is None:
            yield Monitor(connector=connector)
            continue
        yield _told(connector, said)


def _told(connector: str, said: Edid) -> Monitor:
    return Monitor(
        connector=connector,
        vendor=said.vendor,
        model=said.model,
        serial=said.serial,
        year=said.year,
        width_cm=said.width_cm,
        height_cm=said.height_cm,
    )


_ENUM = r"HKLM\SYSTEM\CurrentControlSet\Enum"


@collector(every="6h", within="20s")
def windows(host: Windows) -> Iterator[Monitor]:
    r"""Ask root\wmi which monitors are connected, and read the EDID of each in the registry, which keeps old ones too.

    Where the registry has none, WmiMonitorID tells maker, name, serial and year, as far as Windows read them.
    """
    try:
        rows = host.wmi(WMI, "WmiMonitorID", *_OF_MONITORS)
    except NoSuchClass as why:
        raise NotHere("this Windows (XP) does not tell which monitors are connected") from why
    for row in {text(row, "InstanceName"): row for row in rows}.values():
        connector = text(row, "InstanceName")
        if not connector or flag(row, "Active") is False:
            continue
        key = asking.key(host, rf"{_ENUM}\{connector.rpartition('_')[0]}\Device Parameters")
        said = parse((key.data("EDID") if key else None) or b"")
        if said is None:
            letters, year = _letters(row, "ManufacturerName"), number(row, "YearOfManufacture")
            yield Monitor(
                connector=connector,
                vendor=vendor_name(letters) if letters else None,
                model=credible_text(_letters(row, "UserFriendlyName")),
                serial=credible_serial(_letters(row, "SerialNumberID")),
                year=year if year and year > _FIRST_YEAR else None,
            )
            continue
        yield _told(connector, said)


_OF_MONITORS = (
    "Active",
    "InstanceName",
    "ManufacturerName",
    "SerialNumberID",
    "UserFriendlyName",
    "YearOfManufacture",
)
_FIRST_YEAR = 1990  # what an EDID counts from: it stands for "not told"


def _letters(row: Mapping[str, Any], name: str) -> str | None:
    """Return a text that WMI gives as a list of letters' numbers, closed by zeros."""
    numbers = (int(one) for one in texts(row, name) if one.isdecimal())
    return "".join(chr(one) for one in numbers if 0x20 <= one < 0x7F).strip() or None  # noqa: PLR2004 - printable ASCII
