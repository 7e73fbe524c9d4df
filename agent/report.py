"""The report: what changed whole, what did not as digests, what could not be collected with the reason.

It is written piece by piece from the cache, so the daemon never holds decoded rows.
"""

import gzip
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent import VERSION, files
from agent.cache import Kept
from agent.state import Known
from agent.supervise import Collected
from collectors.facts import Outcome, compact, parse_utc, utc_text

FORMAT = 1
VOLATILE_WHOLE_EVERY = timedelta(days=1)
"""Digests leave volatile fields out, so a table that has some is sent whole this often even where nothing changed."""

Rows = Callable[[str], bytes]
"""Returns a table's rows as JSON text. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Which sections stand where in a report."""

    whole: list[Collected]
    unchanged: list[Collected]
    missing: list[Collected]

    def __bool__(self) -> bool:
        return bool(self.whole or self.unchanged or self.missing)


def choose(
    kept: Mapping[str, Kept],
    fresh: AbstractSet[str],
    known: Mapping[str, Known],
    volatile: AbstractSet[str],
    now: datetime,
) -> Contents:
    """
    Sort the sections for a report.

    ``fresh`` were collected since the last report. Of the others stand in it only those whose rows the hub lacks.
    """
    contents = Contents([], [], [])
    for table, one in sorted(kept.items()):
        held = known.get(table)
        if not one.has_rows:
            if table in fresh:
                contents.missing.append(one.section)
        elif held is None or held.digest != one.section.digest:
            contents.whole.append(one.section)
        elif table in fresh:
            stale = table in volatile and not timedelta(0) <= now - parse_utc(held.whole_at) < VOLATILE_WHOLE_EVERY
            (contents.whole if stale else contents.unchanged).append(one.section)
    return contents


def head(stream: str, sequence: int, sent_at: str, identifiers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands before a report's sections."""
    return {
        "format": FORMAT,
        "agent": VERSION,
        "stream": stream,
        "sequence": sequence,
        "sent_at": sent_at,
        "identifiers": identifiers,
    }


def readable(contents: Contents, rows: Rows) -> tuple[Contents, dict[str, bytes]]:
    """Return the contents with the rows of what is whole; what the disk does not give back is missing instead."""
    whole, missing, found = [], list(contents.missing), {}
    for section in contents.whole:
        try:
            found[section.table] = rows(section.table)
        except OSError as why:
            message = f"{why.strerror or 'the disk fails'}: the section could not be read back from the PC's disk"
            missing.append(replace(section, outcome=Outcome.FAILED.value, message=message))
        else:
            whole.append(section)
    return Contents(whole, contents.unchanged, missing), found


def pieces(
    top: Mapping[str, Any], contents: Contents, rows: Mapping[str, bytes], metrics_port: int | None
) -> Iterator[bytes]:
    """Yield the report's JSON text."""
    encode = compact().encode
    yield encode(top).encode()[:-1] + b',"tables":{'
    for place, section in enumerate(contents.whole):
        seen = encode({"collected_at": section.attempted_at, "digest": section.digest})[:-1]
        yield (b"," if place else b"") + f'"{section.table}":{seen},"rows":'.encode() + rows[section.table] + b"}"
    unchanged = {one.table: {"collected_at": one.attempted_at, "digest": one.digest} for one in contents.unchanged}
    missing = [
        {"table": one.table, "why": one.outcome, "attempted_at": one.attempted_at, "message": one.message}
        for one in contents.missing
    ]
    rest = {"unchanged": unchanged, "missing": missing, "metrics_port": metrics_port}
    yield b"}," + encode(rest).encode()[1:]


def packed(parts: Iterable[bytes]) -> bytes:
    """Return a report as it is sent."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as file:
        for part in parts:
            file.write(part)
    return buffer.getvalue()


def now_known(known: Mapping[str, Known], contents: Contents, number: int, now: datetime) -> dict[str, Known]:
    """Return what the hub will know once a report has come; what is not here any more it is to forget."""
    gone = {one.table for one in contents.missing if one.outcome == Outcome.NOT_HERE}
    whole = {one.table: Known(one.digest or "", utc_text(now), number) for one in contents.whole}
    return {table: one for table, one in known.items() if table not in gone} | whole


def new_stream() -> str:
    """Return the name of a daemon's run. A frozen disk would otherwise repeat sequence numbers."""
    return os.urandom(8).hex()


HARDWARE = ("smbios_uuid", "system_serial", "board_serial", "disk_serials", "macs")


def with_weak_id(identifiers: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """Return the identifiers; where the hardware has none to believe, with a random one that is kept in a file."""
    if any(identifiers.get(name) for name in HARDWARE):
        return dict(identifiers)
    path = data / "weak_id"
    try:
        weak_id = path.read_text(encoding="ascii").strip()
        if len(weak_id) == 32 and weak_id.isalnum():  # noqa: PLR2004 - what stands below
            return {**identifiers, "weak_id": weak_id}
    except (OSError, ValueError):
        pass
    weak_id = os.urandom(16).hex()
    try:
        files.make_folder(data)
        files.write(path, [weak_id.encode()])
    except OSError:
        pass  # the disk may not be written: the id lasts as long as this process
    return {**identifiers, "weak_id": weak_id}
