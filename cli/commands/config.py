"""baove config show."""

from typing import Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, Session
from cli.settings import shown


def add(app: typer.Typer, group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add the group ``config``."""
    say = session.say
    config = group(help=say("The settings"))
    app.add_typer(config, name="config")
    command = adder(config, command_class, session)

    @command("show", say("List every setting with its value and where that comes from."), "baove config show --json")
    def show(
        as_json: Annotated[bool, typer.Option("--json", help=say("One JSON document"))] = False,
    ) -> int:
        return _show(session, as_json=as_json)


def _show(session: Session, *, as_json: bool) -> int:
    found = list(shown(session.environ))
    if as_json:
        session.json(found)
        return DONE
    say = session.say
    session.table(
        (say("of"), say("setting's name"), say("value"), say("origin"), say("what it is")),
        (
            (one["program"], one["name"], _value(session, one["value"]), say(one["origin"]), say(one["about"]))
            for one in found
        ),
    )
    return DONE


def _value(session: Session, value: Any) -> str:
    return session.say("not set") if value in (None, []) else str(value)
