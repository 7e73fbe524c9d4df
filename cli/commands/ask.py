"""baove targets and baove query: what the hub knows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, FALLS_SHORT, Refusal, Session
from cli.settings import hub_settings
from rules.words import sentence

if TYPE_CHECKING:
    from hub.formats import Formats


def add(app: typer.Typer, _group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add ``targets`` and ``query``."""
    say = session.say
    command = adder(app, command_class, session)
    json_option = typer.Option("--json", help=say("One JSON document"))
    folder = typer.Option(help=say("The hub's folder"), metavar="DIR")

    @command("targets", say("The plan's targets: value, threshold, verdict, level, evidence."), "baove targets --json")
    def targets(as_json: Annotated[bool, json_option] = False, data: Annotated[Path | None, folder] = None) -> int:
        return _targets(session, data, as_json=as_json)

    @command(
        "query",
        say("Ask the hub's tables in SQL; nothing can be changed."),
        'baove query "SELECT hostname, model FROM device ORDER BY hostname"',
    )
    def query(
        sql: Annotated[str, typer.Argument(help=say("One SELECT"), metavar="SQL")],
        as_json: Annotated[bool, json_option] = False,
        as_csv: Annotated[bool, typer.Option("--csv", help=say("Comma-separated values"))] = False,
        data: Annotated[Path | None, folder] = None,
    ) -> int:
        return _query(session, sql, data, as_json=as_json, as_csv=as_csv)


def _targets(session: Session, data: Path | None, *, as_json: bool) -> int:
    from hub.beside import reading_hub
    from hub.formats import Formats
    from hub.targets import as_json as documents
    from hub.targets import measured

    settings = hub_settings(session.environ, data=data)
    with reading_hub(settings["data"].value, settings["database"].value) as hub:
        found = documents(hub, measured(hub), session.language)
        formats = Formats(session.language, hub.zone())
        made_up = hub.made_up
    if as_json:
        session.json(found)
    else:
        say = session.say
        if made_up:
            session.note(sentence("The school is made up."))
        session.table(
            (
                say("target of the plan"), say("verdict"), say("value"), say("threshold"), say("level"), say("counted"),
                say("not known"), say("clause"), say("what should hold"),
            ),
            (
                (
                    one["id"], say(one["verdict"]), _number(formats, one["value"], one["unit"]),
                    _number(formats, one["threshold"], one["unit"]), one["level"], one["population"], one["unknown"],
                    one["clause"], one["title"],
                )
                for one in found
            ),
        )  # fmt: skip
    good = {"pass", "exempt", "not_applicable"}
    return DONE if found and all(one["verdict"] in good for one in found) else FALLS_SHORT


def _number(formats: "Formats", value: float | None, unit: str) -> str:
    return formats.share(value) if unit == "ratio" else formats.number(value)


def _query(session: Session, sql: str, data: Path | None, *, as_json: bool, as_csv: bool) -> int:
    from hub.beside import reading_hub

    if as_json and as_csv:
        raise Refusal(sentence("expected --json or --csv, not both"))
    settings = hub_settings(session.environ, data=data)
    with reading_hub(settings["data"].value, settings["database"].value) as hub, hub.database.reading() as query:
        rows = query(sql, {})
    columns = list(rows[0]) if rows else []
    if as_json:
        session.json(rows)
    elif as_csv:
        import csv
        import sys

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([columns, *(list(row.values()) for row in rows)] if rows else [])
    else:
        session.table(columns, (list(row.values()) for row in rows))
        session.note(sentence("{count} rows", count=len(rows)))
    return DONE
