"""baove agent run, status, explain: the daemon on this machine."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, FALLS_SHORT, Session
from cli.settings import agent_settings


def add(app: typer.Typer, group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add the group ``agent``."""
    say = session.say
    agent = group(help=say("The daemon on a PC (where only Python is: python -m agent …)"))
    app.add_typer(agent, name="agent")
    command = adder(agent, command_class, session)
    json_option = typer.Option("--json", help=say("One JSON document"))
    folder = typer.Option(help=say("The agent's folder"), metavar="DIR")

    @command("run", say("Run the daemon until it is ended."), "baove agent run --hub http://127.0.0.1:8080")
    def run(
        hub: Annotated[str | None, typer.Option(help=say("The hub's address"), metavar="URL")] = None,
        data: Annotated[Path | None, folder] = None,
        metrics_listen: Annotated[
            str | None, typer.Option(help=say("Where /metrics is served"), metavar="HOST:PORT")
        ] = None,
        report_every: Annotated[
            str | None, typer.Option(help=say("How often to report, such as 1h"), metavar="PERIOD")
        ] = None,
    ) -> int:
        return _run(session, hub=hub, data=data, metrics_listen=metrics_listen, report_every=report_every)

    @command("status", say("Tell how the agent on this machine fares."), "baove agent status --json")
    def status(as_json: Annotated[bool, json_option] = False, data: Annotated[Path | None, folder] = None) -> int:
        return _status(session, data, as_json=as_json)

    @command("explain", say("List each field that would be sent, and why."), "baove agent explain --json")
    def explain(as_json: Annotated[bool, json_option] = False) -> int:
        return _explain(session, as_json=as_json)

    service = group(help=say("The daemon as a service of this system"))
    agent.add_typer(service, name="service")
    command = adder(service, command_class, session)

    @command(
        "install",
        say("Have the daemon run now, and at each start of this machine."),
        "baove agent service install --hub https://hub:8443",
    )
    def install(
        hub: Annotated[str | None, typer.Option(help=say("The hub's address"), metavar="URL")] = None,
        data: Annotated[Path | None, folder] = None,
        metrics_listen: Annotated[
            str | None, typer.Option(help=say("Where /metrics is served"), metavar="HOST:PORT")
        ] = None,
        report_every: Annotated[
            str | None, typer.Option(help=say("How often to report, such as 1h"), metavar="PERIOD")
        ] = None,
    ) -> int:
        return _install(session, hub=hub, data=data, metrics_listen=metrics_listen, report_every=report_every)

    @command("remove", say("End the service and have it start no more."), "baove agent service remove")
    def remove() -> int:
        from agent.service.manage import remove

        session.result(session.say(remove()))
        return DONE


def _install(session: Session, **given: Any) -> int:
    from agent.service.manage import install

    session.result(session.say(install(agent_settings(session.environ, **given))))
    return DONE


def _run(session: Session, **given: Any) -> int:
    from agent.daemon import become, options

    become(options(agent_settings(session.environ, **given)))


def _status(session: Session, data: Path | None, *, as_json: bool) -> int:
    from agent.status import as_text, status

    said = status(agent_settings(session.environ, data=data))
    if as_json:
        session.json(said)
    else:
        session.result(as_text(said, session.say))
    return FALLS_SHORT if said["falls_short"] else DONE


def _explain(session: Session, *, as_json: bool) -> int:
    from agent.explain import as_text, explain

    said = explain(agent_settings(session.environ))
    if as_json:
        session.json(said)
    else:
        session.result(as_text(said, session.say))
    return DONE
