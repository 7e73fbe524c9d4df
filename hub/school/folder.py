"""A profile as a folder: school.yaml for what is short, a CSV file for what is long."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.school.parts import BY_NAME, PARTS
from hub.school.sheets import Entry, Finding, decode, meant, read_csv
from rules.problems import Located, Problem, Refused, read_yaml
from rules.words import sentence

YAML_FILE = "school.yaml"

Cells = dict[str, Any]


def read_folder(folder: Path) -> Finding:
    """Return what a folder holds; what can't be read stands under its problems."""
    found = Finding({}, [], {part.name: f"{part.name}.csv" if part.in_csv else YAML_FILE for part in PARTS})
    if not folder.is_dir():
        found.problems.append(Problem(str(folder), None, None, sentence("expected a folder here, or a file .xlsx")))
        return found
    _read_yaml_parts(folder / YAML_FILE, found)
    for part in PARTS:
        if not part.in_csv:
            continue
        path = folder / found.files[part.name]
        if path.exists():
            required = [name for name, column in part.columns.items() if column.required]
            found.entries[part.name] = read_csv(path, list(part.columns), required, found.problems)
        elif part.needed:
            found.problems.append(Problem(path.name, None, None, sentence("expected a file of this name, found none")))
    return found


def _read_yaml_parts(path: Path, found: Finding) -> None:
    try:
        content = _yaml(path)
    except Refused as refused:
        found.problems += refused.problems
        return
    found.problems += [content.problem(str(key), meant(str(key), YAML_KEYS)) for key in content if key not in YAML_KEYS]
    found.entries.update({part.name: [] for part in PARTS if not part.in_csv})
    for key, (name, entries) in YAML_KEYS.items():
        given = content.get(key)
        if given is None:
            if key in _NEEDED:
                found.problems.append(Problem(path.name, None, key, sentence("expected this key, found none")))
            continue
        found.entries[name] += _checked(name, entries(key, content, found.problems), found.problems)
        if key == "campuses":
            found.entries["lines"] += _checked("lines", _lines(key, content, found.problems), found.problems)


def _yaml(path: Path) -> Located:
    if not path.exists():
        raise Refused([Problem(path.name, None, None, sentence("expected a file of this name, found none"))])
    try:
        decode(path.read_bytes())
    except ValueError as error:
        raise Refused([Problem(path.name, None, None, error.args[0])]) from error
    except OSError as error:
        why = sentence("could not be read: {error}", error=error.strerror)
        raise Refused([Problem(path.name, None, None, why)]) from error
    return read_yaml(path)


def _checked(name: str, entries: Iterable[Entry], problems: list[Problem]) -> Iterator[Entry]:
    known = BY_NAME[name].columns
    for entry in entries:
        strange = [column for column in entry.cells if column not in known]
        problems += [entry.problem(str(column), meant(str(column), known)) for column in strange]
        yield Entry(entry.file, entry.line, {k: v for k, v in entry.cells.items() if k in known and v is not None})


Shape = Callable[[str, Located, list[Problem]], Iterable[Entry]]
"""Gives the entries that stand under a key of school.yaml."""


def _school(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
    cells = _mapping(key, content, problems)
    if cells is not None:
        yield Entry(content.file, content.lines[key], {**cells, "days": content.get("days")})


def _website(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
    cells = _mapping(key, content, problems)
    if cells is not None:
        yield Entry(content.file, content.lines[key], {**cells, "purpose": WEBSITE})


def _list(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
    for item in _items(key, content, problems):
        if isinstance(item, Located):
            yield Entry(item.file, item.line, dict(item))
        else:
            problems.append(content.problem(key, sentence("expected a list of 'name: value' entries")))


def _campuses(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
    for entry in _list(key, content, problems):
        yield Entry(entry.file, entry.line, {name: cell for name, cell in entry.cells.items() if name != "lines"})


def _lines(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
    unheard: list[Problem] = []  # _campuses has told them
    for campus in _items(key, content, unheard):
        if isinstance(campus, Located) and campus.get("lines") is not None:
            for entry in _list("lines", campus, problems):
                yield Entry(entry.file, entry.line, {"campus": campus.get("code"), **entry.cells})


def _words(column: str) -> Shape:
    def entries(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
        for item in _items(key, content, problems):
            yield Entry(content.file, content.lines[key], {column: item})

    return entries


def _pairs(name: str) -> Shape:
    """Return the shape of ``{HK1: [2025-09-05, 2026-01-17]}`` and ``{1: "07:30-08:05"}``."""

    def entries(key: str, content: Located, problems: list[Problem]) -> Iterator[Entry]:
        mapping = content[key]
        if not isinstance(mapping, Located):
            problems.append(content.problem(key, sentence("expected 'name: value' entries")))
            return
        for word, span in mapping.items():
            ends = [end.strip() for end in re.split("[-\u2013]", span)] if isinstance(span, str) else span
            if not isinstance(ends, list) or len(ends) != 2:  # noqa: PLR2004 - a beginning and an end
                problems.append(mapping.problem(str(word), sentence("expected a beginning and an end")))
                continue
            line = mapping.lines.get(str(word), mapping.line)
            yield Entry(content.file, line, {name: word, "from": ends[0], "to": ends[1]})

    return entries


def _mapping(key: str, content: Located, problems: list[Problem]) -> Cells | None:
    if isinstance(content[key], Located):
        return dict(content[key])
    problems.append(content.problem(key, sentence("expected 'name: value' entries")))
    return None


def _items(key: str, content: Mapping[str, Any], problems: list[Problem]) -> list[Any]:
    items = content[key]
    if isinstance(items, list):
        return items
    if isinstance(content, Located):
        problems.append(content.problem(key, sentence("expected a list")))
    return []


WEBSITE = "website"
"""The purpose of the one probe that has a key of its own."""

_NEEDED = frozenset({"school", "campuses"})


def _nothing(_key: str, _content: Located, _problems: list[Problem]) -> Iterable[Entry]:
    return ()


YAML_KEYS: Mapping[str, tuple[str, Shape]] = {
    "school": ("school", _school),
    "none": ("none", _words("what")),
    "campuses": ("campuses", _campuses),
    "segments": ("segments", _list),
    "forbidden_paths": ("forbidden_paths", _list),
    "rooms_by_hostname": ("rooms_by_hostname", _list),
    "days": ("school", _nothing),  # read with the school
    "periods": ("periods", _pairs("period")),
    "terms": ("terms", _pairs("name")),
    "holidays": ("holidays", _list),
    "staff": ("staff", _list),
    "accepted_antivirus": ("accepted_antivirus", _words("name")),
    "probes": ("probes", _list),
    "website": ("probes", _website),
}
"""The keys of school.yaml: the part that each fills, and how it stands there."""
