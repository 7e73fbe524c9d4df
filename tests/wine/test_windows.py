"""What a Windows PC does with the bundle, seen on Wine. What Wine can't show stands in docs/windows.md."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub import dumps
from hub.bundle.windows import MANIFEST
from tests.wine.conftest import Pc


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _until(what: Callable[[], Any], seconds: float = 90) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"waited {seconds} s in vain"
        time.sleep(0.5)
    return found


def _get(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this machine
            text: str = answer.read().decode()
            return text
    except OSError:
        return ""


@contextmanager
def _hub(folder: Path) -> Iterator[str]:
    """Run a hub on Linux; yield its address."""
    port = _free_port()
    command = [sys.executable, "-c", "from cli.main import main; main()", "hub", "run"]
    with subprocess.Popen(
        [*command, "--data", str(folder), "--listen", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            _until(lambda: _get(f"http://127.0.0.1:{port}/healthz"))
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def _service(pc: Pc) -> str:
    """Return what `sc query` says of the service."""
    return pc.run("sc", "query", "baove-agent")[1]


def test_the_agent_collects_on_a_live_windows(pc: Pc) -> None:
    """WMI, registry and the wide API answer: each table is rows or a reason, and none a bug or a crash."""
    code, said = pc.python("-m", "agent", "collect", "--json", seconds=300)
    report = json.loads(said[said.index("{") :].splitlines()[0])
    rows = {name: section["rows"] for name, section in report["tables"].items()}
    missing = {one["table"]: one["message"] for one in report["missing"]}

    assert code in {0, 1}
    assert rows["operating_system"][0]["family"] == "windows"
    assert rows["device"][0]["hostname"]
    assert rows["volume"][0]["mount"]
    assert {"operating_system", "device", "volume", "software", "setting", "listening_port"} <= rows.keys()
    assert [message for message in missing.values() if "please report it" in (message or "")] == []
    assert {name for name in missing if missing[name] and "killed" in missing[name]} == set()


def test_what_a_collection_costs_is_told(pc: Pc) -> None:
    """--profile tells CPU and memory of the collecting process on Windows too."""
    _, said = pc.python("-m", "agent", "collect", "--profile", seconds=300)

    found = re.search(r"in all +(\d+\.\d+) CPU s, the start of Python included; (\d+\.\d) MiB at most", said)
    assert found is not None, said
    assert 0 < float(found[1]) < 60
    assert 5 < float(found[2]) < 500


def test_a_collector_is_killed_at_its_deadline(pc: Pc) -> None:
    """The collecting process ends when its time is up, and the tables after it are collected by another one."""
    code = (
        "import agent.supervise as s\n"
        "import subprocess\n"
        "children = []\n"
        "class Noted(subprocess.Popen):\n"
        "    def __init__(self, *words, **more):\n"
        "        super().__init__(*words, **more); children.append(self)\n"
        "subprocess.Popen = Noted\n"
        "said = list(s.collecting(['operating_system', 'setting'], longest_seconds=0.01))\n"
        "print([(x.table, x.outcome, x.killed) for x in said if isinstance(x, s.Collected)])\n"
        "print(any(one.poll() is None for one in children))\n"
    )

    said = pc.python("-c", code)[1].splitlines()

    assert said[-2:] == ["[('operating_system', 'timed_out', True), ('setting', 'timed_out', True)]", "False"]


def _install(pc: Pc, stick: Path, *words: str) -> tuple[int, str]:
    script = f"Z:{stick / 'install.cmd'}".replace("/", "\\")
    return pc.run("cmd", "/c", script, *words, seconds=300)


def _broken_copy(stick: Path, to: Path) -> Path:
    """Return a bundle whose agent collects, and whose daemon does not start."""
    shutil.copytree(stick, to)
    daemon = to / "files/app/agent/daemon.py"
    daemon.write_text("raise RuntimeError('a version that was never tried')\n", encoding="utf-8")
    manifest = to / "files" / MANIFEST
    lines = [line.split("  ", 1) for line in manifest.read_text(encoding="utf-8").splitlines()]
    digests = {path: hashlib.sha256((to / "files" / path).read_bytes()).hexdigest() for _, path in lines}
    manifest.write_text("".join(f"{digests[path]}  {path}\n" for path in digests), encoding="utf-8")
    script = to / "install.cmd"
    (line,) = [one for one in script.read_text(encoding="ascii").splitlines() if "\\baove\\0" in one]
    name = line.rpartition("\\")[2].rstrip('"')
    script.write_bytes(script.read_bytes().replace(name.encode(), b"9.9.9-broken"))
    return to


def test_a_pc_is_given_the_agent_and_loses_it_again(pc: Pc, tmp_path: Path) -> None:
    """From install.cmd to uninstall.cmd: the service reports, stops in time, outlives a bad update, leaves nothing."""
    metrics = _free_port()
    settings = pc.drive("ProgramData/baove/baove.toml")
    settings.parent.mkdir(parents=True)
    settings.write_text(f'metrics_listen = "127.0.0.1:{metrics}"\n', encoding="utf-8")
    programs = pc.drive("Program Files/baove")

    with _hub(tmp_path / "hub") as hub:
        code, said = _install(pc, pc.stick, "/hub", hub, "/join", "some-string")

        assert code == 0, said
        assert "RUNNING" in _service(pc)
        assert settings.with_name("join.txt").read_text(encoding="utf-8").strip() == "some-string"
        assert 'baove_agent_info{version="' in _until(lambda: _get(f"http://127.0.0.1:{metrics}/metrics"))
        (device,) = _until(lambda: json.loads(_get(f"{hub}/api/v1/devices") or "[]"))
        assert device["hostname"]

    before = sorted(programs.glob("*/installed"))
    assert len(before) == 1

    began = time.monotonic()
    pc.run("sc", "stop", "baove-agent")
    _until(lambda: "STOPPED" in _service(pc), 5)
    assert time.monotonic() - began < 5
    pc.run("sc", "start", "baove-agent")
    _until(lambda: "RUNNING" in _service(pc))

    code, said = _install(pc, _broken_copy(pc.stick, tmp_path / "broken"))

    assert code == 1, said
    assert "the one before runs again" in said
    assert "RUNNING" in _service(pc)
    assert before[0].exists()

    code, said = pc.run("cmd", "/c", "C:\\Program Files\\baove\\uninstall.cmd")

    assert code == 0, said
    assert "RUNNING" not in _service(pc)
    assert list(programs.rglob("*")) == []  # Wine keeps the empty folder
    assert not settings.parent.exists()


def test_a_service_that_can_not_start_says_so(pc: Pc, tmp_path: Path) -> None:
    """Wrong settings end the service with an exit code of its own, so that Windows starts it again later."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("no_such_setting = 1\n", encoding="utf-8")
    code = (
        "import sys, pathlib, time\n"
        "from agent.service import windows, manage\n"
        f"windows.put(manage.command_line(pathlib.Path(sys.executable), ('--config', r'Z:{wrong}')))\n"
        "windows.start(); windows.wait_for(windows.STOPPED, 30)\n"
    )
    try:
        status, said = pc.python("-c", code)
        query = _service(pc)
    finally:
        pc.python("-c", "from agent.service import windows; windows.delete()")

    assert status == 0, said
    assert "SERVICE_EXIT_CODE  : 1" in query


def test_a_second_copy_is_told_who_runs_it(pc: Pc) -> None:
    """Started by hand, the service's program says in one sentence that Windows starts it."""
    code, said = pc.python("-m", "agent.service.host")

    assert code == 2
    assert "sc start baove-agent" in said


def test_collect_cmd_writes_what_the_hub_takes(pc: Pc, tmp_path: Path) -> None:
    """Run as on a stick it writes a whole folder, registry as Unicode, what is absent; Wine's wmic gives less."""
    script = f"Z:{pc.stick / 'collect.cmd'}".replace("/", "\\")

    code, said = pc.run("cmd", "/c", script, f"Z:{tmp_path}".replace("/", "\\"), seconds=600)
    (folder,) = dumps.folders(tmp_path)
    notes = (folder / dumps.MANIFEST).read_text(encoding="utf-8")
    report = dumps.report(folder)

    assert code == 0, said
    assert {path.read_bytes()[:2] for path in folder.glob("key*.reg")} == {b"\xff\xfe"}
    assert '"CurrentBuild"="' in (folder / "values.reg").read_text(encoding="utf-8")
    assert "absent: HKLM\\SOFTWARE\\Faronics\\Deep Freeze 6" in notes
    assert report.agent == "collect.cmd"
    assert "setting" in {one.table for one in report.sections if one.rows}


@pytest.mark.parametrize(
    "module", ["agent.daemon", "agent.check", "agent.status", "agent.explain", "agent.service.setup"]
)
def test_every_part_of_the_agent_can_be_imported(pc: Pc, module: str) -> None:
    """Nothing of it asks for what only Linux has when it is imported."""
    assert pc.python("-c", f"import {module}; print('there')") == (0, "there\n")
