r"""Puts a bundle's folder to work on a Windows PC, and goes back to the one before where the new one does not start.

The bundle's install.cmd has copied itself to ``%ProgramFiles%\baove\VERSION`` and runs this there, with the Python that
lies beside. Each version has a folder of its own, and the service's command line says which one runs: nothing that runs
is ever moved or overwritten, and going back is one value in the registry.

The folder: ``python\``, ``app\`` (the packages), and ``MANIFEST.sha256`` over both. ``installed`` in it says that it
was found whole.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agent import VERSION, files
from agent.process import NO_WINDOW, TOP
from agent.service import NAME
from agent.service.manage import RUNS_WITHIN_SECONDS, Manager, command_line, manager, refused
from agent.settings import hub as checked_hub
from agent.supervise import Refusal
from collectors.settings import CONFIG_FILE, DATA_FOLDER
from rules.words import language_of, sentence, translator

MANIFEST, INSTALLED = "MANIFEST.sha256", "installed"
JOIN = "join.txt"
TRIES_WITHIN_SECONDS = 120.0
"""So long the new agent may take to collect one table, on its first start on a slow PC."""

PROVEN_AFTER_SECONDS = 10.0
"""A service that still runs after so long has read its settings and holds its port."""

Run = Callable[[Sequence[str]], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks and return the exit code: 0 done, 1 went back to the older version, 2 refused."""
    asked = _parser().parse_args(arguments)
    say = translator(language_of(os.environ))
    here = TOP.parent
    try:
        services = manager()
        if asked.what == "remove":
            print(say(remove(services, here, keep_data=asked.keep_data)))  # noqa: T201 - a command
            return 0
        check_whole(here)
        settle(asked.hub, asked.join, asked.data)
        print(say(install(services, here, start=not asked.no_start)))  # noqa: T201 - a command
    except WentBack as why:
        print(f"baove: {say(why.args[0])}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    except Refusal as why:
        print(f"baove: {say(why.args[0])}", file=sys.stderr)  # noqa: T201 - a command
        return 2
    return 0


class WentBack(Exception):  # noqa: N818 - what happened
    """The new version did not start, and what was there before is there again: one sentence."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="install", prefix_chars="-/", description="Installs baove's agent on this PC."
    )
    parser.add_argument("what", choices=("install", "remove"))
    parser.add_argument("--hub", "/hub", metavar="URL", help="the hub's address")
    parser.add_argument("--join", "/join", metavar="STRING", help="the string that the hub's page shows for joining")
    parser.add_argument("--data", "/data", metavar="DIR", help="the agent's folder, such as one that is not frozen")
    parser.add_argument(
        "--no-start", "/nostart", action="store_true", help="do not start yet: this PC becomes an image"
    )
    parser.add_argument("--keep-data", "/keepdata", action="store_true", help="leave settings and facts where they are")
    return parser


# The bundle as it lies here


def listed(manifest: str) -> dict[str, str]:
    """Return the SHA-256 of each file by its path, as sha256sum writes them. Raises ValueError."""
    found = {}
    for line in manifest.splitlines():
        digest, separator, path = line.partition("  ")
        if not separator or len(digest) != hashlib.sha256().digest_size * 2:
            raise ValueError(line)
        found[path] = digest
    return found


def check_whole(here: Path) -> None:
    """Compare every file of a bundle with its manifest, both ways. Raises Refusal."""
    try:
        wanted = listed((here / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise Refusal(sentence("{folder} is no whole bundle: copy it again", folder=here)) from why
    found = {one.relative_to(here).as_posix() for one in here.rglob("*") if one.is_file()}
    extra = {one for one in found - wanted.keys() if "__pycache__" not in one} - {MANIFEST, INSTALLED}
    for path in sorted(wanted):
        if path not in found or hashlib.sha256((here / path).read_bytes()).hexdigest() != wanted[path]:
            raise Refusal(sentence("{file} is not as it left the server: copy the bundle again", file=here / path))
    if extra:
        raise Refusal(sentence("{file} is none of the bundle's: copy the bundle again", file=here / min(extra)))


def settle(hub: str | None, join: str | None, data: str | None) -> None:
    """Write down what the command line says, for the service to read. Raises Refusal."""
    if hub is not None:
        try:
            hub = checked_hub(hub)
        except ValueError as why:
            raise Refusal(why.args[0]) from why
    try:
        _own(DATA_FOLDER)
        before = CONFIG_FILE.read_text(encoding="utf-8-sig") if CONFIG_FILE.exists() else ""
        if data is None and not any(_name(line) == "data" for line in before.splitlines()):
            data = str(DATA_FOLDER / "agent")  # said plainly: a service's environment need not name the same folder
        given = {name: value for name, value in (("hub", hub), ("data", data)) if value is not None}
        if given:
            files.write(CONFIG_FILE, [with_settings(before, given).encode()])
        if join is not None:
            files.write(DATA_FOLDER / JOIN, [f"{join}\n".encode()])
    except OSError as why:
        raise Refusal(refused(why)) from why


def with_settings(text: str, given: dict[str, str]) -> str:
    """Return a settings file with these top-level texts in it, everything else as it was."""
    kept = [line for line in text.splitlines() if _name(line) not in given]
    new = [f"{name} = {_toml(value)}" for name, value in given.items()]
    return "\n".join([*new, *kept]) + "\n"


def _name(line: str) -> str:
    return line.partition("=")[0].strip()


def _toml(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        raise Refusal(sentence("expected printable letters, not {value}", value=repr(value)))
    return f'"{escaped}"'


def _own(folder: Path) -> None:
    """Make a folder that only the system and administrators read and write.

    In %ProgramData% everybody may make folders: one that a pupil made first is taken from them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    icacls = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "icacls.exe")
    everyone_else_out = ("/inheritance:r", "/grant:r", "*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F")
    for words in (
        (str(folder), "/setowner", "*S-1-5-32-544", "/T", "/C", "/Q"),
        (str(folder), *everyone_else_out, "/Q"),
        (f"{folder}\\*", "/reset", "/T", "/C", "/Q"),
    ):
        if icacls.exists():
            _run([str(icacls), *words])


# The service


def install(
    services: Manager,
    here: Path,
    *,
    start: bool = True,
    run: "Run | None" = None,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Have the service run the version that lies in ``here``, and return one sentence. Raises Refusal or WentBack."""
    python = here / "python" / "python.exe"
    if (run or _run)([str(python), "-m", "agent", "collect", "operating_system", "--json"]) not in {0, 1}:
        raise Refusal(sentence("the agent does not run on this Windows: collect.cmd is for Windows 7 and 8.1"))
    (run or _run)([str(python), "-m", "compileall", "-q", str(here / "app"), str(here / "python")])
    (here / INSTALLED).touch()
    wanted = command_line(python, ("--config", str(CONFIG_FILE)))
    try:
        services.register_events()
        before = services.command()
        if before == wanted and services.state() == services.RUNNING:
            return sentence("version {version} was here and runs", version=VERSION)
        if before is not None:
            services.stop()
        services.put(wanted)
        if not start:
            return sentence("version {version} starts with the next start of this PC", version=VERSION)
        why = _proven(services, sleep)
    except OSError as error:
        raise Refusal(refused(error)) from error
    if why is not None:
        _go_back(services, before, why)
    clear(here)
    return sentence("version {version} runs now, and at each start of this PC", version=VERSION)


def _proven(services: Manager, sleep: Callable[[float], object]) -> str | None:
    """Start the service; return why it does not keep running, if so."""
    try:
        services.start()
        services.wait_for(services.RUNNING, RUNS_WITHIN_SECONDS)
    except OSError as error:
        return refused(error)
    sleep(PROVEN_AFTER_SECONDS)
    if services.state() != services.RUNNING:
        return sentence("the service ended again: the event viewer tells why, under Windows Logs, Application")
    return None


def _go_back(services: Manager, before: str | None, why: str) -> None:
    try:
        with contextlib.suppress(OSError):
            services.stop()
        if before is None:
            services.delete()
            said = sentence(
                "version {version} does not start and was taken away again: {why}", version=VERSION, why=why
            )
        else:
            services.put(before)
            services.start()
            said = sentence(
                "version {version} does not start, the one before runs again: {why}", version=VERSION, why=why
            )
    except OSError as error:
        raise Refusal(refused(error)) from error
    services.tell(str(said))
    raise WentBack(said)


def clear(here: Path) -> None:
    """Delete the versions beside this one; what is still in use goes the next time."""
    for one in here.parent.iterdir():
        if one != here and one.is_dir() and (one / MANIFEST).is_file():
            shutil.rmtree(one, ignore_errors=True)


def remove(services: Manager, here: Path, *, keep_data: bool = False) -> str:
    """Take the service and what the agent kept away, and return one sentence. uninstall.cmd deletes the programs."""
    try:
        if services.state() is not None:
            services.stop()
            services.delete()
        services.forget_events()
    except OSError as error:
        raise Refusal(refused(error)) from error
    clear(here)
    if not keep_data:
        shutil.rmtree(DATA_FOLDER, ignore_errors=True)
    return sentence("the service {name} was removed", name=NAME)


def _run(command: Iterable[str]) -> int:
    """Run a program without a window and return its exit code; one that does not start or end counts as failed."""
    try:
        done = subprocess.run(  # noqa: S603 - Windows' own, or ours
            list(command),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TRIES_WITHIN_SECONDS,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.SubprocessError):
        return -1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
