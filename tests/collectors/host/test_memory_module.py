"""Each module in a slot is a row, and no two rows have one slot."""

from collectors.facts import Outcome
from collectors.sources.smbios import TABLE
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
