"""Batteries that drive the machine, with the energy that they hold."""

from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import machine, rows

FOLDER = "/sys/class/power_supply"


def test_charge_times_voltage_is_energy() -> None:
    """Firmware that counts charge gives the same unit as firmware that counts energy."""
    files = {
        f"{FOLDER}/BAT0/type": "Battery\n",
        f"{FOLDER}/BAT0/energy_full_design": "45000000\n",
        f"{FOLDER}/BAT0/energy_full": "30000000\n",
        f"{FOLDER}/BAT1/type": "Battery\n",
        f"{FOLDER}/BAT1/charge_full_design": "2000000\n",
        f"{FOLDER}/BAT1/charge_full": "1000000\n",
        f"{FOLDER}/BAT1/voltage_min_design": "11400000\n",
    }

    found = [(one["name"], one["design_mwh"], one["full_mwh"]) for one in rows("battery", machine(files))]
    assert found == [("BAT0", 45000, 30000), ("BAT1", 22800, 11400)]


def test_chargers_mice_and_empty_bays_are_no_batteries() -> None:
    """Only what drives the machine, and is there."""
    files = {
        f"{FOLDER}/AC/type": "Mains\n",
        f"{FOLDER}/mouse/type": "Battery\n",
        f"{FOLDER}/mouse/scope": "Device\n",
        f"{FOLDER}/BAT1/type": "Battery\n",
        f"{FOLDER}/BAT1/present": "0\n",
    }

    assert rows("battery", machine(files)) == []


def test_values_that_cannot_be_are_null() -> None:
    """Firmware that says zero or less does not know."""
    files = {
        f"{FOLDER}/BAT0/type": "Battery\n",
        f"{FOLDER}/BAT0/energy_full": "-1\n",
        f"{FOLDER}/BAT0/cycle_count": "0\n",
        f"{FOLDER}/BAT0/serial_number": " \n",
    }

    found = rows("battery", machine(files))
    assert [(one["full_mwh"], one["cycles"], one["serial"]) for one in found] == [(None, None, None)]


def test_windows_batteries_are_joined_by_instance() -> None:
    """What it holds now stands in a class of its own; a value that is not known is all ones."""
    classes = {
        "BatteryStaticData": [{"InstanceName": name, "DesignedCapacity": 50000} for name in ("A", "B")],
        "BatteryFullChargedCapacity": [
            {"InstanceName": "B", "FullChargedCapacity": 0xFFFFFFFF},
            {"InstanceName": "A", "FullChargedCapacity": 40000},
        ],
    }
    found = windows_pcs.rows("battery", windows_pcs.pc(wmi=classes))
    assert [(one["name"], one["full_mwh"]) for one in found] == [("Battery 0", 40000), ("Battery 1", None)]


def test_a_battery_that_tells_nothing_is_still_one() -> None:
    """Windows itself lists it; a desktop lists none, and that is an answer."""
    (found,) = windows_pcs.rows("battery", windows_pcs.pc(wmi={"Win32_Battery": [{"Name": "DELL 0X1234"}]}))
    assert (found["model"], found["design_mwh"]) == ("DELL 0X1234", None)
    assert windows_pcs.rows("battery", windows_pcs.pc(wmi={"Win32_Battery": []})) == []
