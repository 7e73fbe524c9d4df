"""What is connected is a row, even where it tells nothing."""

from collectors.facts import Outcome
from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import collect, machine, rows
from tests.collectors.sources.test_edid import NAME, SERIAL, edid

FOLDER = "/sys/class/drm"


def test_a_monitor_says_what_it_is() -> None:
    """Maker, model, serial and year come from the monitor itself."""
    screen = edid("DEL", 0, ((SERIAL, "TEST0001"), (NAME, "P2419H")))
    host = machine({f"{FOLDER}/card0-DP-1/status": "connected\n", f"{FOLDER}/card0-DP-1/edid": screen})

    assert rows("monitor", host) == [
        {
            "connector": "card0-DP-1",
            "vendor": "Dell Inc.",
            "model": "P2419H",
            "serial": "TEST0001",
            "year": 2021,
            "width_cm": 53,
            "height_cm": 30,
        }
    ]


def test_a_monitor_that_tells_nothing_is_still_there() -> None:
    """Behind a switch the description may be lost or damaged: the row has only nulls."""
    host = machine({f"{FOLDER}/card0-VGA-1/status": "connected\n", f"{FOLDER}/card0-VGA-1/edid": b"\0" * 128})

    assert [(one["connector"], one["vendor"]) for one in rows("monitor", host)] == [("card0-VGA-1", None)]


def test_an_empty_connector_is_no_monitor() -> None:
    """What is not connected has no row, though the kernel may remember its description."""
    host = machine({f"{FOLDER}/card0-VGA-1/status": "disconnected\n", f"{FOLDER}/card0-VGA-1/edid": edid()})

    assert rows("monitor", host) == []


def test_a_machine_without_graphics_is_not_here() -> None:
    """No driver, no connectors: nothing could be seen, which is not the same as none."""
    assert collect("monitor", machine({})).outcome is Outcome.NOT_HERE


def test_windows_knows_a_monitor_without_its_edid() -> None:
    """WMI tells letters as numbers, closed by zeros; one that is not connected is left out."""
    row = {
        "Active": True,
        "InstanceName": "DISPLAY\\DELA1B2\\4&1&0&UID1_0",
        "ManufacturerName": [68, 69, 76, 0, 0],
        "UserFriendlyName": [80, 50, 52, 49, 57, 72, 0],
        "SerialNumberID": [84, 69, 83, 84, 48, 49, 0],
        "YearOfManufacture": 2020,
    }
    classes = {"WmiMonitorID": [row, {**row, "Active": False, "InstanceName": "DISPLAY\\OLD\\1_0"}]}
    (found,) = windows_pcs.rows("monitor", windows_pcs.pc(wmi=classes))
    assert (found["vendor"], found["model"], found["serial"], found["year"]) == ("Dell Inc.", "P2419H", "TEST01", 2020)


def test_windows_xp_does_not_tell_its_monitors() -> None:
    """It lacks the class by design."""
    assert windows_pcs.collect("monitor", windows_pcs.pc(absent=["WmiMonitorID"])).outcome is Outcome.NOT_HERE
