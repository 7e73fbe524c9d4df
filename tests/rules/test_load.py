"""Rules are read from where they lie, and whatever is wrong is told with its place."""

import json
import shutil
from pathlib import Path

import pytest

from rules import load as loading
from rules.load import FOLDER, compile_to, load, sentence_of
from rules.problems import Refused
from rules.words import Sentence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the rules that a test may break."""
    for name in ("checks", "targets", "plans", "data"):
        shutil.copytree(FOLDER / name, tmp_path / name)
    shutil.copy(FOLDER / "reasons.yaml", tmp_path)
    return tmp_path


def replaced(path: Path, old: str, new: str) -> None:
    """Change a file, which must hold what is changed."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


BROKEN = [
    ("severity: high", "severity: [high", "checks/host.yaml line 6: expected YAML:"),
    ("severity: high", "severity: high\nseverity: low", "checks/host.yaml line 6, severity: expected each key once"),
    (
        "severity: high",
        "severity: loud",
        "checks/host.yaml line 5, severity: expected one of: low, medium, high, critical",
    ),
    ("severity: high\n", "", "checks/host.yaml line 1, severity: expected a text"),
    ("severity: high", "severity: true", "checks/host.yaml line 5, severity: expected a text"),
    (
        "severity: high",
        "severity: high\nsevrity: low",
        "checks/host.yaml line 6, sevrity: expected one of these fields:",
    ),
    ("needs: [firewall]", "needs: []", "checks/host.yaml line 8, needs: expected the tables that decide"),
    ("needs: [firewall]", "needs: firewall", "checks/host.yaml line 8, needs: expected a list of texts"),
    ("id: host", "id: other", "checks/host.yaml line 1, id: expected host, as the file is named"),
    ("  vi: Tường lửa", "  fr: Tường lửa", "checks/host.yaml line 2, title: expected a text in both languages"),
    (
        "not_here: unknown",
        "not_here: pass",
        "checks/host.yaml line 9, not_here: expected one of: not_applicable, unknown",
    ),
    ("  -- A PC", "  DELETE FROM verdict; -- A PC", "checks/host.yaml line 19, sql: expected one SELECT"),
]


@pytest.mark.parametrize(("old", "new", "expected"), BROKEN, ids=[one[2].partition(".yaml ")[2] for one in BROKEN])
def test_a_broken_check_is_refused_in_one_sentence(folder: Path, old: str, new: str, expected: str) -> None:
    """File, line, field and what was expected there; one sentence for one fault."""
    text = (folder / "checks" / "firewall-enabled.yaml").read_text(encoding="utf-8")
    path = folder / "checks" / "host.yaml"
    path.write_text(text.replace("id: firewall-enabled", "id: host"), encoding="utf-8")
    replaced(path, old, new)

    with pytest.raises(Refused) as refused:
        load(folder)

    (problem,) = refused.value.problems
    assert str(problem).startswith(expected)
    assert isinstance(problem.expected, Sentence)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "targets/patched.yaml",
            "[updates-searched,",
            "[updates-serched,",
            "line 8, checks: expected the id of a check",
        ),
        ("targets/patched.yaml", "checks: [", "sql: SELECT 1\nchecks: [", "checks: expected either checks or sql"),
        ("plans/2025-2026.yaml", "clause: V.5", "clause: V.9", "clause: expected one of the plan's clauses: II"),
        (
            "plans/2025-2026.yaml",
            "sentence: two-a-computer",
            "sentence: three",
            "sentence: expected one of the clause's",
        ),
        ("plans/2025-2026.yaml", "threshold: 0.95\n", "threshold: most\n", "threshold: expected a number"),
        (
            "plans/2025-2026.yaml",
            "  malware-free: {threshold: 0",
            "  malware-free: {threshold: 3",
            "expected the threshold 0",
        ),
        ("plans/2025-2026.yaml", "  malware-free:", "  malware-fre:", "malware-fre: expected the id of a target"),
        ("plans/2025-2026.yaml", "valid_from: 2022-12-30", "valid_from: tomorrow", "valid_from: expected a date"),
        ("plans/2025-2026.yaml", "status: verified\n", "status: remembered\n", "status: expected one of: verified"),
        ("plans/2025-2026.yaml", "levels: {2: 2, 3: 1}", "levels: {two: 2}", "levels: expected levels such as"),
        ("plans/2025-2026.yaml", "citations: [QD-4725]", "citations: [QD-1]", "citations: expected names from"),
        ("data/allowed_port.yaml", "port: 22,", "port: ssh,", "port: expected a value of the column's type"),
        ("data/allowed_port.yaml", "port: 22,", "prt: 22,", "prt: expected one of these fields: family, protocol"),
        ("data/free_antivirus.yaml", "as_of: 2026-11-24", "as_of: lately", "as_of: expected a date"),
        ("data/operating_system_support.yaml", "ends_on: 2020-01-14", "ends_on: 2020", "ends_on: expected a date"),
        ("reasons.yaml", "never_came:\n  vi:", "never_came:\n  fr:", "never_came: expected a text in both languages"),
    ],
)
def test_a_broken_target_plan_or_table_is_refused(folder: Path, file: str, old: str, new: str, expected: str) -> None:
    """Nothing is taken that leads nowhere, has no source, or is not what its column says."""
    replaced(folder / file, old, new)

    with pytest.raises(Refused) as refused:
        load(folder)

    assert any(str(one).startswith(file) and expected in str(one) for one in refused.value.problems)
    assert all(one.line for one in refused.value.problems)


def test_every_problem_is_told_at_once(folder: Path) -> None:
    """Who mends three files does not want to hear of them one after the other."""
    replaced(folder / "checks" / "firewall-enabled.yaml", "severity: high", "severity: loud")
    replaced(folder / "targets" / "patched.yaml", "counts: share", "counts: most")

    with pytest.raises(Refused) as refused:
        load(folder)

    assert ["checks/firewall-enabled.yaml", "targets/patched.yaml"] == sorted(
        one.file for one in refused.value.problems
    )


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    """A file saved in another encoding is told by its line."""
    (folder / "checks" / "odd.yaml").write_bytes(b"id: odd\ntitle: \xff\xfe\n")

    with pytest.raises(Refused, match=r"line 2: expected UTF-8 text"):
        load(folder)


def test_compiled_rules_are_the_same_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PC has no YAML reader: it reads one JSON file that says the same."""
    with_yaml = load()
    compile_to(tmp_path / "compiled.json")
    monkeypatch.setattr(loading, "find_spec", lambda _name: None)

    without_yaml = load(tmp_path)

    assert with_yaml.checks == without_yaml.checks
    assert with_yaml.targets == without_yaml.targets
    assert with_yaml.plans == without_yaml.plans
    assert with_yaml.data == without_yaml.data
    assert with_yaml.reasons == without_yaml.reasons


def test_a_missing_or_torn_compiled_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file is no rule book."""
    compile_to(tmp_path / "compiled.json")
    text = (tmp_path / "compiled.json").read_text(encoding="utf-8")
    (tmp_path / "compiled.json").write_text(text[:-400], encoding="utf-8")
    monkeypatch.setattr(loading, "find_spec", lambda _name: None)

    with pytest.raises(Refused, match="expected JSON as the build writes it"):
        load(tmp_path)
    with pytest.raises(Refused, match="expected a file here"):
        load(tmp_path / "nowhere")


def test_a_plan_says_its_own_words_and_what_was_in_force() -> None:
    """A report of October 2025 may cite a decree that a report of November 2026 may not."""
    from datetime import date

    plan = load().plans["2025-2026"]

    assert plan.words_of("students-per-computer") == "Tối đa 2 học sinh học chung 1 máy tính"
    assert [one.id for one in plan.citations_of("host-firewall", date(2025, 10, 20))] == ["ND-85"]
    assert [one.id for one in plan.citations_of("host-firewall", date(2026, 11, 24))] == ["TCVN-14423", "ND-331"]


def test_limits_stand_in_the_plan_only() -> None:
    """A check's SQL names limits; the plan's demand for the target that uses it gives them."""
    rulebook = load()

    assert {"signature_days": 7} == rulebook.plans["2025-2026"].limits_of(rulebook, "antivirus-signatures-fresh")


def test_a_reason_is_a_sentence_in_both_languages() -> None:
    """What is not known is said to be not known, never 'None'; a reason of the engine has its sentence too."""
    rulebook = load()

    said = [
        sentence_of(rulebook, "antivirus-enabled", "enabled", {"name": "Kaspersky"}, "vi"),
        sentence_of(rulebook, "antivirus-enabled", "enabled", {"name": None}, "en"),
        sentence_of(rulebook, "antivirus-enabled", "never_came", {"table": "antivirus"}, "en"),
        sentence_of(rulebook, "antivirus-enabled", "enabled", {}, "vi"),
    ]

    assert said == [
        "Kaspersky đang bảo vệ",
        "not known is on",
        "The table antivirus of this device never came",
        "không rõ đang bảo vệ",
    ]


def test_compiled_rules_hold_no_dates_that_json_lacks(tmp_path: Path) -> None:
    """Dates are text in both ways of reading."""
    compile_to(tmp_path / "compiled.json")

    content = json.loads((tmp_path / "compiled.json").read_text(encoding="utf-8"))

    assert content["data/free_antivirus.yaml"]["as_of"] == "2026-11-24"
