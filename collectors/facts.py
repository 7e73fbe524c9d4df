"""The base of every fact: what a table is, what a collector is, and the ways in which a run ends.

Standard library only: this is imported on every school PC.
"""

import dataclasses
import enum
import functools
import hashlib
import json
import re
import types
import typing
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Protocol, TypeVar, dataclass_transform


class NotHere(Exception):  # noqa: N818 - an outcome, not an error
    """This machine has no such thing by design. The message says why."""


class Failed(Exception):  # noqa: N818 - the name of the outcome it leads to
    """The facts could not be read. The message says what was tried and what would help."""


class Outcome(enum.StrEnum):
    """How a collector's run ended."""

    ROWS = "rows"
    NOT_HERE = "not_here"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table, as its class declares it.

    ``type`` is one of str, int, float, bool, datetime, date, a StrEnum, or tuple (of str).
    """

    name: str
    type: type
    nullable: bool
    about: str
    volatile: bool
    key: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge made from each row of a table; ``value`` returns None where nothing is known."""

    name: str
    help: str
    value: Callable[[Any], float | None]
    labels: Mapping[str, Callable[[Any], str]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """What a fact class says of its table."""

    name: str
    fields: tuple[Field, ...]
    valid_operation_days: int
    why: str
    metrics: tuple[Metric, ...]
    shared: bool
    keeps: tuple[str, ...] = ()
    history: bool = True

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the fields that tell one row of a device from another."""
        return tuple(field.name for field in self.fields if field.key)

    @property
    def volatile(self) -> frozenset[str]:
        """The names of the fields that stay outside digest and history."""
        return frozenset(field.name for field in self.fields if field.volatile)


class Fact(Protocol):
    """What every class under ``@fact`` has."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    __fact__: ClassVar[Table]


_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def fact(
    *,
    why: str,
    key: str | tuple[str, ...] = (),
    volatile: tuple[str, ...] = (),
    valid_operation_days: int = 30,
    metrics: tuple[Metric, ...] = (),
    shared: bool = False,
    keeps: tuple[str, ...] = (),
    history: bool = True,
) -> Callable[[type[_T]], type[_T]]:
    """Make a class the declaration of a table.

    ``why`` is the purpose for which the facts are collected: the privacy notice prints it. ``volatile``
    fields (counters, free space) stay outside digest and history. Facts expire after
    ``valid_operation_days`` days on which the device reported. ``shared``: many PCs have the same rows
    (software), so the hub stores each row once. ``keeps``: fields whose null means "as before" to the
    hub, for what only it can remember, such as when something last succeeded. ``history``: whether the
    hub keeps what came, went and changed; moments are never part of it.
    """
    keys = (key,) if isinstance(key, str) else key

    def declare(cls: type[_T]) -> type[_T]:
        data = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        table = Table(
            name=re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower(),
            fields=tuple(_fields(data, keys, volatile)),
            valid_operation_days=valid_operation_days,
            why=why,
            metrics=metrics,
            shared=shared,
            keeps=keeps,
            history=history,
        )
        unknown = {*keys, *volatile, *keeps} - {field.name for field in table.fields}
        if unknown:
            raise TypeError(f"{cls.__name__}: no such field: {', '.join(sorted(unknown))}")
        data.__fact__ = table  # type: ignore[attr-defined]
        return data

    return declare


def _fields(cls: type, keys: tuple[str, ...], volatile: tuple[str, ...]) -> Iterator[Field]:
    hints = typing.get_type_hints(cls, include_extras=True)
    for item in dataclasses.fields(cls):
        hint = hints[item.name]
        if typing.get_origin(hint) is not typing.Annotated:
            raise TypeError(f"{cls.__name__}.{item.name} lacks its sentence: Annotated[type, 'sentence']")
        inner, about = typing.get_args(hint)[:2]
        options = typing.get_args(inner) if isinstance(inner, types.UnionType) else (inner,)
        kinds = [option for option in options if option is not types.NoneType]
        kind = typing.get_origin(kinds[0]) or kinds[0]
        yield Field(item.name, kind, types.NoneType in options, about, item.name in volatile, item.name in keys)


def table_of(cls: type) -> Table:
    """Return the table that ``@fact`` declared on this class."""
    declared: Table = cls.__fact__  # type: ignore[attr-defined]
    return declared


@dataclass(frozen=True, slots=True)
class Collector:
    """One function that fills one table from one kind of machine."""

    fact: type
    system: str
    function: Callable[[Any], Iterable[Any]]
    every_seconds: int
    within_seconds: int

    @property
    def table(self) -> str:
        """The table's name."""
        return table_of(self.fact).name


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    """Return the seconds of a period such as '20s', '10m', '6h' or '1d'."""
    return int(text[:-1]) * _UNITS[text[-1]]


def collector(*, every: str, within: str) -> Callable[[Callable[[Any], Iterator[_T]]], Collector]:
    """Make a function the collector of the table that it yields; its name says the system it reads.

    It runs once in each period ``every`` and is killed after ``within``.
    """

    def declare(function: Callable[[Any], Iterator[_T]]) -> Collector:
        (cls,) = typing.get_args(typing.get_type_hints(function)["return"])
        return Collector(cls, function.__name__, function, seconds(every), seconds(within))

    return declare


_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def utc_text(moment: datetime) -> str:
    """Return a time as it stands in reports and tables: UTC, whole seconds, '2026-03-02T01:15:00Z'."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_utc(text: str) -> datetime:
    """Read what ``utc_text`` wrote. Raises ValueError."""
    if not _UTC.fullmatch(text):
        raise ValueError(f"{text!r} is no time such as 2026-03-02T01:15:00Z")
    return datetime.fromisoformat(text)


def plain(row: Any) -> dict[str, Any]:
    """Return a fact as JSON has it: field name to str, number, bool, list or None."""
    return {field.name: _plain(getattr(row, field.name)) for field in table_of(type(row)).fields}


def _plain(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return clean(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def clean(text: str) -> str:
    """Return text fit for JSON and both databases: Vietnamese letters composed (NFC), nothing undecodable, no NUL."""
    if text.isascii() and "\0" not in text:
        return text
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).replace("\0", "")


def digest(table: Table, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return 16 hexadecimal digits that change when a row changes in more than volatile fields."""
    steady = [field.name for field in table.fields if not field.volatile]
    lines = sorted(json.dumps([row[name] for name in steady], ensure_ascii=False) for row in rows)
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


@functools.cache
def compact() -> json.JSONEncoder:
    """Return the encoder of everything that is sent or stored: no blanks, letters as they are, no NaN."""
    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
