"""``service install`` and ``service remove``, whatever the system."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from agent.service import NAME
from agent.supervise import Refusal
from collectors.settings import Value
from rules.words import sentence

RUNS_WITHIN_SECONDS = 30.0


class Manager(Protocol):
    """What is asked of Windows' service control manager: agent.service.windows, or a made-up one in tests."""

    STOPPED: int
    RUNNING: int

    def command(self) -> str | None:
        """Return the command line that the service runs; None where there is no such service."""

    def state(self) -> int | None:
        """Return the service's state; None where there is no such service."""

    def put(self, command_line: str) -> None:
        """Have the service run a command line; make it if need be."""

    def start(self) -> None:
        """Start the service."""

    def stop(self) -> None:
        """Stop the service and wait for its end. Raises TimeoutError."""

    def wait_for(self, wanted: int, within_seconds: float) -> None:
        """Wait until the service has a state. Raises TimeoutError."""

    def delete(self) -> None:
        """Delete the service."""

    def register_events(self) -> None:
        """Have the event viewer show our sentences as they are."""

    def forget_events(self) -> None:
        """Take back what register_events did."""

    def tell(self, sentence: str) -> None:
        """Write one sentence into the event log."""


def manager() -> Manager:
    """Return this Windows' service control manager. Raises Refusal elsewhere."""
    if os.name != "nt":
        raise Refusal(sentence("this is for Windows: here it is 'baove agent service install'"))
    from agent.service import windows

    return windows  # type: ignore[return-value]


def install(settings: Mapping[str, Value]) -> str:
    """Make the service, start it, and return one sentence. It starts with the options given here. Raises Refusal."""
    arguments = options(settings)
    if os.name != "nt":
        from agent.service import systemd

        return systemd.install(arguments, settings["data"].value if settings["data"].origin == "--data" else None)
    services = manager()
    try:
        services.register_events()
        if services.state() is not None:
            services.stop()
        services.put(command_line(Path(sys.executable), arguments))
        services.start()
        services.wait_for(services.RUNNING, RUNS_WITHIN_SECONDS)
    except OSError as why:
        raise Refusal(refused(why)) from why
    return sentence("the service {name} runs now, and at each start of this PC", name=NAME)


def options(settings: Mapping[str, Value]) -> list[str]:
    """Return the daemon's options that the command line gave. What a file says is read anew at each start."""
    words = []
    for name, one in settings.items():
        if one.origin.startswith("--"):
            written = "{}:{}".format(*one.value) if isinstance(one.value, tuple) else str(one.value)
            words += [one.origin, f"{written}s" if name == "report_every" else written]
    return words


def remove() -> str:
    """Stop and delete the service, and return one sentence. Raises Refusal."""
    if os.name != "nt":
        from agent.service import systemd

        return systemd.remove()
    services = manager()
    try:
        if services.state() is None:
            return sentence("there was no service {name}", name=NAME)
        services.stop()
        services.delete()
        services.forget_events()
    except OSError as why:
        raise Refusal(refused(why)) from why
    return sentence("the service {name} was removed", name=NAME)


def command_line(python: Path, arguments: Sequence[str] = ()) -> str:
    """Return what the service runs on Windows."""
    return subprocess.list2cmdline([str(python), "-P", "-m", "agent.service.host", *arguments])


def refused(why: OSError) -> str:
    """Return a sentence for what Windows refused."""
    if isinstance(why, TimeoutError):
        return sentence(
            "the service neither starts nor stops: the event viewer tells why, under Windows Logs, Application"
        )
    if getattr(why, "winerror", None) == 5:  # noqa: PLR2004 - ERROR_ACCESS_DENIED
        return sentence("only an administrator can change services: run this as administrator")
    return sentence("Windows refused: {why}", why=why.strerror or type(why).__name__)
