"""baove school check, import, export."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, Session
from cli.settings import hub_settings
from rules.words import sentence


def add(app: typer.Typer, group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add the group ``school``."""
    say = session.say
    school = group(help=say("The school's profile: a folder of school.yaml and CSV files, or one workbook .xlsx"))
    app.add_typer(school, name="school")
    command = adder(school, command_class, session)
    place = typer.Argument(help=say("The folder, or the file .xlsx"), metavar="PATH")
    folder = typer.Option(help=say("The hub's folder"), metavar="DIR")

    @command("check", say("Tell what is wrong with a profile; change nothing."), "baove school check truong")
    def check(path: Annotated[Path, place]) -> int:
        return _check(session, path)

    @command("import", say("Take a profile in, whole or not at all."), "baove school import truong.xlsx")
    def import_(path: Annotated[Path, place], data: Annotated[Path | None, folder] = None) -> int:
        return _import(session, path, data)

    @command("export", say("Write the hub's profile to a new folder or workbook."), "baove school export truong.xlsx")
    def export(
        path: Annotated[Path, place],
        data: Annotated[Path | None, folder] = None,
        personal: Annotated[
            bool, typer.Option("--with-persons", help=say("With the person in charge of each device: personal data"))
        ] = False,
    ) -> int:
        return _export(session, path, data, personal=personal)


def _check(session: Session, path: Path) -> int:
    from hub.school import Known, read_profile
    from rules.load import load

    rulebook = load()
    profile = read_profile(path, Known(rulebook.plans, rulebook.checks))
    _count(session, {name: len(rows) for name, rows in profile.rows.items()})
    session.note(sentence("{path} is in order.", path=path))
    return DONE


def _import(session: Session, path: Path, data: Path | None) -> int:
    from hub.beside import changing_hub
    from hub.school import Known, apply, read_profile
    from rules.load import load

    settings = hub_settings(session.environ, data=data)
    rulebook = load()
    profile = read_profile(path, Known(rulebook.plans, rulebook.checks))
    with changing_hub(settings["data"].value, settings["database"].value) as hub:
        counts = hub.database.write(lambda connection: apply(connection, profile))
    _count(session, counts)
    session.note(sentence("{path} is imported into {folder}.", path=path, folder=settings["data"].value))
    return DONE


def _export(session: Session, path: Path, data: Path | None, *, personal: bool) -> int:
    from hub.beside import reading_hub
    from hub.school import stored_profile, write_profile

    settings = hub_settings(session.environ, data=data)
    with (
        reading_hub(settings["data"].value, settings["database"].value) as hub,
        hub.database.engine.connect().execution_options(reads=True) as connection,
    ):
        profile = stored_profile(connection)
    for written in write_profile(profile, path, personal=personal):
        session.result(str(written))
    return DONE


def _count(session: Session, counts: dict[str, int]) -> None:
    session.table(
        (session.say("table"), session.say("rows")), ((name, count) for name, count in counts.items() if count)
    )
