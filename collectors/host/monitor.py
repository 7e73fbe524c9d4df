"""Monitors and built-in panels, as they describe themselves."""

from collections.abc import Iterator
from typing import Annotated

from collectors.facts import NotHere, collector, fact
from collectors.sources.edid import parse
from collectors.sources.files import content, line
from collectors.sources.linux import Linux

_FOLDER = "/sys/class/drm"


@fact(key="connector", why="To keep the school's list of equipment: monitors are bought, moved and lost like PCs")
class Monitor:
    """A monitor, projector or panel that is connected."""

    connector: Annotated[str, "Where it is plugged in, such as 'card0-HDMI-A-1'"]
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
        yield Monitor(
            connector=connector,
            vendor=said.vendor,
            model=said.model,
            serial=said.serial,
            year=said.year,
            width_cm=said.width_cm,
            height_cm=said.height_cm,
        )
