"""The house in order: each rule here takes the place of a reviewer's eye."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import collectors.host
from rules.words import PACKAGES
from tests import words

TOP = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())

ALSO_TESTS = {"damage", "golden", "hostile", "made_up", "properties", "this_machine"}
"""Files of tests/collectors/host that test no one collector: those over all of them."""

NOT_BY_NAME = {"babel", "comtypes", "psycopg", "tzdata"}
"""Dependencies that no import names: the build's, SQLAlchemy's by its URL, zoneinfo's, and what only Windows has."""

MADE_UP = TOP / "tests" / "collectors"

SECRETS = re.compile(
    r"BEGIN (RSA |EC |OPENSSH |)PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{30}|AKIA[A-Z0-9]{16}|xox[abp]-\w{10}"
    r"|//[\w.+-]+:[^@\s/{}$]+@(?!(?:[\w-]+\.)*example\b)[\w.-]+\.[a-z]{2}"
)
HOMES = re.compile(r"(?<![\w.])/(?:root|home/[a-z][\w-]*|Users/[A-Za-z][\w-]*)/(?=[\w.])|(?<![\w./-])/work/\w")
"""A folder of the machine that a file was written on. Machines that collectors are tested over are made up."""


@cache
def committed() -> tuple[Path, ...]:
    """Return every file that git knows, or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := TOP / name).is_file())


def test_each_folder_says_what_lives_there() -> None:
    """Each folder at the top has a README: what lives there, and how one adds to it."""
    parts = [path.relative_to(TOP).parts for path in committed()]
    folders = {first for first, *rest in parts if rest and not first.startswith(".")}

    assert {"collectors", "agent", "rules", "hub", "dashboards", "cli", "ansible", "tests", "docs"} == folders
    assert [folder for folder in sorted(folders) if not (TOP / folder / "README.md").is_file()] == []


def test_each_collector_has_its_test() -> None:
    """A collector is a file, and so is its test, of the same name: none missing, none left over."""
    tests = {path.stem.removeprefix("test_") for path in (TOP / "tests/collectors/host").glob("test_*.py")}

    assert set(collectors.host.collectors()) == tests - ALSO_TESTS


def test_each_dependency_says_why() -> None:
    """docs/dependencies.md has a line for each dependency that pyproject.toml names, and no other."""
    declared = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["hub"],
        *(one for group in PROJECT["dependency-groups"].values() for one in group if isinstance(one, str)),
    ]
    names = {re.split(r"[\s\[<>=;]", one)[0] for one in declared}
    page = (TOP / "docs/dependencies.md").read_text()

    assert names == set(re.findall(r"^\| `([\w.-]+)` \|", page, re.MULTILINE))


def test_what_is_imported_is_declared() -> None:
    """What the packages import from elsewhere is a dependency of the project, and what it declares it imports."""
    imported = {
        module.split(".")[0]
        for path in committed()
        if path.suffix == ".py" and path.relative_to(TOP).parts[0] in PACKAGES
        for module in _imports(path)
    }
    distributions = {name: found[0].lower().replace("_", "-") for name, found in packages_distributions().items()}
    elsewhere = {distributions.get(name, name) for name in imported - sys.stdlib_module_names - set(PACKAGES)}
    declared = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["hub"]]
    names = {re.split(r"[\s\[<>=;]", one)[0] for one in declared}

    assert elsewhere == names - NOT_BY_NAME


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_each_ignored_rule_says_why() -> None:
    """A rule of ruff that is left out has its reason on the line, in pyproject.toml and where it is waved off."""
    lines = (TOP / "pyproject.toml").read_text().splitlines()
    ignoring = [line for line in lines if re.match(r'\s+"[A-Z]+\d*",', line)]
    waved = [
        f"{path.relative_to(TOP)}: {line.strip()}"
        for path in committed()
        if path.suffix == ".py"
        for line in path.read_text().splitlines()
        if re.search(r"# noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)* - \w)", line) and "re.search" not in line
    ]

    assert ignoring
    assert [line for line in ignoring if "  # " not in line] + waved == []


def _tests() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in committed():
        if path.suffix == ".py" and path.is_relative_to(TOP / "tests"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    yield f"{path.relative_to(TOP)}::{node.name}", node


def _asserts(node: ast.AST) -> bool:
    """Tell whether a test can fail: it has an assert, pytest.raises, or a helper that is named for what it asserts."""
    called = {
        inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call)
    }
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node)) or any(
        name in {"raises", "warns"} or name.startswith(("assert_", "expect")) for name in called
    )


def test_each_test_states_its_rule() -> None:
    """A test's docstring is the rule that it holds."""
    assert [name for name, node in _tests() if not ast.get_docstring(node)] == []


def test_each_test_can_fail() -> None:
    """A test without an assertion is none."""
    assert [name for name, node in _tests() if not _asserts(node)] == []


@pytest.mark.parametrize(
    ("what", "pattern"), [("a secret", SECRETS), ("somebody's folder", HOMES)], ids=["secret", "home"]
)
def test_no_file_holds(what: str, pattern: re.Pattern[str]) -> None:
    """No committed file holds a secret, or the path of somebody's own machine."""
    found = []
    for path in committed():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if (hit := pattern.search(line)) and not (pattern is HOMES and path.is_relative_to(MADE_UP)):
                found.append(f"{path.relative_to(TOP)}:{number}: {hit.group()}")

    assert found == [], what


def test_nobody_elses_script_is_in_the_repository() -> None:
    """Third-party JavaScript comes from its package when the wheel is built, never from here."""
    scripts = [path for path in committed() if path.suffix in {".js", ".mjs", ".css"}]

    assert [
        str(path) for path in scripts if re.search(r"@license|\(c\)|copyright", path.read_text(), re.IGNORECASE)
    ] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_each_sentence_is_said_in_vietnamese(package: str) -> None:
    """What the code says and what the catalogue translates are the same: none missing, left over, empty or unsure."""
    said = words.said(package)
    catalogue = words.catalogue(package)
    translated = {message.id for message in catalogue if message.id}

    assert said.keys() - translated == set(), "missing: `make words` adds them to the catalogue"
    assert translated - said.keys() - words.written(package) == set(), "left over"
    assert [message.id for message in catalogue if message.id and (message.fuzzy or not message.string)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_translation_names_what_its_sentence_names(package: str) -> None:
    """A Vietnamese sentence fills in the same {names} as the English one."""
    names = re.compile(r"\{\w+[^}]*\}|%\(\w+\)s")
    different = [
        str(message.id)
        for message in words.catalogue(package)
        if message.id and message.string
        if set(names.findall(str(message.id))) != set(names.findall(str(message.string)))
    ]

    assert different == []
