"""Batteries that drive the machine, with the energy that they hold."""

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
