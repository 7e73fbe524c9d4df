"""A profile as one workbook: a sheet for each part, named as its CSV file or its key in school.yaml."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from hub.school.parts import BY_NAME, PARTS, as_text, columns_of
from hub.school.sheets import SIZE_LIMIT, Finding, meant, table
from rules.problems import Problem
from rules.words import sentence

UNPACKED_LIMIT = 10 * SIZE_LIMIT
"""Bytes. A workbook is a zip: one that unpacks to more is refused before it is."""


def read_workbook(path: Path) -> Finding:
    """Return what a workbook holds; what can't be read stands under its problems."""
    found = Finding({}, [], {part.name: f"{path.name}, {part.name}" for part in PARTS})
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(item.file_size for item in packed.infolist()) > UNPACKED_LIMIT:
                expected = sentence("expected at most {limit} MB", limit=UNPACKED_LIMIT // 1_000_000)
                found.problems.append(Problem(path.name, None, None, expected))
                return found
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except FileNotFoundError:
        found.problems.append(Problem(str(path), None, None, sentence("expected a file here, found none")))
        return found
    except OSError as error:
        why = sentence("could not be read: {error}", error=error.strerror)
        found.problems.append(Problem(path.name, None, None, why))
        return found
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError):
        found.problems.append(Problem(path.name, None, None, sentence("expected an Excel workbook (.xlsx)")))
        return found
    for sheet in book.worksheets:
        name = sheet.title.strip().casefold()
        if name not in BY_NAME:
            found.problems.append(Problem(path.name, None, sheet.title, meant(sheet.title, BY_NAME)))
            continue
        part = BY_NAME[name]
        required = [column for column, how in part.columns.items() if how.required]
        sheet.reset_dimensions()  # some programs write wrong ones, and rows would be left out
        rows = _rows(sheet.iter_rows(values_only=True))
        found.entries[name] = table(found.files[name], rows, list(part.columns), required, found.problems)
    for part in PARTS:
        if part.name not in found.entries and part.in_csv:
            if part.needed:
                absent = sentence("expected a sheet of this name, found none")
                found.problems.append(Problem(path.name, None, part.name, absent))
        else:
            found.entries.setdefault(part.name, [])
    book.close()
    return found


def _rows(rows: Iterator[Sequence[Any]]) -> Iterator[tuple[int, list[Any]]]:
    for line, cells in enumerate(rows, start=1):
        yield line, [_plain(cell) for cell in cells]


def _plain(cell: Any) -> Any:
    """Return a cell as a CSV file would have it: what Excel took for a number may be a code."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return str(cell)
    return cell


def write_workbook(tables: Mapping[str, list[dict[str, Any]]], path: Path) -> None:
    """Write a workbook; a file of the name is there only once it is whole. Raises OSError."""
    book = openpyxl.Workbook(write_only=True)
    for part in PARTS:
        if part.name not in tables:
            continue
        rows = tables[part.name]
        sheet = book.create_sheet(part.name)
        sheet.freeze_panes = "A2"
        columns = columns_of(part, rows)
        heads = [WriteOnlyCell(sheet, column) for column in columns]
        for head in heads:
            head.font = Font(bold=True)
        sheet.append(heads)
        for row in rows:
            sheet.append([_cell(sheet, row[column]) for column in columns])
    unfinished = path.with_name(f".{path.name}.part")
    try:
        book.save(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, int | float | date):
        return value
    cell = WriteOnlyCell(sheet, as_text(value))
    cell.data_type = "s"  # never a formula, whatever a name begins with
    return cell
