"""Reads what agents send. All of it is hostile until it is decoded; nothing here touches the database.

A field that the hub does not know is counted and left out; an unknown word of an enumeration becomes null and is
counted; a required field that is absent makes that section failed. All else that is wrong refuses the whole report.
"""

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
import zstandard

from collectors.facts import Field, Outcome, clean, table_of, utc_text
from hub.tables import FACTS
from rules.words import sentence

FORMAT = 1
BODY_LIMIT_BYTES = 4 << 20
DOCUMENT_LIMIT_BYTES = 32 << 20
ROW_LIMIT = 20_000
TEXT_LIMIT = 4_000

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""No clock of a PC shows a time beyond these, however wrong it is; and the calendar's ends bear no arithmetic."""

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Said = Annotated[str, msgspec.Meta(max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]
_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ReportRefused(Exception):  # noqa: N818 - what happened to the report
    """A report of which nothing is taken: the HTTP status that says so, and one sentence."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


class Identifiers(msgspec.Struct):
    """What a machine says of its hardware; DESIGN's Identity."""

    smbios_uuid: _Said | None = None
    system_serial: _Said | None = None
    board_serial: _Said | None = None
    disk_serials: Annotated[list[_Said], msgspec.Meta(max_length=64)] = []
    macs: Annotated[list[_Said], msgspec.Meta(max_length=64)] = []
    weak_id: _Said | None = None


class _Whole(msgspec.Struct):
    collected_at: _Moment
    rows: msgspec.Raw
    digest: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class _Same(msgspec.Struct):
    collected_at: _Moment
    digest: Annotated[str, msgspec.Meta(max_length=64)]


class _Missing(msgspec.Struct):
    table: _Word
    why: Literal["not_here", "failed", "timed_out"]
    attempted_at: _Moment
    message: _Text | None = None


_Tables = Annotated[dict[_Word, _Whole], msgspec.Meta(max_length=200)]


class _Document(msgspec.Struct):
    agent: _Word
    stream: _Word
    sequence: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    sent_at: _Moment
    identifiers: Identifiers
    tables: _Tables
    unchanged: Annotated[dict[_Word, _Same], msgspec.Meta(max_length=200)] = {}
    missing: Annotated[list[_Missing], msgspec.Meta(max_length=200)] = []
    metrics_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None


class _Format(msgspec.Struct):
    format: int


@dataclass(frozen=True, slots=True)
class Section:
    """What a report says of one table. ``rows`` are as the database stores them; None means the same as before."""

    table: str
    outcome: Outcome
    at: datetime
    digest: str | None = None
    rows: Sequence[dict[str, Any]] | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report, decoded."""

    agent: str
    stream: str
    sequence: int
    sent_at: datetime
    identifiers: Identifiers
    sections: Sequence[Section]
    metrics_port: int | None
    counted: Mapping[str, int] = field(default_factory=dict)
    """What a newer agent said that this hub does not know: unknown_table, unknown_field, unknown_word."""


def expand(body: bytes, encoding: str | None) -> bytes:
    """Return the document inside a body. Raises ReportRefused: 400 for garbage, 413 for too much."""
    if len(body) > BODY_LIMIT_BYTES:
        raise ReportRefused(413, sentence("the report is larger than {limit} MB", limit=BODY_LIMIT_BYTES >> 20))
    try:
        if encoding in {None, "", "identity"}:
            document = body
        elif encoding == "gzip":
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
                document = stream.read(DOCUMENT_LIMIT_BYTES + 1)
        elif encoding == "zstd":
            with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(io.BytesIO(body)) as reader:
                document = reader.read(DOCUMENT_LIMIT_BYTES + 1)
        else:
            raise ReportRefused(
                400, sentence("the encoding {encoding} is not known: send gzip or zstd", encoding=encoding)
            )
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise ReportRefused(400, sentence("the report can't be unpacked as {encoding}", encoding=encoding)) from error
    if len(document) > DOCUMENT_LIMIT_BYTES:
        raise ReportRefused(
            413, sentence("the report unpacks to more than {limit} MB", limit=DOCUMENT_LIMIT_BYTES >> 20)
        )
    return document


def decode(body: bytes, encoding: str | None = None) -> Report:
    """Return a report from what was sent. Raises ReportRefused."""
    document = expand(body, encoding)
    try:
        said = msgspec.json.decode(document, type=_Format)
        if said.format != FORMAT:
            raise ReportRefused(
                400,
                sentence(
                    "the report has format {said}, this hub reads format {known}: update the hub, then the agents",
                    said=said.format,
                    known=FORMAT,
                ),
            )
        whole = msgspec.json.decode(document, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_as_it_should_be(str(error)) from error
    _look_over(whole)
    counted: dict[str, int] = {}
    sections = [*_whole_sections(whole.tables, counted)]
    for name, same in whole.unchanged.items():
        if _known(name, counted):
            sections.append(Section(name, Outcome.ROWS, same.collected_at, clean(same.digest)))
    for one in whole.missing:
        if _known(one.table, counted):
            message = clean(one.message) if one.message else None
            sections.append(Section(one.table, Outcome(one.why), one.attempted_at, message=message))
    return Report(
        clean(whole.agent), clean(whole.stream), whole.sequence, whole.sent_at.astimezone(UTC),
        _cleaned(whole.identifiers), sections, whole.metrics_port, counted,
    )  # fmt: skip


def _not_as_it_should_be(why: str) -> ReportRefused:
    return ReportRefused(400, sentence("the report is not as it should be: {why}", why=why))


def _look_over(whole: _Document) -> None:
    """Refuse what fits the shape and still can't be: a time that no clock shows, a table that is told twice."""
    collected = [one.collected_at for one in whole.tables.values()]
    same = [one.collected_at for one in whole.unchanged.values()]
    for at in (whole.sent_at, *collected, *same, *(one.attempted_at for one in whole.missing)):
        if not EARLIEST <= at < LATEST:
            raise _not_as_it_should_be(f"no clock shows {at.isoformat()}")
    told = Counter([*whole.tables, *whole.unchanged, *(one.table for one in whole.missing)])
    for name, times in told.items():
        if times > 1:
            raise _not_as_it_should_be(f"the table {name} is told {times} times")


def _cleaned(said: Identifiers) -> Identifiers:
    """Return identifiers in the text that databases store."""

    def text(value: str | None) -> str | None:
        return value and clean(value)

    return Identifiers(
        text(said.smbios_uuid), text(said.system_serial), text(said.board_serial), [*map(clean, said.disk_serials)],
        [*map(clean, said.macs)], text(said.weak_id),
    )  # fmt: skip


def _known(name: str, counted: dict[str, int]) -> bool:
    if name in FACTS:
        return True
    _count(counted, "unknown_table")
    return False


def _count(counted: dict[str, int], what: str, by: int = 1) -> None:
    counted[what] = counted.get(what, 0) + by


def _whole_sections(tables: Mapping[str, _Whole], counted: dict[str, int]) -> list[Section]:
    sections = []
    for name, whole in tables.items():
        if not _known(name, counted):
            continue
        try:
            rows = _rows(name, whole.rows, counted)
        except msgspec.ValidationError as error:
            message = str(sentence("the rows do not fit the table: {why}", why=str(error)))
            sections.append(Section(name, Outcome.FAILED, whole.collected_at, message=message))
        else:
            mark = clean(whole.digest) if whole.digest else None
            sections.append(Section(name, Outcome.ROWS, whole.collected_at, mark, rows))
    return sections


def _rows(name: str, raw: msgspec.Raw, counted: dict[str, int]) -> list[dict[str, Any]]:
    """Decode a table's rows: at once where they fit exactly, one by one where a newer agent wrote them."""
    shape = _shape(name)
    try:
        rows = shape.decoder.decode(raw)
    except msgspec.ValidationError:
        rows = [_lenient(shape, row, counted) for row in msgspec.json.decode(raw, type=list[dict[str, Any]])]
    if len(rows) > ROW_LIMIT:
        raise msgspec.ValidationError(f"more than {ROW_LIMIT} rows")
    stored = [msgspec.structs.asdict(row) for row in rows]
    text = bytes(raw)
    makers = shape.makers if text.isascii() and b"\\u" not in text else shape.makers_of_any_text
    for named, make in makers:
        for row in stored:
            if row[named] is not None:
                try:
                    row[named] = make(row[named])
                except (ValueError, OverflowError) as error:  # a time at the end of the calendar
                    raise msgspec.ValidationError(f"{named}: {error}") from error
    if shape.table_key or len(stored) <= 1:
        return stored
    raise msgspec.ValidationError(f"{len(stored)} rows where one is expected")


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one table's rows are read and stored."""

    row: type[msgspec.Struct]
    decoder: "msgspec.json.Decoder[list[Any]]"
    fields: Mapping[str, Field]
    table_key: tuple[str, ...]
    makers: Sequence[tuple[str, Callable[[Any], Any]]]
    """What turns a field into what the database stores, where that is another thing."""
    makers_of_any_text: Sequence[tuple[str, Callable[[Any], Any]]]
    """The same where a text may hold letters that are to be composed."""


@cache
def _shape(name: str) -> _Shape:
    table = table_of(FACTS[name])
    row = msgspec.defstruct(
        name,
        [
            (one.name, _field_type(one)) if not one.nullable else (one.name, _field_type(one) | None, None)
            for one in sorted(table.fields, key=lambda one: one.nullable)
        ],
        forbid_unknown_fields=True,
    )
    every = [(one.name, _storers[one.type]) for one in table.fields if one.type in _storers]
    plain = [(name, make) for name, make in every if make is not clean]
    by_name = {one.name: one for one in table.fields}
    return _Shape(row, msgspec.json.Decoder(list[row]), by_name, table.key, plain, every)  # type: ignore[valid-type]


_FIELD_TYPES: dict[type, Any] = {str: _Text, int: _Integer, datetime: _Moment, date: date, float: float, bool: bool}


def _field_type(one: Field) -> Any:
    return list[_Text] if one.type is tuple else _FIELD_TYPES.get(one.type, one.type)


_storers: dict[type, Callable[[Any], Any]] = {
    str: clean,
    datetime: utc_text,
    date: date.isoformat,
    tuple: lambda items: msgspec.json.encode([clean(item) for item in items]).decode(),
}


def _lenient(shape: _Shape, row: dict[str, Any], counted: dict[str, int]) -> Any:
    """Take of a row what this hub knows. Raises msgspec.ValidationError where what is required is not there."""
    known = {name: value for name, value in row.items() if name in shape.fields}
    _count(counted, "unknown_field", len(row) - len(known))
    for name, value in known.items():
        kind = shape.fields[name].type
        words = getattr(kind, "_value2member_map_", None)
        if words is not None and isinstance(value, str) and value not in words:
            known[name] = None
            _count(counted, "unknown_word")
    return msgspec.convert(known, shape.row)


def row_type(name: str) -> type[msgspec.Struct]:
    """Return the type that a table's rows are decoded into: the OpenAPI document is made from it."""
    return _shape(name).row
