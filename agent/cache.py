"""The last section of each table: its rows on disk, what the daemon needs of it in memory."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agent import files
from agent.supervise import Collected
from collectors.facts import Outcome, compact, parse_utc

FULL = "{why}: the section could not be kept on the PC's disk"


@dataclass(frozen=True, slots=True)
class Kept:
    """A section without its rows, and when the table last had some."""

    section: Collected
    last_success_at: str | None

    @property
    def has_rows(self) -> bool:
        """Whether the last run ended in rows."""
        return self.section.outcome == Outcome.ROWS


def keep(folder: Path, section: Collected, before: Kept | None) -> Kept:
    """
    Keep a section in ``folder``/<table>.json: one line of what it says, one of its rows.

    Where the disk is full the section counts as failed, since its rows could not be sent from there.
    """
    earlier = before.last_success_at if before else None
    success_at = section.attempted_at if section.outcome == Outcome.ROWS else earlier
    kept = Kept(replace(section, rows=b"null"), success_at)
    said = {**asdict(kept.section), "rows": None, "last_success_at": success_at}
    try:
        files.write(_path(folder, section.table), [compact().encode(said).encode(), b"\n", section.rows, b"\n"])
    except OSError as why:
        message = FULL.format(why=why.strerror or "the disk fails")
        lost = replace(kept.section, outcome=Outcome.FAILED.value, message=message, digest=None, samples=())
        return Kept(lost, earlier)
    return kept


def read(folder: Path) -> dict[str, Kept]:
    """Return what is kept of each table. A damaged file is as one that is absent."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            with path.open("rb") as file:
                said: dict[str, Any] = json.loads(file.readline())
            success_at = said.pop("last_success_at")
            said["rows"] = b"null"
            said["samples"] = tuple((name, text, labels, value) for name, text, labels, value in said["samples"])
            parse_utc(said["attempted_at"])
            found[path.stem] = Kept(Collected(**said), success_at)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def rows(folder: Path, table: str) -> bytes:
    """Return the rows of a table as JSON text. Raises OSError."""
    with _path(folder, table).open("rb") as file:
        file.readline()
        return file.readline().rstrip(b"\n")


def forget(folder: Path) -> None:
    """Delete every section: they are another machine's."""
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)


def _path(folder: Path, table: str) -> Path:
    return folder / f"{table}.json"
