"""baove collect and baove check: this one machine, or a recording of one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, FALLS_SHORT, Session
from cli.settings import agent_settings
from rules.words import sentence


def add(app: typer.Typer, _group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add ``collect`` and ``check``."""
    say = session.say
    command = adder(app, command_class, session)
    json_option = typer.Option("--json", help=say("One JSON document"))
    recording_option = typer.Option(help=say("A recorded machine instead of this one"), metavar="DIR")
    folder = typer.Option(help=say("The agent's folder"), metavar="DIR")
    profile_option = typer.Option("--profile", help=say("Tell what each table cost, on standard error"))

    @command(
        "collect",
        say("Run collectors here, or over a recording, and print the report; send nothing."),
        "baove collect software --json",
    )
    def collect(
        tables: Annotated[
            list[str] | None, typer.Argument(help=say("The tables; none: all"), metavar="[TABLE]...")
        ] = None,
        as_json: Annotated[bool, json_option] = False,
        recording: Annotated[Path | None, recording_option] = None,
        data: Annotated[Path | None, folder] = None,
        profile: Annotated[bool, profile_option] = False,
    ) -> int:
        return _collect(session, tables or [], recording, data, as_json=as_json, costs=profile)

    @command("check", say("Judge this one machine by the device checks."), "baove check")
    def check(
        as_json: Annotated[bool, json_option] = False,
        recording: Annotated[Path | None, recording_option] = None,
    ) -> int:
        return _check(session, recording, as_json=as_json)


def _collect(
    session: Session, tables: list[str], recording: Path | None, data: Path | None, *, as_json: bool, costs: bool
) -> int:
    from agent.collect import collect, failing, profile
    from agent.settings import here
    from agent.status import OUTCOMES

    settings = agent_settings(session.environ, data=data)
    done: list[Any] = []
    with session.progress(session.say("collecting")) as told:

        def ended(section: Any) -> None:
            done.append(section)
            told(len(done), None)
            session.detail(f"{section.table}: {section.outcome}, {section.duration_seconds:.2f} s")

        made = collect(tables, here(settings), recording, settings["data"].value, ended)
    if as_json:
        session.json(made)
    else:
        say = session.say
        rows = [
            (name, say(OUTCOMES["rows"]), str(len(section["rows"])), "") for name, section in made["tables"].items()
        ]
        rows += [(one["table"], say(OUTCOMES[one["why"]]), "", say(one["message"] or "")) for one in made["missing"]]
        session.table((say("table"), say("outcome"), say("rows"), say("why")), sorted(rows))
    if costs:
        session.note(profile(done))
    return FALLS_SHORT if failing(made) else DONE


def _check(session: Session, recording: Path | None, *, as_json: bool) -> int:
    from agent.check import FALLS_SHORT as SHORT
    from agent.check import check
    from agent.settings import here

    said = check(here(agent_settings(session.environ)), recording)
    if as_json:
        session.json(said)
    else:
        say, language = session.say, session.language
        session.table(
            (say("verdict"), say("check"), say("why")),
            ((say(one["verdict"]), one["title"][language], one["text"][language]) for one in said),
        )
        for one in said:
            if one["verdict"] == "fail":
                session.note(sentence("{check}: {remedy}", check=one["check"], remedy=one["remedy"][language]))
    return FALLS_SHORT if not said or any(one["verdict"] in SHORT for one in said) else DONE
