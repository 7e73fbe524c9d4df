"""The agent's own command line, for a PC without the hub's libraries: ``python -m agent run``."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import VERSION
from agent.settings import OTHERS, SETTINGS, here
from collectors.facts import compact
from collectors.settings import SettingsError, Value, load
from rules.words import language_of, translator

if TYPE_CHECKING:
    from agent import daemon
    from agent.supervise import Collected

DONE, FALLS_SHORT, REFUSED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks and return the exit code: 0 all well, 1 something falls short, 2 refused."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    from agent.supervise import Refusal

    try:
        given = {setting.name: getattr(asked, setting.name, None) for setting in SETTINGS}
        settings = load(SETTINGS, os.environ, asked.config, given, OTHERS)
        command: Callable[[argparse.Namespace, Mapping[str, Value]], int] = asked.command
        return command(asked, settings)
    except SettingsError as why:
        return _refuse(why.said(_say()))
    except Refusal as why:
        return _refuse(why.args[0])
    except KeyboardInterrupt:
        return REFUSED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the interpreter complains once more at its end
        return REFUSED


def _refuse(why: str) -> int:
    print(f"baove: {_say()(why)}", file=sys.stderr)  # noqa: T201 - a command
    return REFUSED


def _say() -> Callable[[str], str]:
    return translator(language_of(os.environ))


def _print(asked: argparse.Namespace, said: Any, as_text: Callable[[Any], str]) -> None:
    print(compact().encode(said) if asked.json else as_text(said))  # noqa: T201 - a command


def _run(_: argparse.Namespace, settings: Mapping[str, Value]) -> int:
    from agent import daemon

    options = daemon.options(settings)
    try:
        daemon.become(options)
    except daemon.CannotRun as why:
        return _refuse(why.args[0])


def daemon_options(arguments: list[str]) -> "daemon.Options":
    """Read the options of ``run``, with ``--config FILE`` before them: the service's own. Raises SettingsError."""
    from agent.daemon import options

    config = 2 if arguments[:1] == ["--config"] else 0
    asked = _parser().parse_args([*arguments[:config], "run", *arguments[config:]])
    given = {setting.name: getattr(asked, setting.name, None) for setting in SETTINGS}
    return options(load(SETTINGS, os.environ, asked.config, given, OTHERS))


def _service(asked: argparse.Namespace, settings: Mapping[str, Value]) -> int:
    from agent.service import manage

    print(_say()(manage.remove() if asked.what == "remove" else manage.install(settings)))  # noqa: T201 - a command
    return DONE


def _status(asked: argparse.Namespace, settings: Mapping[str, Value]) -> int:
    from agent.status import as_text, status

    said = status(settings)
    _print(asked, said, lambda said: as_text(said, _say()))
    return FALLS_SHORT if said["falls_short"] else DONE


def _explain(asked: argparse.Namespace, settings: Mapping[str, Value]) -> int:
    from agent.explain import as_text, explain

    _print(asked, explain(settings), lambda said: as_text(said, _say()))
    return DONE


def _collect(asked: argparse.Namespace, settings: Mapping[str, Value]) -> int:
    from agent.collect import as_text, collect, failing, profile

    found: list[Collected] = []
    made = collect(asked.table, here(settings), asked.recording, settings["data"].value, found.append)
    _print(asked, made, as_text)
    if asked.profile:
        print(profile(found), file=sys.stderr)  # noqa: T201 - a command
    return FALLS_SHORT if failing(made) else DONE


def _check(asked: argparse.Namespace, settings: Mapping[str, Value]) -> int:
    from agent.check import FALLS_SHORT as SHORT
    from agent.check import as_text, check
    from rules.problems import Refused

    try:
        said = check(here(settings), asked.recording)
    except Refused as why:
        return _refuse(str(why))
    _print(asked, said, lambda said: as_text(said, language_of(os.environ)))
    return FALLS_SHORT if any(one["verdict"] in SHORT for one in said) else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent",
        description="What runs on a school PC: it collects facts, shows them as metrics and reports them to the hub.",
        epilog="example: python -m agent run --hub http://127.0.0.1:8080 --data /tmp/agent",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--config", type=Path, help="the TOML file of settings (else $BAOVE_CONFIG)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[..., int], about: str, example: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name, help=about, description=about, epilog=f"example: python -m agent {name} {example}".rstrip()
        )
        made.add_argument("--data", help="the agent's folder")
        made.set_defaults(command=does)
        return made

    run = command("run", _run, "Run the daemon until it is ended.", "--hub http://127.0.0.1:8080")
    for one in (run, _service_command(command)):
        one.add_argument("--hub", help="the hub's address")
        one.add_argument("--metrics-listen", metavar="HOST:PORT", help="where /metrics is served")
        one.add_argument("--report-every", metavar="PERIOD", help="how often to report, such as 1h")
    status = command("status", _status, "Tell how the agent on this PC fares.", "--json")
    explain = command("explain", _explain, "List each field that would be sent, and why.", "")
    collect = command("collect", _collect, "Run collectors once and print the report; send nothing.", "software --json")
    collect.add_argument("table", nargs="*", metavar="TABLE", help="the tables; none: all")
    collect.add_argument("--profile", action="store_true", help="tell what each table cost, on standard error")
    check = command("check", _check, "Judge this one PC by the device checks.", "--json")
    for one in (collect, check):
        one.add_argument("--recording", type=Path, metavar="DIR", help="a recorded machine instead of this one")
    for one in (status, explain, collect, check):
        one.add_argument("--json", action="store_true", help="one JSON document")
    return parser


def _service_command(command: Callable[..., argparse.ArgumentParser]) -> argparse.ArgumentParser:
    made = command(
        "service",
        _service,
        "Have the daemon run at each start of this PC, or no more.",
        "install --hub https://hub:8443",
    )
    made.add_argument("what", choices=("install", "remove"))
    return made


if __name__ == "__main__":
    sys.exit(main())
