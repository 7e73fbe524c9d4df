"""The command line on a PC: exit codes, sentences, and what it needs to be there."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import agent
from agent.__main__ import daemon_options
from collectors.host import tables
from tests.agent.machines import recorded

TOP = Path(__file__).resolve().parents[2]
DESKTOP = TOP / "tests" / "collectors" / "host" / "recordings" / "desktop"

HUB_ONLY = (
    "apscheduler", "babel", "jinja2", "litestar", "msgspec", "pygments", "rich", "sqlalchemy", "typer", "uvicorn",
    "yaml", "zstandard", "hypothesis", "pytest", "pydantic", "click",
)  # fmt: skip
"""What a PC does not have."""

BLOCKER = f"""
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {HUB_ONLY!r} else self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""

COMPILE = "from pathlib import Path; from rules import load; load.compile_to(load.FOLDER / load.COMPILED)"

NATIVE = """
import atexit, os, sys
def tell():
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if file.endswith((".so", ".pyd", ".dll")):
            with open(os.environ["SEEN"], "a") as seen:
                seen.write(f"{name} {file}\\n")
ended = os._exit
os._exit = lambda status: (tell(), ended(status))
atexit.register(tell)
"""


def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run the agent's command line."""
    return subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        cwd=TOP, env={**os.environ, "BAOVE_CONFIG": "", "LANG": "C.UTF-8", **environ},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_pc_is_without_the_hubs_libraries(pc: dict[str, str]) -> None:
    """What keeps them away in these tests does keep them away."""
    for name in ("litestar", "yaml"):
        there = subprocess.run(
            [sys.executable, "-c", f"import {name}"], env={**os.environ, **pc}, capture_output=True, check=False
        )
        assert b"ModuleNotFoundError" in there.stderr


@pytest.fixture
def pc(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a PC that has none of the hub's libraries, in no process of the agent."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BLOCKER + NATIVE, encoding="utf-8")
    return {"PYTHONPATH": str(site), "SEEN": str(tmp_path / "native")}


def native(environ: dict[str, str]) -> set[str]:
    """Return the native modules that were loaded and are not the standard library's."""
    lines = Path(environ["SEEN"]).read_text(encoding="utf-8").splitlines()
    return {
        name.partition(".")[0]
        for name, _, file in (line.partition(" ") for line in lines)
        if "site-packages" in file or "dist-packages" in file
    }


def test_the_version_is_the_projects() -> None:
    """On a PC it stands in the code, since there is no package metadata to ask."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == agent.VERSION
    assert run("--version").stdout == f"{agent.VERSION}\n"


def test_a_pc_collects_with_what_a_pc_has(pc: dict[str, str]) -> None:
    """No library of the hub, and no native module beside Python's own and psutil's."""
    done = run("collect", "--json", **pc)
    made = json.loads(done.stdout)

    assert done.returncode in {0, 1}
    assert {"operating_system", "software", "listening_port"} <= made["tables"].keys()
    assert native(pc) <= {"psutil"}


def test_a_pc_explains_with_what_a_pc_has(pc: dict[str, str]) -> None:
    """The privacy notice needs nothing else."""
    assert run("explain", "--json", **pc).returncode == 0
    assert native(pc) <= {"psutil"}


def test_a_pc_checks_itself_with_what_a_pc_has(pc: dict[str, str], tmp_path: Path) -> None:
    """The rules come compiled to JSON, as the build writes them, and run on the standard library's sqlite3."""
    subprocess.run([sys.executable, "-c", COMPILE], cwd=TOP, check=True)
    machine = recorded(tmp_path / "machine")
    done = run("check", "--json", "--recording", str(machine), "--data", str(tmp_path), **pc)
    said = {one["check"]: one for one in json.loads(done.stdout)}

    assert done.returncode == 1, done.stderr
    assert said["system-supported"]["verdict"] == "pass"
    assert said["firewall-enabled"]["title"].keys() == {"vi", "en"}
    assert native(pc) <= {"psutil"}


def test_a_pc_runs_the_daemon_with_what_a_pc_has(pc: dict[str, str], tmp_path: Path) -> None:
    """The whole daemon, its children and its checks."""
    command = [
        sys.executable,
        "-m",
        "agent",
        "run",
        "--metrics-listen",
        "127.0.0.1:0",
        "--data",
        str(tmp_path / "data"),
    ]
    with subprocess.Popen(command, cwd=TOP, env={**os.environ, **pc}, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "agent started" in running.stderr.readline()
        status = {"running": False}
        for _ in range(100):
            status = json.loads(run("status", "--json", "--data", str(tmp_path / "data")).stdout)
            if status["running"] and len(list((tmp_path / "data" / "cache").glob("*.json"))) > 10:
                break
        running.terminate()
        running.stderr.read()

    assert status["running"]
    assert running.returncode == 0
    assert native(pc) <= {"psutil"}


def test_the_report_over_a_recording_is_the_same_each_time() -> None:
    """But for the run's own random name."""
    first, second = (json.loads(run("collect", "--json", "--recording", str(DESKTOP)).stdout) for _ in range(2))

    assert first["sent_at"] == "2026-03-02T01:15:00Z"
    assert first["unchanged"] == {}
    assert first.pop("stream") != second.pop("stream")
    assert first == second


def test_named_tables_only_are_collected(tmp_path: Path) -> None:
    """And each that was asked for stands in the report."""
    done = run("collect", "processor", "operating_system", "--json", "--recording", str(recorded(tmp_path)))
    made = json.loads(done.stdout)

    assert made["tables"].keys() | {one["table"] for one in made["missing"]} == {"processor", "operating_system"}


def test_what_could_not_be_collected_is_exit_1(tmp_path: Path) -> None:
    """Done, and something falls short."""
    machine = recorded(tmp_path)
    (machine / "root" / "proc" / "sys" / "kernel" / "osrelease").unlink()
    done = run("collect", "operating_system", "--recording", str(machine))

    assert done.returncode == 1
    assert done.stdout.startswith("operating_system  failed: /proc/sys/kernel/osrelease")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("collect", "no_such_table"), "no table no_such_table is collected on a PC: expected one of "),
        (("collect", "--recording", "/nowhere"), "/nowhere is no recording: it lacks machine.json"),
        (("check", "--recording", "/nowhere"), "/nowhere is no recording: it lacks machine.json"),
        (("--config", "/nowhere", "status"), "/nowhere: expected a file here, found none"),
        (
            ("run", "--hub", "http://hub.example"),
            "--hub: expected https:// beyond this machine, not 'http://hub.example'",
        ),
        (("run", "--hub", "hub.example"), "--hub: expected the hub's address, such as "),
        (("run", "--hub", "https://a:b@hub.example"), "--hub: expected an address without a user name or password"),
        (("run", "--metrics-listen", "0.0.0.0:9977"), "--metrics-listen: expected an address of this machine such as "),
        (("run", "--report-every", "1m"), "--report-every: expected a period from 300 s to 86400 s, not '1m'"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    """On standard error, exit 2, and nothing on standard output."""
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"baove: {sentence}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "status", "explain", "collect", "check"])
def test_each_command_has_help_with_an_example(command: str) -> None:
    """One sentence, and one command to try."""
    done = run(command, "--help")

    assert done.returncode == 0
    assert f"example: python -m agent {command}" in done.stdout


def test_a_collector_that_can_not_be_imported_costs_its_own_table_only(tmp_path: Path) -> None:
    """A file that a bad update left behind is its own section's failure."""
    for package in ("agent", "collectors", "rules"):
        shutil.copytree(TOP / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "collectors" / "host" / "broken.py").write_text("import no_such_module\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "agent", "collect", "--json", "--recording", str(DESKTOP), "--data", str(tmp_path)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},  # before what this environment has installed
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    made = json.loads(done.stdout)
    (broken,) = (one for one in made["missing"] if one["table"] == "broken")

    assert done.returncode == 1
    assert broken["message"] == "ModuleNotFoundError where broken.py is imported: please report it"
    assert len(made["tables"]) > 3


def test_explain_names_every_field_that_would_be_sent(tmp_path: Path) -> None:
    """From the fact classes themselves: none is missing, none left over, each with its reason."""
    said = json.loads(run("explain", "--json", "--data", str(tmp_path)).stdout)
    from collectors.facts import table_of

    assert {one["table"]: {field["name"] for field in one["fields"]} for one in said["tables"]} == {
        table: {field.name for field in table_of(cls).fields} for table, cls in tables().items()
    }
    assert all(one["why"] for one in said["tables"])
    assert (
        said["envelope"].keys() | {"identifiers", "tables", "unchanged", "missing"}
        == json.loads(run("collect", "processor", "--json").stdout).keys()
    )


def test_explain_names_every_identifier() -> None:
    """Those that a report of a recorded PC carries."""
    said = json.loads(run("explain", "--json").stdout)
    made = json.loads(run("collect", "processor", "--json", "--recording", str(DESKTOP)).stdout)

    assert made["identifiers"].keys() <= said["identifiers"].keys()


def test_status_of_an_agent_that_does_not_run_says_so(tmp_path: Path) -> None:
    """Exit 1: done, and something falls short."""
    done = run("status", "--data", str(tmp_path / "none"))

    assert done.returncode == 1
    assert "! the agent does not run" in done.stdout
    assert not (tmp_path / "none").exists()


def test_the_service_reads_what_the_command_run_reads(tmp_path: Path) -> None:
    """Its options, and a file named before them, become what the daemon is told: what it probes too."""
    file = tmp_path / "baove.toml"
    file.write_text(
        'lab = true\nprobes = [{purpose = "internet", target = "https://example.edu.vn/"}]\n', encoding="utf-8"
    )

    told = daemon_options(["--config", str(file), "--data", str(tmp_path)])

    assert (tmp_path, True) == (told.data, told.here.is_lab)
    assert ["https://example.edu.vn/"] == [probe.target for probe in told.here.probes]


def test_what_a_collection_costs_is_told_beside_the_report(tmp_path: Path) -> None:
    """--profile tells what each table cost, and the whole process, on standard error; the report is as ever."""
    command = [sys.executable, "-m", "agent", "collect", "--json", "--profile", "--recording", str(recorded(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    report = json.loads(done.stdout)
    *tables, whole = done.stderr.splitlines()
    assert {line.split()[0] for line in tables} == report["tables"].keys() | {one["table"] for one in report["missing"]}
    figures = re.fullmatch(r"in all +(\d+\.\d+) CPU s, the start of Python included; (\d+\.\d) MiB at most", whole)
    assert figures is not None
    assert sum(float(line.split()[1]) for line in tables) < float(figures[1]) < 60
    assert 5 < float(figures[2]) < 500
