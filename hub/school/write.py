"""Writes a profile so that reading it gives the same: a folder, or one workbook."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.school.folder import WEBSITE, YAML_FILE
from hub.school.parts import PARTS, PERSONAL, Part, as_text, columns_of
from hub.school.read import WORKBOOK_ENDINGS, Profile
from rules.problems import Problem, Refused
from rules.words import sentence

Row = dict[str, Any]


def write_profile(profile: Profile, path: Path, *, personal: bool = False) -> list[Path]:
    """Write a profile to a new folder, or to a new workbook when the name ends in .xlsx; return the files written.

    ``personal``: with the person in charge of each device. Raises Refused where something is there already.
    """
    if not profile.rows.get("school"):
        raise Refused(
            [Problem(str(path), None, None, sentence("the hub has no school's profile yet: import one first"))]
        )
    tables = {
        part.name: _rows(part, profile, personal=personal)
        for part in PARTS
        if part.table in profile.rows or not part.in_csv
    }
    try:
        if path.suffix.casefold() in WORKBOOK_ENDINGS:
            from hub.school.workbook import write_workbook

            _must_be_new(path)
            write_workbook(tables, path)
            return [path]
        return _write_folder(tables, path)
    except OSError as error:
        raise Refused(
            [Problem(str(path), None, None, sentence("could not be written: {error}", error=error.strerror))]
        ) from error


def _rows(part: Part, profile: Profile, *, personal: bool) -> list[Row]:
    columns = {name: column for name, column in part.columns.items() if personal or name not in PERSONAL}
    return [
        {
            name: None if (value := getattr(fact, column.field.name)) is None else column.write(value)
            for name, column in columns.items()
        }
        for fact in profile.rows.get(part.table, ())
    ]


def _must_be_new(path: Path) -> None:
    if path.exists():
        raise Refused([Problem(str(path), None, None, sentence("expected a new name: something is there already"))])


def _write_folder(tables: Mapping[str, list[Row]], folder: Path) -> list[Path]:
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    given = [part for part in PARTS if part.in_csv and part.name in tables]
    written = [folder / YAML_FILE, *(folder / f"{part.name}.csv" for part in given)]
    for path in written:
        _must_be_new(path)
    content = _document(tables)
    with written[0].open("w", encoding="utf-8") as file:
        yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)
    for part in given:
        # With a byte order mark, or Excel would take the letters for Windows-1258.
        with (folder / f"{part.name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            rows = tables[part.name]
            writer = csv.DictWriter(file, columns_of(part, rows), lineterminator="\r\n")
            writer.writeheader()
            writer.writerows({name: as_text(cell) for name, cell in row.items()} for row in rows)
    return written


def _document(tables: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Return what school.yaml holds, in the shapes that hub.school.folder reads."""
    school = _filled(tables["school"][0])
    days = school.pop("days", [])
    lines = tables["lines"]
    campuses = []
    for campus in map(_filled, tables["campuses"]):
        mine = [_filled(line) for line in lines if line["campus"] == campus["code"]]
        for line in mine:
            del line["campus"]
        campuses.append(campus | ({"lines": mine} if mine else {}))
    websites = [row for row in tables["probes"] if row["purpose"] == WEBSITE]
    website = {name: cell for name, cell in _filled(websites[0]).items() if name != "purpose"} if websites else None
    probes = [row for row in tables["probes"] if row not in websites[:1]]
    document = {
        "school": school,
        "none": [row["what"] for row in tables["none"]],
        "campuses": campuses,
        "segments": [_filled(row) for row in tables["segments"]],
        "forbidden_paths": tables["forbidden_paths"],
        "rooms_by_hostname": tables["rooms_by_hostname"],
        "days": days,
        "periods": {row["period"]: f"{row['from']}-{row['to']}" for row in tables["periods"]},
        "terms": {row["name"]: [row["from"], row["to"]] for row in tables["terms"]},
        "holidays": [_filled(row) for row in tables["holidays"]],
        "staff": tables["staff"],
        "accepted_antivirus": [row["name"] for row in tables["accepted_antivirus"]],
        "probes": [_filled(row) for row in probes],
        "website": website,
    }
    return {key: value for key, value in document.items() if value}


def _filled(row: Row) -> Row:
    return {name: cell for name, cell in row.items() if cell is not None and cell != []}
