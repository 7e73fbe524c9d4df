"""Batteries of laptops and tablets, and how worn they are."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from collectors.facts import NotHere, collector, fact
from collectors.identifiers import credible_serial, credible_text
from collectors.sources import asking
from collectors.sources.files import line, number
from collectors.sources.linux import Linux
from collectors.sources.windows import CIMV2, WMI, Windows
from collectors.sources.wmi import number as number_of
from collectors.sources.wmi import text

_FOLDER = "/sys/class/power_supply"


@fact(
    key="name",
    volatile=("full_mwh", "cycles"),
    why="To know which laptops no longer last for a lesson",
)
class Battery:
    """A battery that drives the machine; those of mice and headsets are left out."""

    name: Annotated[str, "The system's name, such as 'BAT0' or 'Battery 0'"]
    vendor: Annotated[str | None, "The maker"] = None
    model: Annotated[str | None, "The maker's model"] = None
    serial: Annotated[str | None, "The serial number"] = None
    design_mwh: Annotated[int | None, "The energy that it held when new"] = None
    full_mwh: Annotated[int | None, "The energy that it holds now when full"] = None
    cycles: Annotated[int | None, "How often it was charged; null where the battery does not count"] = None


@collector(every="1d", within="10s")
def linux(host: Linux) -> Iterator[Battery]:
    """Read /sys/class/power_supply. A desktop has the folder and no battery in it: no rows."""
    if not host.exists(_FOLDER):
        raise NotHere("the kernel knows no power supplies on this machine")
    for name in host.list(_FOLDER):
        folder = f"{_FOLDER}/{name}"
        if line(host, f"{folder}/type") != "Battery" or line(host, f"{folder}/scope") == "Device":
            continue
        if number(host, f"{folder}/present") == 0:  # an empty bay
            continue
        yield Battery(
            name=name,
            vendor=credible_text(line(host, f"{folder}/manufacturer")),
            model=credible_text(line(host, f"{folder}/model_name")),
            serial=credible_serial(line(host, f"{folder}/serial_number")),
            design_mwh=_energy(host, folder, "full_design"),
            full_mwh=_energy(host, folder, "full"),
            cycles=_positive(number(host, f"{folder}/cycle_count")),
        )


def _energy(host: Linux, folder: str, which: str) -> int | None:
    """Return an energy. Some firmware counts charge (µAh): times the design voltage (µV) that is energy too."""
    energy = _positive(number(host, f"{folder}/energy_{which}"))
    if energy:
        return energy // 1000 or None
    charge = _positive(number(host, f"{folder}/charge_{which}"))
    volts = _positive(number(host, f"{folder}/voltage_min_design"))
    return charge * volts // 10**9 or None if charge and volts else None


def _positive(value: int | None) -> int | None:
    return value if value and value > 0 else None


@collector(every="1d", within="20s")
def windows(host: Windows) -> Iterator[Battery]:
    r"""Read the battery classes of root\wmi. Where they tell nothing, Win32_Battery says at least that there is one."""
    of_one = ("InstanceName", "DeviceName", "ManufactureName", "SerialNumber", "DesignedCapacity")
    static = asking.rows(host, WMI, "BatteryStaticData", *of_one)
    if not static:
        found = asking.rows(host, CIMV2, "Win32_Battery", "Name")
        if found is None and static is None:
            host.wmi(CIMV2, "Win32_Battery", "Name")  # raises why
        for place, row in enumerate(found or ()):
            yield Battery(name=f"Battery {place}", model=credible_text(text(row, "Name")))
        return
    full = _by_instance(host, "BatteryFullChargedCapacity", "FullChargedCapacity")
    cycles = _by_instance(host, "BatteryCycleCount", "CycleCount")
    for place, row in enumerate(static):
        instance = text(row, "InstanceName")
        yield Battery(
            name=f"Battery {place}",
            vendor=credible_text(text(row, "ManufactureName")),
            model=credible_text(text(row, "DeviceName")),
            serial=credible_serial(text(row, "SerialNumber")),
            design_mwh=_capacity(row, "DesignedCapacity"),
            full_mwh=_capacity(full.get(instance, {}), "FullChargedCapacity"),
            cycles=_positive(number_of(cycles.get(instance, {}), "CycleCount")),
        )


def _by_instance(host: Windows, class_name: str, name: str) -> dict[str | None, dict[str, Any]]:
    rows = asking.rows(host, WMI, class_name, "InstanceName", name) or ()
    return {text(row, "InstanceName"): row for row in rows}


_UNKNOWN_CAPACITY = 0xFFFFFFFF


def _capacity(row: Mapping[str, Any], name: str) -> int | None:
    value = _positive(number_of(row, name))
    return None if value == _UNKNOWN_CAPACITY else value
