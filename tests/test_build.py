"""What a wheel holds."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel from this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=TOP,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_what_a_program_reads_at_run_time_is_inside(wheel: zipfile.ZipFile) -> None:
    """Each template, style, rule, catalogue and data file that lies beside the code is in it, and what is compiled."""
    packages = ("collectors", "agent", "rules", "hub", "cli")
    endings = {".html", ".css", ".js", ".svg", ".yaml", ".csv", ".tsv", ".po"}
    sources = {
        str(path.relative_to(TOP))
        for package in packages
        for path in (TOP / package).rglob("*")
        if path.suffix in endings
    }
    compiled = {str(Path(name).with_suffix(".mo")) for name in sources if name.endswith(".po")} | {
        "rules/compiled.json"
    }

    assert compiled > {"rules/compiled.json"}
    assert (sources | compiled) - set(wheel.namelist()) == set()


def test_tests_stay_at_home(wheel: zipfile.ZipFile) -> None:
    """The wheel holds the packages and its own description, and nothing else: no tests, no documentation."""
    tops = {name.split("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "collectors",
        "agent",
        "rules",
        "hub",
        "dashboards",
        "cli",
    }
    assert [name for name in wheel.namelist() if re.search(r"test|recording(?!\.py)|\.pyc$", name)] == []


def test_the_compiled_rules_are_the_rules(wheel: zipfile.ZipFile) -> None:
    """A PC without YAML reads the same rules: one document for each file."""
    compiled = json.loads(wheel.read("rules/compiled.json"))
    files = {str(path.relative_to(TOP / "rules")) for path in (TOP / "rules").rglob("*.yaml")}

    assert files
    assert set(compiled) == files
