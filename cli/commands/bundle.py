"""baove bundle windows: what PCs install from."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, Session
from rules.words import sentence


def add(app: typer.Typer, group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add the group ``bundle``."""
    say = session.say
    bundle = group(help=say("What PCs install from, without Internet"))
    app.add_typer(bundle, name="bundle")
    command = adder(bundle, command_class, session)

    @command("windows", say("Build the folder that a Windows PC installs from."), "baove bundle windows -o baove.zip")
    def windows(
        output: Annotated[Path, typer.Option("--output", "-o", help=say("The ZIP file to write"), metavar="FILE")],
        python: Annotated[
            Path | None,
            typer.Option(
                help=say("A ZIP file with a Python for Windows, else python.org's is fetched"), metavar="FILE"
            ),
        ] = None,
    ) -> int:
        return _windows(session, output, python)


def _windows(session: Session, output: Path, python: Path | None) -> int:
    from hub.bundle.windows import build

    built = build(output, python)
    session.result(f"{output}\t{built.name}\t{built.files}")
    if built.unsigned:
        session.note(
            sentence(
                "{count} native files have no signature, which strict policies of Windows refuse: {first} …",
                count=len(built.unsigned),
                first=built.unsigned[0],
            )
        )
    return DONE
