"""baove rules list, lint, test."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import MakeGroup, adder
from cli.session import DONE, FALLS_SHORT, Session
from rules.words import sentence


def add(app: typer.Typer, group: MakeGroup, command_class: type[Any], session: Session) -> None:
    """Add the group ``rules``."""
    say = session.say
    rules = group(help=say("The rules that the plan is judged by"))
    app.add_typer(rules, name="rules")
    command = adder(rules, command_class, session)
    json_option = typer.Option("--json", help=say("One JSON document"))
    folder = typer.Option("--rules", help=say("A folder of rules, instead of those of this program"), metavar="DIR")

    @command("list", say("List the targets and the checks."), "baove rules list --json")
    def list_(as_json: Annotated[bool, json_option] = False, where: Annotated[Path | None, folder] = None) -> int:
        return _list(session, where, as_json=as_json)

    @command("lint", say("Tell what a rule lacks."), "baove rules lint")
    def lint(where: Annotated[Path | None, folder] = None) -> int:
        return _lint(session, where)

    @command("test", say("Run the examples of every rule."), "baove rules test")
    def test(where: Annotated[Path | None, folder] = None) -> int:
        return _test(session, where)


def _list(session: Session, folder: Path | None, *, as_json: bool) -> int:
    from rules.load import load

    rulebook = load(folder)
    clauses = {name: demand.clause for plan in rulebook.plans.values() for name, demand in plan.demands.items()}
    found = [_described("target", one, clauses.get(one.id), session) for one in rulebook.targets.values()]
    found += [_described("check", one, one.clause, session) for one in rulebook.checks.values()]
    if as_json:
        session.json(found)
    else:
        say = session.say
        kinds = {"target": say("target of the plan"), "check": say("check")}
        rows = (
            (kinds[str(one["kind"])], one["id"], one["clause"], say(str(one["severity"] or "")), one["title"])
            for one in found
        )
        session.table((say("kind"), "id", say("clause"), say("severity"), say("what should hold")), rows)
    return DONE


def _described(kind: str, rule: Any, clause: str | None, session: Session) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": kind,
        "title": rule.title[session.language],
        "clause": clause,
        "severity": getattr(rule, "severity", None),
        "checks": list(getattr(rule, "checks", ())),
    }


def _lint(session: Session, folder: Path | None) -> int:
    from collectors.host import tables
    from rules.lint import lint
    from rules.load import load

    rulebook = load(folder)
    problems = lint(rulebook, tables())
    for problem in problems:
        session.result(problem.said(session.say))
    session.note(
        sentence(
            "{rules} rules, {problems} problems.",
            rules=len(rulebook.checks) + len(rulebook.targets),
            problems=len(problems),
        )
    )
    return FALLS_SHORT if problems else DONE


def _test(session: Session, folder: Path | None) -> int:
    from collectors.host import tables
    from rules.examples import run_examples
    from rules.load import load

    ran, problems = run_examples(load(folder), tables())
    for problem in problems:
        session.result(problem.said(session.say))
    session.note(sentence("{ran} examples, {wrong} came out differently.", ran=ran, wrong=len(problems)))
    return FALLS_SHORT if problems or not ran else DONE
