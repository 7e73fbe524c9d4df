"""Processors: one row for each chip in a socket."""

from collections.abc import Iterator
from typing import Annotated, Any

from collectors.facts import Failed, collector, fact
from collectors.sources import asking
from collectors.sources.files import number
from collectors.sources.linux import Linux
from collectors.sources.windows import CIMV2, Windows
from collectors.sources.wmi import number as number_of
from collectors.sources.wmi import text


@fact(key="socket", why="To know which machines are too slow for the systems that the plan asks for")
class Processor:
    """A processor as its maker sells it, with all its cores."""

    socket: Annotated[str, "The number of its socket, from 0"]
    model: Annotated[str, "The name in the chip, such as 'Intel(R) Core(TM) i3-10100 CPU @ 3.60GHz'"]
    cores: Annotated[int, "Cores that are in use"]
    threads: Annotated[int, "Logical processors that are in use"]
    max_mhz: Annotated[int | None, "The highest clock that it may reach; null where the system does not know it"] = None


@collector(every="1d", within="10s")
def linux(host: Linux) -> Iterator[Processor]:
    """Read /proc/cpuinfo, and the highest clock from cpufreq. A virtual machine shows what it was given."""
    sockets: dict[str, list[dict[str, str]]] = {}
    common: dict[str, str] = {}
    for block in host.read("/proc/cpuinfo").split("\n\n"):
        said = {name.strip(): value.strip() for name, _, value in (one.partition(":") for one in block.splitlines())}
        if said.get("processor", "").isdigit():
            sockets.setdefault(said.get("physical id") or "0", []).append(said)
        else:
            common |= said  # ARM says some things once, below all processors
    if not sockets:
        raise Failed("/proc/cpuinfo lists no processor")
    for socket, threads in sockets.items():
        cores = {one["core id"] for one in threads if "core id" in one}
        yield Processor(
            socket=socket,
            model=_model({**common, **threads[0]}),
            cores=len(cores) or len(threads),
            threads=len(threads),
            max_mhz=_max_mhz(host, threads),
        )


def _model(said: dict[str, str]) -> str:
    """Return the chip's name. ARM's kernels give numbers only: who designed it, and which part."""
    name = " ".join((said.get("model name") or said.get("cpu model") or said.get("cpu") or "").split())
    if name:
        return name
    if "CPU part" in said:
        return f"ARM implementer {said.get('CPU implementer', '?')} part {said['CPU part']}"
    raise Failed("/proc/cpuinfo does not name the processor's model")


def _max_mhz(host: Linux, threads: list[dict[str, str]]) -> int | None:
    """Return the highest clock of any core: a chip may have fast and slow ones."""
    folder = "/sys/devices/system/cpu"
    found = [number(host, f"{folder}/cpu{one['processor']}/cpufreq/cpuinfo_max_freq") for one in threads]
    kilohertz = max((one for one in found if one and one > 0), default=0)
    return kilohertz // 1000 or None


_REGISTRY = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor"


@collector(every="1d", within="20s")
def windows(host: Windows) -> Iterator[Processor]:
    """Read Win32_Processor; the name comes from the registry, which has the chip's own: old WMI misnames newer chips.

    Server 2003 without a hotfix has an instance for each logical processor: those of one socket are put together.
    """
    rows = host.wmi(
        CIMV2,
        "Win32_Processor",
        *("DeviceID", "MaxClockSpeed", "Name", "NumberOfCores", "NumberOfLogicalProcessors", "SocketDesignation"),
    )
    if not rows:
        raise Failed("Win32_Processor lists no processor")
    names = _names(host)
    before = 0
    for place, mine in enumerate(_sockets(rows)):
        cores = number_of(mine[0], "NumberOfCores") or len(mine)
        threads = number_of(mine[0], "NumberOfLogicalProcessors") or max(cores, len(mine))
        model = names.get(before) or names.get(0) if len(set(names.values())) == 1 else names.get(before)
        before += threads
        yield Processor(
            socket=str(place),
            model=model or " ".join((text(mine[0], "Name") or "").split()) or "unknown",
            cores=cores,
            threads=threads,
            max_mhz=number_of(mine[0], "MaxClockSpeed") or None,
        )


def _sockets(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the instances of each socket. Where WMI counts cores, an instance is a socket, whatever it is called."""
    if any(number_of(row, "NumberOfCores") for row in rows):
        return [[row] for row in rows]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(text(row, "SocketDesignation") or "", []).append(row)
    return list(found.values())


def _names(host: Windows) -> dict[int, str]:
    """Return the name of each logical processor by its number."""
    found = {}
    for name in asking.names(host, _REGISTRY):
        said = asking.text(host, rf"{_REGISTRY}\{name}", "ProcessorNameString")
        if said and name.isdecimal():
            found[int(name)] = " ".join(said.split())
    return found
