"""baove hub run and import: the school's server."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import serving
from cli.commands.options import MakeGroup, adder
from cli.session import DONE, REFUSED, Session
from cli.settings import hub_settings
from rules.words import sentence


def add(app: typer.Typer, group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add the group ``hub``."""
    say = session.say
    hub = group(help=say("The school's server"))
    app.add_typer(hub, name="hub")
    command = adder(hub, command_class, session)
    folder = typer.Option(help=say("The hub's folder"), metavar="DIR")

    @command("run", say("Serve the page and take in reports, until it is ended."), "baove hub run --data /srv/baove")
    def run(
        data: Annotated[Path | None, folder] = None,
        listen: Annotated[str | None, typer.Option(help=say("Where the page is served"), metavar="HOST:PORT")] = None,
        school: Annotated[
            Path | None, typer.Option(help=say("The school's profile, taken in at start"), metavar="DIR")
        ] = None,
    ) -> int:
        return serving.run_hub(session, data=data, listen=listen, school=school)

    @command(
        "import",
        say("Take in what comes from PCs without a network: report files, and what collect.cmd wrote."),
        "baove hub import may-01.json MAY-02-2026-03-02",
    )
    def import_(
        files: Annotated[list[Path], typer.Argument(help=say("Report files, folders, ZIP files"), metavar="PATH...")],
        data: Annotated[Path | None, folder] = None,
    ) -> int:
        return _import(session, files, data)


def _import(session: Session, files: list[Path], data: Path | None) -> int:
    from hub.beside import changing_hub
    from hub.handed_in import Unusable, take

    settings = hub_settings(session.environ, data=data)
    refused = 0
    with (
        changing_hub(settings["data"].value, settings["database"].value) as hub,
        session.progress(session.say("taking in reports")) as told,
    ):
        for number, path in enumerate(files, 1):
            try:
                devices = take(hub, path)
            except Unusable as why:
                refused += 1
                session.complain(sentence("{file}: {why}", file=path, why=why.args[0]))
            else:
                for device_id in devices:
                    session.result(f"{path}\t{device_id}")
            told(number, len(files))
    if refused:
        session.note(sentence("{refused} of {files} files were not taken.", refused=refused, files=len(files)))
    return REFUSED if refused else DONE
