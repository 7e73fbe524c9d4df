"""The lint refuses what is incomplete, unused, untested, or could pass by accident."""
# ruff: noqa: E501 - a row of a table of cases is read on one line

import shutil
from pathlib import Path

import pytest

from collectors.host import tables
from rules.lint import lint
from rules.load import FOLDER, load

FACTS = tables()


def test_our_own_rules_lack_nothing() -> None:
    """The rules that ship pass the lint that ships."""
    assert [] == [str(problem) for problem in lint(load(), FACTS)]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("checks/firewall-enabled.yaml", "ELSE 'unknown' END AS verdict", "ELSE 'pass' END AS verdict", "no ELSE 'pass'"),
        ("checks/firewall-enabled.yaml", "ELSE 'unknown' END AS verdict", "END AS verdict", "verdict to end in"),
        ("checks/firewall-enabled.yaml", "FROM device AS d LEFT JOIN firewall AS f ON f.device_id = d.device_id", "FROM firewall AS f", "start from device"),
        ("checks/firewall-enabled.yaml", "FROM device AS d LEFT", "FROM devices AS d LEFT", "SQL that runs: no such table"),
        ("checks/firewall-enabled.yaml", "needs: [firewall]", "needs: [firewal]", "name of a table, found firewal"),
        ("checks/firewall-enabled.yaml", "needs: [firewall]", "needs: [disk]", "firewall too: the SQL reads it"),
        ("checks/firewall-enabled.yaml", "needs: [firewall]", "needs: [firewall, disk]", "only tables that the SQL reads"),
        ("checks/firewall-enabled.yaml", "clause: V.4", "clause: V.40", "one of the plan's clauses"),
        ("checks/firewall-enabled.yaml", "  vi: Tường", "  vi: Đảm bảo tường", "as a fact, not an order"),
        ("checks/firewall-enabled.yaml", "every profile\nseverity", "every profile.\nseverity", "no full stop"),
        ("checks/firewall-enabled.yaml", "  en: The PC's", "  en: " + "long " * 40 + "The PC's", "at most 150 letters"),
        ("checks/firewall-enabled.yaml", "THEN 'absent'", "THEN 'none'", "sentence of none: the SQL gives it"),
        ("checks/firewall-enabled.yaml", 'profile {profile}"}', 'profile"}', "same names in both languages of disabled"),
        ("checks/firewall-enabled.yaml", "gives: [fail, absent]", "gives: [fail, disabled]", "example for the reason absent"),
        ("checks/firewall-enabled.yaml", "[unknown,", "[fail,", "example for the verdict unknown"),
        ("checks/updates-searched.yaml", ":update_search_days THEN", ":update_days THEN", "limit of the plan, found :update_days"),
        ("checks/updates-searched.yaml", "id: updates-searched", "id: updates-searched\naliases: [firewall-enabled]", "an id that no other rule has"),
        ("targets/host-firewall.yaml", "checks: [firewall-enabled]", "checks: [no-open-malware]", "a target that uses this check"),
        ("targets/digital-records.yaml", "ELSE 'unknown' END AS verdict", "ELSE 'pass' END AS verdict", "no ELSE 'pass'"),
        ("targets/classroom-internet.yaml", ":internet_days AS until_days", ":web_days AS until_days", "found :web_days"),
        ("targets/classroom-internet.yaml", "  no_device:", "  no_devices:", "only words that the SQL gives, found no_devices"),
        ("targets/classroom-internet.yaml", "  no_device:", "  no_devices:", "what no_device says: the SQL gives it"),
        ("targets/teacher-devices.yaml", "population: teachers", "population: people", "population: expected one of: computers,"),
        ("targets/teacher-devices.yaml", "verdict: pass,", "verdict: fail,", "example for the verdict pass"),
        ("reasons.yaml", "never_came:", "never_come:", "expected the sentence of this reason"),
    ],
)  # fmt: skip
def test_a_rule_that_lacks_something_is_told(tmp_path: Path, file: str, old: str, new: str, expected: str) -> None:
    """Each thing that lint asks is found missing in a rule that lacks it."""
    for name in ("checks", "targets", "plans", "data"):
        shutil.copytree(FOLDER / name, tmp_path / name)
    shutil.copy(FOLDER / "reasons.yaml", tmp_path)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new), encoding="utf-8")

    problems = [str(problem) for problem in lint(load(tmp_path), FACTS)]

    assert any(expected in one for one in problems), problems
