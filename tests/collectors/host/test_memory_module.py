"""Each module in a slot is a row, and no two rows have one slot."""

from collectors.facts import Outcome
from collectors.sources.smbios import TABLE
from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import collect, machine, message, rows
from tests.collectors.sources.test_smbios import memory


def test_modules_in_slots_of_one_name_stay_two() -> None:
    """Some boards call every slot by the same name: bank and place then tell them apart."""
    found = rows("memory_module", machine({TABLE: memory(8192) + memory(0) + memory(4096)}))

    assert [(one["slot"], one["size_bytes"] >> 30) for one in found] == [("BANK 0 A1 #0", 8), ("BANK 0 A1 #1", 4)]


def test_a_slot_of_a_name_of_its_own_keeps_it() -> None:
    """One module in 'A1' is in slot A1."""
    assert [one["slot"] for one in rows("memory_module", machine({TABLE: memory(8192)}))] == ["A1"]


def test_without_a_table_there_are_no_modules_to_see() -> None:
    """A machine whose firmware gives no table is not here, not one without memory."""
    assert collect("memory_module", machine({})).outcome is Outcome.NOT_HERE


def test_an_ordinary_user_is_told_what_needs_root() -> None:
    """The table is for root's eyes: the run fails with the sentence that says so."""
    assert message("memory_module", machine({TABLE: memory(1)}, denied=[TABLE])) == (
        f"{TABLE} can be read by root only: run the agent as root"
    )


def test_windows_names_kind_and_form() -> None:
    """The firmware's numbers where Windows knows them, CIM's own before, and the firmware's table where neither."""
    modules = [
        {"DeviceLocator": "A", "Capacity": "1024", "SMBIOSMemoryType": 34, "FormFactor": 12, "Speed": 4800},
        {"DeviceLocator": "B", "Capacity": "1024", "MemoryType": 24, "FormFactor": 8, "Speed": 1600},
        {"DeviceLocator": "A1", "Capacity": "1024", "MemoryType": 0, "FormFactor": 0, "Speed": 0},
        {"DeviceLocator": "empty", "Capacity": None},
    ]
    host = windows_pcs.pc(wmi={"Win32_PhysicalMemory": modules}, firmware=memory(8192).hex())
    found = windows_pcs.rows("memory_module", host)
    assert [(one["slot"], one["kind"], one["form"], one["speed_mhz"]) for one in found] == [
        ("A", "DDR5", "SODIMM", 4800),
        ("B", "DDR3", "DIMM", 1600),
        ("A1", "DDR4", "DIMM", 3200),
    ]
