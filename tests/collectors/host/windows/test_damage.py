"""Whatever a PC's classes, keys and dumps hold, a collector ends in rows or says what is wrong; it never breaks."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import Outcome, table_of
from collectors.host import for_system
from collectors.run import Section
from tests.collectors.host.windows_pcs import collect, dumps, pc
from tests.shared import SHARED, needs_shared

TABLES = (
    "software", "update", "update_state", "licence", "activation_sign", "antivirus", "malware", "frozen_disk",
    "firewall", "setting", "listening_port", "account_summary", "usage",
)  # fmt: skip
RECORDINGS = Path(__file__).parents[1] / "recordings"
SAID: dict[str, dict[str, Any]] = {
    name: json.loads((RECORDINGS / name / "machine.json").read_text(encoding="utf-8"))
    for name in ("windows_healthy", "windows_pirate", "windows_frozen")
}
ODD = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=20)
    | st.lists(st.text(max_size=5), max_size=3)
    | st.sampled_from(
        ["4294967295", "16010101000000.000000-000", "{}", "\0", "99999999999999999999999", "2038", "TRUE"]
    )
)
REAL = ("office_2010_1.reg", "office_2016_02.reg", "7_firewall-DomainProfile.reg", "mssql-Uninstall.reg")


def wrong(section: Section) -> str | None:
    """Return what is wrong with how a run ended: it broke, or gave two rows of one key."""
    key = table_of(for_system("windows")[section.table].fact).key
    keys = [tuple(row[name] for name in key) for row in section.rows or ()]
    if "please report it" in (section.message or "") or section.outcome is Outcome.TIMED_OUT:
        return section.message
    return None if len(keys) == len(set(keys)) else f"two rows of one key: {keys}"


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_odd_values_end_in_rows_or_in_a_sentence(table: str, data: st.DataObject) -> None:
    """No value of another type, size or language than usual, in up to six places, breaks a collector."""
    said = copy.deepcopy(SAID[data.draw(st.sampled_from(sorted(SAID)))])
    for _ in range(data.draw(st.integers(1, 6))):
        if data.draw(st.booleans()):
            row = data.draw(st.sampled_from([row for rows in said["wmi"].values() for row in rows]))
            row[data.draw(st.sampled_from(sorted(row)))] = data.draw(ODD)
        else:
            key = said["registry"][data.draw(st.sampled_from(sorted(said["registry"])))]
            name = data.draw(st.sampled_from(sorted(key)) if key else st.text(max_size=8))
            value = data.draw(ODD)
            key[name] = value if not isinstance(value, bool) else int(value)
    registry, wmi = said.pop("registry"), said.pop("wmi")
    assert (
        wrong(collect(table, pc(registry, wmi, **{name: one for name, one in said.items() if name != "system"})))
        is None
    )


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_missing_or_denied_ends_in_rows_or_in_a_sentence(table: str, data: st.DataObject) -> None:
    """No class and no key is taken for granted, nor the right to read it."""
    said = copy.deepcopy(SAID[data.draw(st.sampled_from(sorted(SAID)))])
    for kind in ("wmi", "registry"):
        for name in data.draw(st.lists(st.sampled_from(sorted(said[kind])), max_size=12, unique=True)):
            del said[kind][name]
            place = data.draw(st.sampled_from(["absent", "denied", "nowhere"]))
            said.setdefault(place, []).append(name)
    registry, wmi = said.pop("registry"), said.pop("wmi")
    assert (
        wrong(collect(table, pc(registry, wmi, **{name: one for name, one in said.items() if name != "system"})))
        is None
    )


@needs_shared
@pytest.mark.parametrize("table", ["software", "licence", "firewall", "update", "account_summary"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_dumps_end_in_rows_or_in_a_sentence(table: str, data: st.DataObject) -> None:
    """A dump that was cut, or has rubbish in it, is an error of its table or less of it, never a crash."""
    raw = SHARED / "windows" / "raw" / "win32"
    dump = {name: (raw / "registry" / name).read_bytes() for name in REAL}
    for path in sorted((raw / "wmi").glob("*.wmi")):
        if path.stem.endswith(("SoftwareLicensingProduct", "QuickFixEngineering", "7-AD-Win32_UserAccount")):
            dump[path.name] = path.read_bytes()
    name = data.draw(st.sampled_from(sorted(dump)))
    at = data.draw(st.integers(0, min(4000, len(dump[name]))))
    if data.draw(st.booleans()):
        dump[name] = dump[name][:at]
    else:
        dump[name] = dump[name][:at] + data.draw(st.binary(max_size=30)) + dump[name][at:]
    assert wrong(collect(table, dumps(**dump))) is None
