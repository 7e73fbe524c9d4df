"""Writes the pages of docs/ that follow from code: tables.md, commands.md and openapi.json. `make docs` runs it."""

import enum
import inspect
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
import typer
from litestar.testing import TestClient
from typer.main import get_command

import collectors.host
import hub.tables
import rules.load
import rules.school
import rules.tables
from collectors.facts import Collector, Field, Table, table_of
from hub.hub import open_hub
from rules.words import translator

HERE = Path(__file__).resolve().parent
WIDTH = 100
"""Columns of the command reference, whatever the terminal."""

_COLUMN_TYPES = {sa.Text: "text", sa.Integer: "integer", sa.Double: "number"}
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_TYPES = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    datetime: "time",
    date: "date",
    tuple: "list of text",
}


def pages() -> dict[str, str]:
    """Return each generated page, by its file's name."""
    return {"tables.md": "".join(_tables()), "commands.md": "".join(_commands()), "openapi.json": _openapi()}


def _tables() -> Iterator[str]:
    yield """# Tables

Made from the classes by `make docs`: what a PC reports, what the hub keeps beside it, and what the school tells. Rules
and `baove query` read all of them. Times are UTC, `2026-03-02T01:15:00Z`; an empty value means *not known*, never *no*.
Each table that a PC reports has two columns more: `device_id` and `collected_at`. A field with `?` may be empty;
**key** tells one row of a device from another; *volatile* stays outside the history of changes.
"""
    yield "\n## What a PC reports\n"
    for found in collectors.host.collectors().values():
        yield from _table(found[0].fact)
        yield from map(_collector, found)
        yield from _fields(table_of(found[0].fact))
    yield "\n## What the hub keeps beside it\n"
    for name, cls in rules.tables.TABLES.items():
        yield from _table(cls, name)
        yield from _fields(table_of(cls))
    for own in (hub.tables.change, hub.tables.conflict, hub.tables.target_state, hub.tables.target_day):
        yield f"\n### {own.name}\n\n| field | type | what it is |\n|---|---|---|\n"
        for column in own.columns:
            name = f"`{column.name}`{'?' * bool(column.nullable)}"
            yield f"| {name} | {_COLUMN_TYPES[type(column.type)]} | {column.comment or ''} |\n"
    yield "\n## What the school tells\n"
    for name, cls in rules.school.TABLES.items():
        yield from _table(cls, name)
        yield from _fields(table_of(cls))
    yield "\n## What rules look up\n"
    for name, reference in sorted(rules.load.load().data.items()):
        yield f"\n### {name}\n\n{reference.about['en']} As of {reference.as_of}.\n"
        yield from _fields(reference.table)


def _table(cls: type, name: str | None = None) -> Iterator[str]:
    table = table_of(cls)
    yield f"\n### {name or table.name}\n\n{inspect.getdoc(cls)}\n\n- Why: {table.why}.\n"
    for metric in table.metrics:
        labels = ", ".join(metric.labels)
        yield f"- Metric: `{metric.name}{{{labels}}}`: {metric.help}.\n"


def _collector(one: Collector) -> str:
    table = table_of(one.fact)
    return (
        f"- On {one.system.title()}: every {_period(one.every_seconds)}, within {_period(one.within_seconds)}; "
        f"counts for {table.valid_operation_days} days on which the PC reported.\n"
    )


def _period(seconds: int) -> str:
    return next(f"{seconds // size} {unit}" for size, unit in _UNITS if seconds % size == 0)


def _fields(table: Table) -> Iterator[str]:
    yield "\n| field | type | what it is |\n|---|---|---|\n"
    for field in table.fields:
        yield f"| `{field.name}`{_marks(field)} | {_type(field)} | {field.about} |\n"


def _marks(field: Field) -> str:
    return (
        ("?" if field.nullable else "") + (" **key**" if field.key else "") + (" *volatile*" if field.volatile else "")
    )


def _type(field: Field) -> str:
    if issubclass(field.type, enum.StrEnum):
        return ", ".join(f"`{word.value}`" for word in field.type)
    return _TYPES[field.type]


def _commands() -> Iterator[str]:
    from cli.commands import build
    from cli.session import Session

    app = build(Session("en", translator("en"), {}))
    yield "# Commands\n\nMade from the program's own `--help` by `make docs`.\n"
    yield from _command(get_command(app), ("baove",), None)


def _command(command: Any, words: tuple[str, ...], parent: typer.Context | None) -> Iterator[str]:
    if command.hidden:
        return
    context = typer.Context(command, info_name=words[-1], parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"\n## {' '.join(words)}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    for name, inner in getattr(command, "commands", {}).items():
        yield from _command(inner, (*words, name), context)


def _openapi() -> str:
    from hub.app import create_app

    with TemporaryDirectory() as folder:
        opened = open_hub(Path(folder))
        try:
            with TestClient(create_app(opened), base_url="http://127.0.0.1") as client:
                document = client.get("/schema/openapi.json").json()
        finally:
            opened.close()
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
