"""baove up and baove demo: the main job."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import serving
from cli.commands.options import MakeGroup, adder
from cli.session import Session


def add(app: typer.Typer, _group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add ``up`` and ``demo``."""
    say = session.say
    command = adder(app, command_class, session)
    folder = typer.Option(help=say("The hub's folder"), metavar="DIR")
    address = typer.Option(help=say("Where the page is served"), metavar="HOST:PORT")

    @command(
        "up",
        say("Guard this machine: its agent, the hub and the page, until Ctrl-C."),
        "baove up --listen 127.0.0.1:8081",
    )
    def up(
        data: Annotated[Path | None, folder] = None,
        listen: Annotated[str | None, address] = None,
        school: Annotated[
            Path | None, typer.Option(help=say("The school's profile, taken in at start"), metavar="DIR")
        ] = None,
    ) -> int:
        return serving.up(session, data=data, listen=listen, school=school)

    @command("demo", say("Show a made-up school, replayed as if live, until Ctrl-C."), "baove demo")
    def demo(data: Annotated[Path | None, folder] = None, listen: Annotated[str | None, address] = None) -> int:
        return serving.demo(session, data=data, listen=listen)
