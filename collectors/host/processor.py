"""Processors: one row for each chip in a socket."""

from collections.abc import Iterator
from typing import Annotated

from collectors.facts import Failed, collector, fact
from collectors.sources.files import number
from collectors.sources.linux import Linux


@fact(key="socket", why="To know which machines are too slow for the systems that the plan asks for")
class Processor:
    """A processor as its maker sells it, with all its cores."""

    socket: Annotated[str, "The number of its socket, from 0"]
    model: Annotated[str, "The name in the chip, such as 'Intel(R) Core(TM) i3-10100 CPU @ 3.60GHz'"]
    cores: Annotated[int, "Cores that are in use"]
    threads: Annotated[int, "Logical processors that are in use"]
    max_mhz: Annotated[int | None, "The highest clock that it may reach; null where the kernel does not know it"] = None


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
