"""What is connected is a row, even where it tells nothing."""

from collectors.facts import Outcome
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
