"""Processors are counted by socket, core and thread."""

from tests.collectors.host import windows_pcs
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


CLASS = "Win32_Processor"
KEY = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor"


def test_server_2003_counts_logical_processors() -> None:
    """Without a hotfix an instance is one of them: those of one socket are one processor."""
    instances = [{"Name": "x", "SocketDesignation": socket, "MaxClockSpeed": 3000} for socket in ("A", "A", "B", "B")]
    found = windows_pcs.rows("processor", windows_pcs.pc(wmi={CLASS: instances}))
    assert [(one["socket"], one["cores"], one["threads"]) for one in found] == [("0", 2, 2), ("1", 2, 2)]


def test_the_registry_knows_a_chip_that_wmi_misnames() -> None:
    """Each socket's name is that of its first logical processor."""
    instances = [{"Name": "Pentium III", "NumberOfCores": 2, "NumberOfLogicalProcessors": 2} for _ in range(2)]
    keys = {KEY: {}, **{rf"{KEY}\{at}": {"ProcessorNameString": f"Chip  {at // 2}"} for at in range(4)}}
    found = windows_pcs.rows("processor", windows_pcs.pc(keys, {CLASS: instances}))
    assert [one["model"] for one in found] == ["Chip 0", "Chip 1"]


def test_no_processor_is_a_failure_on_windows_too() -> None:
    """A machine without one answers nothing."""
    assert windows_pcs.message("processor", windows_pcs.pc(wmi={CLASS: []})) == "Win32_Processor lists no processor"
