"""What the bundle's installer does on a PC, over a made-up service control manager; tests/wine has the real calls."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.service import setup
from agent.service.manage import command_line
from agent.settings import hub as checked_hub
from agent.supervise import Refusal

OLD = r'"C:\Program Files\baove\0.0.9-old\python\python.exe" -P -m agent.service.host --config X'


@dataclass
class Services:
    """A service control manager with one service, whose programs run or end as the test says."""

    STOPPED: int = 1
    RUNNING: int = 4
    ends: tuple[str, ...] = ()
    """Parts of command lines that end soon after they start."""

    line: str | None = None
    now: int | None = None
    told: list[str] = field(default_factory=list)

    def command(self) -> str | None:
        """Return the command line."""
        return self.line

    def state(self) -> int | None:
        """Return the state."""
        return self.now

    def put(self, command_line: str) -> None:
        """Take a command line."""
        self.line = command_line
        self.now = self.now or self.STOPPED

    def start(self) -> None:
        """Start it."""
        self.now = self.RUNNING

    def stop(self) -> None:
        """Stop it."""
        self.now = self.STOPPED

    def pass_time(self, _: float) -> None:
        """Let what does not hold end."""
        if any(part in (self.line or "") for part in self.ends):
            self.now = self.STOPPED

    def wait_for(self, wanted: int, within_seconds: float) -> None:
        """Wait for a state."""
        if self.now != wanted:
            raise TimeoutError(within_seconds)

    def delete(self) -> None:
        """Forget the service."""
        self.line = self.now = None

    def register_events(self) -> None:
        """Do nothing."""

    def forget_events(self) -> None:
        """Do nothing."""

    def tell(self, sentence: str) -> None:
        """Keep what the event log would."""
        self.told.append(sentence)


def runs(_: Sequence[str]) -> int:
    """Run any program well."""
    return 0


@pytest.fixture
def versions(tmp_path: Path) -> Callable[[str], Path]:
    """Return what lays a version's folder down, whole."""

    def lay(name: str) -> Path:
        here = tmp_path / "baove" / name
        lines = ""
        for path in ("python/python.exe", "app/agent/__init__.py"):
            (here / path).parent.mkdir(parents=True)
            (here / path).write_bytes(path.encode())
            lines += f"{hashlib.sha256(path.encode()).hexdigest()}  {path}\n"
        (here / setup.MANIFEST).write_text(lines, encoding="utf-8")
        return here

    return lay


def install(services: Services, here: Path, **more: Any) -> str:
    """Install over the made-up manager."""
    return setup.install(services, here, run=runs, sleep=services.pass_time, **more)


def test_a_new_version_takes_over_and_the_old_one_goes(versions: Callable[[str], Path]) -> None:
    """The service runs the new folder's Python; the folder before is deleted, what is not ours stays."""
    old, new = versions("0.0.9-old"), versions("0.1.0-new")
    (new.parent / "somebody's").mkdir()
    services = Services(line=OLD, now=4)

    install(services, new)

    assert services.now == services.RUNNING
    assert str(new) in (services.line or "")
    assert (old.exists(), (new.parent / "somebody's").exists()) == (False, True)


def test_what_does_not_start_gives_way_to_what_did(versions: Callable[[str], Path]) -> None:
    """A new version that ends again leaves the one before running, and one sentence in the event log."""
    old, new = versions("0.0.9-old"), versions("0.1.0-new")
    services = Services(line=OLD, now=4, ends=("0.1.0-new",))

    with pytest.raises(setup.WentBack, match="the one before runs again"):
        install(services, new)

    assert (services.line, services.now) == (OLD, services.RUNNING)
    assert old.exists()
    assert len(services.told) == 1


def test_a_first_version_that_does_not_start_leaves_no_service(versions: Callable[[str], Path]) -> None:
    """Where nothing was before, nothing is left behind that fails at each start."""
    services = Services(ends=("0.1.0",))

    with pytest.raises(setup.WentBack):
        install(services, versions("0.1.0-new"))

    assert services.line is None


def test_a_python_that_can_not_run_touches_nothing(versions: Callable[[str], Path]) -> None:
    """The new version is tried before the service is stopped: an old Windows keeps what it had."""
    new = versions("0.1.0-new")
    services = Services(line=OLD, now=4)

    with pytest.raises(Refusal, match=r"collect\.cmd"):
        setup.install(services, new, run=lambda _: -1, sleep=services.pass_time)

    assert (services.line, services.now) == (OLD, services.RUNNING)


def test_the_same_version_once_more_changes_nothing(versions: Callable[[str], Path]) -> None:
    """A start-up script of group policy installs at each start: where it runs already, it is left alone."""
    new = versions("0.1.0-new")
    services = Services()
    install(services, new)
    services.stop = lambda: pytest.fail("it was stopped")  # type: ignore[method-assign]

    assert install(services, new) == "version 0.1.0 was here and runs"


def test_an_image_is_made_without_starting(versions: Callable[[str], Path]) -> None:
    """For an image of a disk the service is made and not started, so no clone carries another's memory."""
    services = Services()

    install(services, versions("0.1.0-new"), start=False)

    assert services.now == services.STOPPED
    assert services.line is not None


@pytest.mark.parametrize("damage", ["changed", "gone", "added", "no manifest"])
def test_a_damaged_copy_is_refused(versions: Callable[[str], Path], damage: str) -> None:
    """A file that is not as the manifest says, is missing, or is none of it: the folder is not installed from."""
    here = versions("0.1.0-new")
    setup.check_whole(here)
    if damage == "changed":
        (here / "app/agent/__init__.py").write_text("evil", encoding="utf-8")
    elif damage == "gone":
        (here / "app/agent/__init__.py").unlink()
    elif damage == "added":
        (here / "app/json.py").write_text("evil", encoding="utf-8")
    else:
        (here / setup.MANIFEST).write_text("no such line\n", encoding="utf-8")

    with pytest.raises(Refusal, match="copy"):
        setup.check_whole(here)


def test_settings_of_the_command_line_join_those_of_the_file() -> None:
    """What is given replaces its own line, everything else stays, and a path's backslashes are written right."""
    before = 'hub = "https://old.example"\n# ours\nreport_every = "2h"\n'

    after = setup.with_settings(before, {"hub": "https://new.example:8443", "data": r"D:\baove"})

    assert after.splitlines() == [
        'hub = "https://new.example:8443"',
        'data = "D:\\\\baove"',
        "# ours",
        'report_every = "2h"',
    ]
    with pytest.raises(Refusal, match="printable"):
        setup.with_settings("", {"data": "D:\n[evil]"})


def test_the_hub_is_checked_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that the agent would refuse at its start is refused by the installer, and nothing is written."""
    monkeypatch.setattr(setup, "DATA_FOLDER", tmp_path / "data")
    monkeypatch.setattr(setup, "CONFIG_FILE", tmp_path / "data" / "baove.toml")

    with pytest.raises(Refusal, match="https"):
        setup.settle("http://hub.school.example", None, None)
    assert not (tmp_path / "data").exists()

    setup.settle("https://hub.school.example", "join-me", None)

    assert checked_hub("https://hub.school.example") in (tmp_path / "data" / "baove.toml").read_text(encoding="utf-8")
    assert (tmp_path / "data" / setup.JOIN).read_text(encoding="utf-8") == "join-me\n"


def test_the_command_line_survives_blanks() -> None:
    r"""`C:\Program Files` has a blank in it: unquoted, Windows would start C:\Program.exe where somebody put one."""
    line = command_line(Path("C:/Program Files/baove/python.exe"), ("--config", "C:/Program Data/x.toml"))

    assert line == '"C:/Program Files/baove/python.exe" -P -m agent.service.host --config "C:/Program Data/x.toml"'
