"""What takes every change back at the next start: a PC that has it must be thawed to be updated."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from collectors.facts import Failed, NotHere, collector, fact
from collectors.sources import asking, wmi
from collectors.sources.linux import Linux
from collectors.sources.windows import Windows


class Product(StrEnum):
    """The products that are known."""

    DEEP_FREEZE = "deep_freeze"
    UWF = "uwf"
    SHADOW_DEFENDER = "shadow_defender"


class State(StrEnum):
    """What becomes of changes."""

    FROZEN = "frozen"
    THAWED = "thawed"


@fact(key="product", why="To explain why a PC's updates do not stay (targets patched, licensed-antivirus)")
class FrozenDisk:
    """One product that is installed. No row: none of the known ones is."""

    product: Annotated[Product, "deep_freeze, uwf (Windows' Unified Write Filter) or shadow_defender"]
    state: Annotated[State | None, "frozen: changes are lost at the next start; null: it can't be seen"] = None
    thaw_window: Annotated[str | None, "When it thaws by itself; null: never, or it can't be seen"] = None


@collector(every="6h", within="30s")
def windows(host: Windows) -> Iterator[FrozenDisk]:
    """Look for the drivers of Deep Freeze and Shadow Defender, and ask the Unified Write Filter.

    Deep Freeze keeps its timetable where nobody can read it. Shadow Defender tells its state to its own window only.
    """
    services = asking.all_names(host, asking.SERVICES)
    deep_freeze, uwf = _deep_freeze(host), _uwf(host)
    if services is None and deep_freeze is None and uwf is None:
        raise Failed("Windows' list of services can't be read, so what is installed is not seen")
    here = {one.lower() for one in services or ()}
    if here & DEEP_FREEZE or deep_freeze:
        yield FrozenDisk(product=Product.DEEP_FREEZE, state=deep_freeze)
    if here & SHADOW_DEFENDER:
        yield FrozenDisk(product=Product.SHADOW_DEFENDER)
    if UWF in here or uwf:
        yield FrozenDisk(product=Product.UWF, state=uwf)


@collector(every="1d", within="5s")
def linux(host: Linux) -> Iterator[FrozenDisk]:  # noqa: ARG001 - every collector is asked about a host
    """Say that there is none: the products that are known freeze the disks of Windows."""
    raise NotHere("the products that freeze disks are made for Windows")


DEEP_FREEZE = {"deepfrz", "dfserv", "df5serv"}
SHADOW_DEFENDER = {"{0cbd4f48-3751-475d-be88-4f271385b672}", "diskpt"}
UWF = "uwfvol"
DEEP_FREEZE_STATUS = r"HKLM\SOFTWARE\Faronics\Deep Freeze 6"


def _deep_freeze(host: Windows) -> State | None:
    """Read the word that Deep Freeze leaves for other programs: 'Frozen', 'Thawed', 'Thawed and Locked'."""
    for one in asking.views(host, DEEP_FREEZE_STATUS):
        word = (one.text("DF Status") or "").lower()
        if word.startswith(("frozen", "thawed")):
            return State.FROZEN if word.startswith("frozen") else State.THAWED
    return None


EMBEDDED = r"root\standardcimv2\embedded"


def _uwf(host: Windows) -> State | None:
    rows = asking.rows(host, EMBEDDED, "UWF_Filter", "CurrentEnabled")
    enabled = wmi.flag(rows[0], "CurrentEnabled") if rows else None
    if enabled is None:
        return None
    return State.FROZEN if enabled else State.THAWED
