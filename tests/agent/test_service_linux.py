"""The agent as a service of systemd."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.service import systemd
from agent.supervise import Refusal
from tests.tools import tool

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give up, and services to change")


def test_the_unit_gives_away_what_the_collectors_do_not_need(tmp_path: Path) -> None:
    """By systemd's own count the unit's exposure is no more than 3.0 of 10, and systemd finds no mistake in it."""
    path = tmp_path / "baove-agent.service"
    path.write_text(systemd.unit(["--hub", "https://hub.example:8443"]), encoding="utf-8")
    judge = tool("systemd-analyze")

    counted = subprocess.run(
        [judge, "security", "--offline=true", "--threshold=30", path], capture_output=True, text=True, check=False
    )
    checked = subprocess.run([judge, "verify", path], capture_output=True, text=True, check=False)

    assert counted.returncode == 0, counted.stdout[-200:]
    assert [line for line in checked.stderr.splitlines() if path.name in line] == []


def test_the_daemon_is_started_for_ever() -> None:
    """No number of failures makes systemd give up, and a stop takes five seconds at most."""
    text = systemd.unit()

    assert {"StartLimitIntervalSec=0", "Restart=always", "TimeoutStopSec=5"} <= set(text.splitlines())


def test_options_reach_the_daemon_as_they_were_given() -> None:
    """What systemd would read as its own, a percent sign, a dollar or a blank, is written so that it does not."""
    (line,) = [one for one in systemd.unit(["--data", "/srv/a b/100%/$x"]).splitlines() if one.startswith("ExecStart=")]

    assert line.endswith('-m agent run --data "/srv/a b/100%%/$$x"')


def _run(arguments: list[str], **more: object) -> list[str]:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    return [" ".join(line.split()[:2]) for line in done.stdout.splitlines()]


@AS_ROOT
def test_collectors_work_with_what_is_left_of_roots_rights() -> None:
    """With the unit's capabilities alone every table ends as it does with all of root's."""
    left = ",".join(["-all", *(f"+{name.lower().removeprefix('cap_')}" for name in systemd.CAPABILITIES)])
    collect = [sys.executable, "-m", "agent", "collect"]
    less = [tool("setpriv"), "--bounding-set", left, "--inh-caps", left, "--no-new-privs", *collect]

    ended = _run(collect)

    assert len(ended) > 20
    assert _run(less) == ended


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a systemctl on the PATH that writes down what it is asked; return the file of its answers."""
    said = tmp_path / "said"
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >> {said}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(systemd, "others_may_change", lambda _: None)
    return said


@AS_ROOT
def test_installed_and_removed(services: Path, tmp_path: Path) -> None:
    """Install writes the unit and starts it now and for good; remove takes back both; a second remove is no error."""
    unit = tmp_path / "baove-agent.service"

    systemd.install(["--hub", "http://127.0.0.1:8080"], tmp_path / "data", unit)

    assert "--hub http://127.0.0.1:8080" in unit.read_text(encoding="utf-8")
    assert f"ReadWritePaths={tmp_path / 'data'}" in unit.read_text(encoding="utf-8")
    assert services.read_text().splitlines() == ["daemon-reload", "enable baove-agent", "restart baove-agent"]

    systemd.remove(unit)

    assert not unit.exists()
    assert services.read_text().splitlines()[3:] == ["disable --now baove-agent", "daemon-reload"]
    assert systemd.remove(unit) == "there was no service baove-agent"


def test_without_systemd_it_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systemd does not run, or somebody is not root, nothing is written and one sentence says what to do."""
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "absent")

    with pytest.raises(Refusal, match=r"sudo|baove agent run"):
        systemd.install(path=tmp_path / "unit")
    assert not (tmp_path / "unit").exists()


def test_what_others_may_change_never_runs_as_root(tmp_path: Path) -> None:
    """A folder on the way to the program that others may write to is found; one that they may not, is not."""
    (tmp_path / "open" / "baove").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)

    assert systemd.others_may_change(tmp_path / "open" / "baove") == (
        tmp_path / "open" if os.geteuid() == 0 else tmp_path / "open" / "baove"
    )
    assert systemd.others_may_change(Path("/usr/bin")) is None
