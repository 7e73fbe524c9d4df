"""Entries as a person wrote them, whatever they were written in: a CSV file, a list in YAML, a sheet of a workbook."""

import csv
import difflib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules.problems import Problem
from rules.words import Sentence, sentence

SIZE_LIMIT = 20_000_000
"""Bytes. No school's list is that long; a file that is was taken by mistake."""

ROW_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its cells by column, blank ones left out, and where it stands."""

    file: str
    line: int | None
    cells: Mapping[str, Any]

    def problem(self, column: str | None, expected: Sentence) -> Problem:
        """Return a problem of this row."""
        return Problem(self.file, self.line, column, expected)


@dataclass(slots=True)
class Finding:
    """What was read of a profile: the entries of each part that was given, and all that is wrong."""

    entries: dict[str, list[Entry]]
    problems: list[Problem]
    files: dict[str, str]
    """The file of each part, for problems of the part as a whole."""


def meant(word: str, known: Iterable[str]) -> Sentence:
    """Say what was expected in place of a word that nobody knows: the nearest one, else all there are."""
    words = list(known)
    near = difflib.get_close_matches(word.casefold(), [one.casefold() for one in words], n=1, cutoff=0.75)
    if near:
        nearest = next(one for one in words if one.casefold() == near[0])
        return sentence("there is no '{word}': did you mean '{nearest}'?", word=word[:60], nearest=nearest)
    shown = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")  # noqa: PLR2004 - a line's length
    return sentence("there is no '{word}': expected one of {known}", word=word[:60], known=shown or "-")


def decode(content: bytes) -> str:
    """Return a file's text. Raises ValueError with the encoding that it seems to have, and what to do."""
    if len(content) > SIZE_LIMIT:
        raise ValueError(sentence("expected at most {limit} MB", limit=SIZE_LIMIT // 1_000_000))
    if content.startswith(b"PK\x03\x04"):
        raise ValueError(sentence("expected text, found an Excel workbook: save it as 'CSV UTF-8', or name it .xlsx"))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:200]:
        raise ValueError(sentence("expected UTF-8 text, found UTF-16: save it in Excel as 'CSV UTF-8'"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            sentence(
                "expected UTF-8 text, found another encoding in line {line}, Windows-1258 perhaps: "
                "save it in Excel as 'CSV UTF-8'",
                line=line,
            )
        ) from error


def read_csv(path: Path, columns: Sequence[str], required: Collection[str], problems: list[Problem]) -> list[Entry]:
    """Return a CSV file's rows: commas, semicolons or tabs, with or without a byte order mark, blank rows left out.

    ``columns`` are those the file may have. What is wrong is added to ``problems``.
    """
    try:
        written = decode(path.read_bytes())
    except ValueError as error:
        problems.append(Problem(path.name, None, None, error.args[0]))
        return []
    except OSError as error:
        problems.append(Problem(path.name, None, None, sentence("could not be read: {error}", error=error.strerror)))
        return []
    try:
        lines = list(_rows(written))
    except csv.Error as error:
        problems.append(Problem(path.name, None, None, sentence("expected CSV: {error}", error=error)))
        return []
    return table(path.name, lines, columns, required, problems)


def _rows(written: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line that it begins in. Excel may begin a file with 'sep=;'."""
    first, _, rest = written.partition("\n")
    before = 0
    if first.strip().strip('"').casefold().startswith("sep=") and len(first.strip().strip('"')) == len("sep=;"):
        separator, written, before = first.strip().strip('"')[-1], rest, 1
    else:
        separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(written, newline=""), delimiter=separator, strict=True)
    begins = before + 1
    for cells in reader:
        yield begins, cells
        begins = before + reader.line_num + 1


def table(
    file: str,
    rows: Iterable[tuple[int, Sequence[Any]]],
    columns: Sequence[str],
    required: Collection[str],
    problems: list[Problem],
) -> list[Entry]:
    """Return the entries of a sheet: its first row that holds anything names the columns."""
    filled = ((line, [_trimmed(cell) for cell in cells]) for line, cells in rows)
    filled = ((line, cells) for line, cells in filled if any(cell is not None for cell in cells))
    line, header = next(filled, (1, []))
    names = _names(file, line, header, columns, required, problems)
    if names is None:
        return []
    entries = []
    for line, cells in filled:
        if any(cell is not None for cell in cells[len(names) :]):
            expected = sentence("expected {count} cells as in the first row, found more", count=len(names))
            problems.append(Problem(file, line, None, expected))
            continue
        given = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell is not None}
        entries.append(Entry(file, line, given))
        if len(entries) > ROW_LIMIT:
            problems.append(Problem(file, line, None, sentence("expected at most {limit} rows", limit=ROW_LIMIT)))
            return []
    return entries


def _trimmed(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell.replace("\u00a0", " ").strip() or None
    return cell


def _names(
    file: str,
    line: int,
    header: Sequence[Any],
    columns: Sequence[str],
    required: Collection[str],
    problems: list[Problem],
) -> list[str | None] | None:
    """Return the columns' names in their order, or None when the rows below cannot be read."""
    names = [str(cell).casefold() if cell is not None else None for cell in header]
    while names and names[-1] is None:
        names.pop()
    found = len(problems)
    for name in dict.fromkeys(names):
        if name is None:
            problems.append(Problem(file, line, None, sentence("expected a name above each column")))
        elif name not in columns:
            problems.append(Problem(file, line, name, meant(name, columns)))
        elif names.count(name) > 1:
            problems.append(Problem(file, line, name, sentence("expected each column once")))
    lacking = sentence("expected this column, found none of that name")
    problems += [Problem(file, line, name, lacking) for name in columns if name in required and name not in names]
    return names if len(problems) == found else None
