"""baove collect and baove check: this one machine, or a recording of one."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
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
    ) -> int:
        return _collect(session, tables or [], recording, data, as_json=as_json)

    @command("check", say("Judge this one machine by the device checks."), "baove check")
    def check(
        as_json: Annotated[bool, json_option] = False,
        recording: Annotated[Path | None, recording_option] = None,
    ) -> int:
        return _check(session, recording, as_json=as_json)


def _collect(session: Session, tables: list[str], recording: Path | None, data: Path | None, *, as_json: bool) -> int:
    from agent.collect import collect, failing

    settings = agent_settings(session.environ, data=data)
    done: list[str] = []
    with session.progress(session.say("collecting")) as told:

        def ended(section: Any) -> None:
            done.append(section.table)
            told(len(done), None)
            session.detail(f"{section.table}: {section.outcome}, {section.duration_seconds:.2f} s")

        made = collect(tables, settings["probes"].value, recording, settings["data"].value, ended)
    if as_json:
        session.json(made)
    else:
        say = session.say
        rows = [(name, say("rows"), str(len(section["rows"])), "") for name, section in made["tables"].items()]
        rows += [(one["table"], say(one["why"]), "", say(one["message"] or "")) for one in made["missing"]]
        session.table((say("table"), say("outcome"), say("rows"), say("why")), sorted(rows))
    return FALLS_SHORT if failing(made) else DONE


@dataclass(frozen=True, slots=True)
class _Section:
    """How one collector's run ended, as rules.memory asks for it."""

    table: str
    outcome: Any
    attempted_at: datetime
    rows: list[dict[str, Any]] | None
    message: str | None


def _check(session: Session, recording: Path | None, *, as_json: bool) -> int:
    from agent.collect import sections
    from collectors.facts import Outcome, parse_utc, utc_text
    from collectors.host import tables
    from rules.load import load, reason_text
    from rules.memory import judge_one

    settings = agent_settings(session.environ)
    with session.progress(session.say("collecting")) as told:
        count = iter(range(1, 1000))
        identifiers, found = sections((), settings["probes"].value, recording, lambda _: told(next(count), None))
    rulebook = load()
    collected = [
        _Section(one.table, Outcome(one.outcome), parse_utc(one.attempted_at), json.loads(one.rows), one.message)
        for one in found.values()
    ]
    now = parse_utc(identifiers.now)
    zone = datetime.now().astimezone().tzinfo or UTC
    judged = judge_one(rulebook, tables(), collected, now, zone=zone)
    documents = [
        {
            "check": one.rule,
            "title": rulebook.checks[one.rule].title[session.language],
            "severity": rulebook.checks[one.rule].severity,
            "clause": rulebook.checks[one.rule].clause,
            "verdict": one.verdict.value,
            "reason": one.reason,
            "why": reason_text(rulebook, rulebook.checks[one.rule], one, session.language),
            "remedy": rulebook.checks[one.rule].remedy[session.language],
            "until": utc_text(one.until),
        }
        for one in judged
    ]
    short = [one for one in documents if one["verdict"] in {"fail", "unknown"}]
    if as_json:
        session.json(documents)
    else:
        say = session.say
        session.table(
            (say("verdict"), say("check"), say("why")),
            ((say(one["verdict"]), one["title"], one["why"]) for one in documents),
        )
        for one in short:
            if one["verdict"] == "fail":
                session.note(sentence("{check}: {remedy}", check=one["check"], remedy=one["remedy"]))
    return FALLS_SHORT if short or not documents else DONE
