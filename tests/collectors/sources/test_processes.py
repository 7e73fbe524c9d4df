"""Running programs and started services, and the difference between "not there" and "not to be seen"."""

from pathlib import Path

from collectors.sources.linux import LiveLinux
from collectors.sources.processes import running, starts
from tests.collectors.host.machines import machine


def test_this_machines_programs_are_seen() -> None:
    """This very test is one of them."""
    found = running(LiveLinux())
    assert found is not None
    assert Path("/proc/self/comm").read_text(encoding="utf-8").strip() in found


def test_hidden_processes_are_unknown() -> None:
    """With hidepid an ordinary user sees only his own: the first process is not among them."""
    assert running(machine({"/proc/4711/comm": "bash\n"})) is None
    assert running(machine()) is None
    host = machine({"/proc/1/comm": "systemd\n", "/proc/9/comm": "sshd\n", "/proc/x/comm": "no"})
    assert running(host) == frozenset({"systemd", "sshd"})


def test_a_unit_that_something_wants_starts() -> None:
    """Enabled is a link in a folder '.wants' or '.requires'; masked is a link to nowhere; unread is unknown."""
    folder = "/etc/systemd/system"
    assert starts(machine({f"{folder}/multi-user.target.wants/x.service": ""}), "x.service") is True
    assert starts(machine({f"{folder}/a.target.requires/x.service": ""}), "x.service") is True
    assert starts(machine({f"{folder}/a.target.d/x.service": ""}), "x.service") is False
    masked = machine(
        {f"{folder}/x.service": "", f"{folder}/a.wants/x.service": ""}, links={f"{folder}/x.service": "/dev/null"}
    )
    assert starts(masked, "x.service") is False
    assert starts(machine(), "x.service") is None
