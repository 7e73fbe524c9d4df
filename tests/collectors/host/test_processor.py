"""Processors are counted by socket, core and thread."""

from tests.collectors.host.machines import machine, message, rows


def thread(number: int, socket: int, core: int, model: str = "Made Up CPU") -> str:
    """Return a block of /proc/cpuinfo."""
    return f"processor\t: {number}\nmodel name\t: {model}\nphysical id\t: {socket}\ncore id\t: {core}\n\n"


def test_threads_of_one_core_are_one_core() -> None:
    """Eight threads on four cores of one chip are one row."""
    host = machine({"/proc/cpuinfo": "".join(thread(one, 0, one % 4) for one in range(8))})

    found = [(one["socket"], one["cores"], one["threads"], one["max_mhz"]) for one in rows("processor", host)]
    assert found == [("0", 4, 8, None)]


def test_each_socket_is_a_row() -> None:
    """Two equal chips are two rows, though they say the same."""
    host = machine({"/proc/cpuinfo": thread(0, 0, 0) + thread(1, 1, 0)})

    assert [(one["socket"], one["model"]) for one in rows("processor", host)] == [
        ("0", "Made Up CPU"),
        ("1", "Made Up CPU"),
    ]


def test_the_highest_clock_is_that_of_the_fastest_core() -> None:
    """Chips have fast and slow cores: the fastest one's limit, in MHz."""
    folder = "/sys/devices/system/cpu"
    host = machine(
        {
            "/proc/cpuinfo": thread(0, 0, 0) + thread(1, 0, 1),
            f"{folder}/cpu0/cpufreq/cpuinfo_max_freq": "2400000\n",
            f"{folder}/cpu1/cpufreq/cpuinfo_max_freq": "4800000\n",
        }
    )

    assert [one["max_mhz"] for one in rows("processor", host)] == [4800]


def test_arm_says_numbers_where_others_say_names() -> None:
    """Without a name, designer and part tell the chip."""
    text = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\nHardware\t: BCM2835\n"

    assert [one["model"] for one in rows("processor", machine({"/proc/cpuinfo": text}))] == [
        "ARM implementer 0x41 part 0xd08"
    ]


def test_no_processor_is_an_error() -> None:
    """A machine without a processor does not run: an empty list was not read right."""
    assert message("processor", machine({"/proc/cpuinfo": "garbage"})) == "/proc/cpuinfo lists no processor"
