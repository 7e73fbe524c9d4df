"""Reads the rules from their files, each found by where it lies: a check, a target, a plan, a reference table.

Where PyYAML is absent (a school PC) the same documents come from ``compiled.json``, which the build writes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from collectors.facts import Field, Table, compact
from rules.engine import Check, Demand, Judgement, Target
from rules.problems import Located, Problem, Refused, read_text, read_yaml
from rules.words import sentence, translator

FOLDER = Path(__file__).resolve().parent
COMPILED = "compiled.json"
REASONS = "reasons.yaml"
KINDS = ("checks", "targets", "plans", "data")
SEVERITIES = ("low", "medium", "high", "critical")
COUNTS = ("share", "worst", "count")
STATUSES = ("verified", "verified (secondary)")
"""What may be printed: a citation that nobody verified is not data."""

Words = Mapping[str, str]
"""One text in each language: 'vi' and 'en'."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference table: facts about the world that rules join to, each row with its source."""

    table: Table
    about: Words
    as_of: str
    rows: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        """The table's name: the file's."""
        return self.table.name

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its columns."""
        return self.table.fields


@dataclass(frozen=True, slots=True)
class Clause:
    """A section of the plan with the sentences that targets cite. Dates are text; null: open."""

    id: str
    sentences: Words
    valid_from: str | None
    valid_to: str | None


@dataclass(frozen=True, slots=True)
class Citation:
    """A law, decree or standard beside the plan, with its validity in time and who read it where."""

    id: str
    title: str
    valid_from: str | None
    valid_to: str | None
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A school year's plan: what it demands, in its own words."""

    id: str
    title: Words
    clauses: Mapping[str, Clause]
    citations: Mapping[str, Citation]
    demands: Mapping[str, Demand]

    def limits_of(self, rulebook: "Rulebook", check_id: str) -> dict[str, float]:
        """Return the limits that a check's SQL may name: those of every demand whose target uses the check."""
        limits: dict[str, float] = {}
        for demand in self.demands.values():
            target = rulebook.targets.get(demand.target)
            if target is not None and check_id in target.checks:
                limits.update(demand.limits)
        return limits

    def words_of(self, target_id: str) -> str:
        """Return the sentence of the plan that a target comes from."""
        demand = self.demands[target_id]
        return self.clauses[demand.clause].sentences[demand.sentence]

    def citations_of(self, target_id: str, day: date) -> list[Citation]:
        """Return what else asks for a target on a day: a report of 2025 may not cite a decree of 2026."""
        cited = (self.citations[name] for name in self.demands[target_id].citations)
        return [one for one in cited if valid_on(one, day)]


def valid_on(one: Clause | Citation, day: date) -> bool:
    """Tell whether a clause or a citation is in force on a day."""
    text = day.isoformat()
    return (one.valid_from or "") <= text <= (one.valid_to or "9999")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that judges: checks, targets, plans, reference tables and the engine's own reasons, by id."""

    checks: Mapping[str, Check]
    targets: Mapping[str, Target]
    plans: Mapping[str, Plan]
    data: Mapping[str, Reference]
    reasons: Mapping[str, Words]
    documents: Mapping[str, Located] = field(default_factory=dict, repr=False)
    """The documents as they were read, by path: lint points at their lines."""


def load(folder: Path | None = None) -> Rulebook:
    """Read the rules. Raises Refused with every problem found: file, line, field and what was expected."""
    documents = _documents(folder or FOLDER)
    problems: list[Problem] = []
    readers = {"checks": _check, "targets": _target, "plans": _plan, "data": _reference}
    made: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    reasons: dict[str, Words] = {}
    for path, content in documents.items():
        document = Document(path, content, problems)
        if path == REASONS:
            reasons = {name: document.words(name) for name in content}
            continue
        kind, _, name = path.partition("/")
        name = name.removesuffix(".yaml")
        before = len(problems)
        one = readers[kind](document, name)
        if len(problems) == before:
            made[kind][name] = one
    for name, check in made["checks"].items():
        made["checks"][name] = replace(check, data=_digest_of_data(check, made["data"]))
    rulebook = Rulebook(made["checks"], made["targets"], made["plans"], made["data"], reasons, documents)
    if not problems:
        problems += _contradictions(rulebook)
    if problems:
        raise Refused(problems)
    return rulebook


def _digest_of_data(check: Check, data: Mapping[str, Reference]) -> str:
    read = [list(data[table].rows) for table in (*check.needs, *check.uses) if table in data]
    return hashlib.blake2b(compact().encode(read).encode(), digest_size=6).hexdigest() if read else ""


def compile_to(path: Path, folder: Path | None = None) -> None:
    """Write all documents as one JSON file, for PCs that have no YAML reader. Raises Refused as ``load`` does."""
    load(folder)
    path.write_text(compact().encode(_documents(folder or FOLDER)) + "\n", encoding="utf-8")


def _documents(folder: Path) -> dict[str, Located]:
    if find_spec("yaml") is None:
        return _compiled(folder / COMPILED)
    problems: list[Problem] = []
    documents: dict[str, Located] = {}
    paths = [folder / REASONS, *(path for kind in KINDS for path in sorted((folder / kind).glob("*.yaml")))]
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            documents[name] = _dated(read_yaml(path, name))
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return documents


def _compiled(path: Path) -> dict[str, Located]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        expected = sentence("expected JSON as the build writes it: install baove again")
        raise Refused([Problem(path.name, error.lineno, None, expected)]) from error
    return {name: _located(document, name) for name, document in content.items()}


def _located(value: Any, file: str) -> Any:
    if isinstance(value, dict):
        made = Located({name: _located(inner, file) for name, inner in value.items()})
        made.file, made.lines = file, {}
        return made
    return [_located(item, file) for item in value] if isinstance(value, list) else value


def _dated(value: Any) -> Any:
    """Return YAML's dates as text and its keys as text, so that both ways of reading give the same."""
    if isinstance(value, Located):
        for name in list(value):
            inner = _dated(value.pop(name))
            value[name if isinstance(name, str) else str(name)] = inner
        return value
    if isinstance(value, list):
        return [_dated(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


class Document:
    """A mapping of a rule file and what is asked of its fields. What is wrong is added to ``problems``."""

    def __init__(self, file: str, content: Located, problems: list[Problem]) -> None:
        self.file, self.content, self.problems = file, content, problems

    def wrong(self, name: str | None, expected: str) -> None:
        """Add a problem at a field."""
        line = self.content.lines.get(name or "", self.content.line) or None
        self.problems.append(Problem(self.file, line, name, expected))

    def only(self, *names: str) -> None:
        """Refuse fields that nothing reads: a typing error must not pass silently."""
        for name in self.content:
            if name not in names:
                self.wrong(name, sentence("expected one of these fields: {fields}", fields=", ".join(names)))

    def get(self, name: str, kind: type | tuple[type, ...], expected: str, default: Any = ...) -> Any:
        """Return a field of a type; ``default`` makes it optional."""
        value = self.content.get(name)
        if value is None and default is not ...:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.wrong(name, expected)
            return default if default is not ... else kind() if isinstance(kind, type) else None
        return value

    def text(self, name: str, default: Any = ...) -> Any:
        """Return a text that is not blank."""
        value = self.get(name, str, sentence("expected a text"), default)
        if isinstance(value, str) and not value.strip() and default is ... and isinstance(self.content.get(name), str):
            self.wrong(name, sentence("expected a text"))
        return value

    def one_of(self, name: str, options: Iterable[str], default: Any = ...) -> Any:
        """Return a word of a list."""
        value = self.text(name, default)
        choices = tuple(options)
        if value not in choices and value is not default and isinstance(self.content.get(name), str):
            self.wrong(name, sentence("expected one of: {words}", words=", ".join(choices)))
        return value

    def words(self, name: str) -> Words:
        """Return a text in both languages."""
        value = self.content.get(name)
        if not isinstance(value, dict) or sorted(value) != ["en", "vi"]:
            self.wrong(name, sentence("expected a text in both languages: {{vi: …, en: …}}"))
            return {"vi": "", "en": ""}
        if not all(isinstance(text, str) and text.strip() for text in value.values()):
            self.wrong(name, sentence("expected a text in both languages: {{vi: …, en: …}}"))
            return {"vi": "", "en": ""}
        return dict(value)

    def named_words(self, name: str, expected: str) -> dict[str, Words]:
        """Return names, each with its text in both languages; absent: none."""
        value = self.get(name, dict, expected, {})
        inner = Document(self.file, value, self.problems) if isinstance(value, Located) else None
        return {key: inner.words(key) for key in value} if inner else {}

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; absent: none."""
        value = self.get(name, list, sentence("expected a list of texts"), [])
        if not all(isinstance(item, str) for item in value):
            self.wrong(name, sentence("expected a list of texts"))
            return ()
        return tuple(value)

    def number(self, name: str) -> float:
        """Return a number."""
        value: float = self.get(name, (int, float), sentence("expected a number"), 0.0)
        if name not in self.content:
            self.wrong(name, sentence("expected a number"))
        return value

    def numbers(self, name: str) -> dict[str, float]:
        """Return a mapping of names to numbers; absent: none."""
        value = self.get(name, dict, sentence("expected names with numbers"), {})
        if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in value.values()):
            self.wrong(name, sentence("expected names with numbers"))
            return {}
        return dict(value)

    def day(self, name: str) -> str | None:
        """Return a date as text; absent or null: none."""
        value: str | None = self.get(name, str, sentence("expected a date such as 2026-03-02"), None)
        if value is not None and not _is_day(value):
            self.wrong(name, sentence("expected a date such as 2026-03-02"))
        return value

    def inner(self, name: str, *, optional: bool = False) -> Iterator[tuple[str, "Document"]]:
        """Yield the mappings under a field, each with its key."""
        value = self.get(name, dict, sentence("expected 'key: value' lines"), {} if optional else ...)
        for key, inner in value.items():
            if isinstance(inner, Located):
                yield key, Document(self.file, inner, self.problems)
            else:
                self.wrong(name, sentence("expected 'key: value' lines under {key}", key=key))

    def mappings(self, name: str) -> tuple[Located, ...]:
        """Return a list of mappings; absent: none."""
        value = self.get(name, list, sentence("expected a list of 'key: value' lines"), [])
        if not all(isinstance(item, Located) for item in value):
            self.wrong(name, sentence("expected a list of 'key: value' lines"))
            return ()
        return tuple(value)

    def id(self, name: str) -> str:
        """Return the id, which must be the file's name."""
        value: str = self.text("id")
        if value and value != name:
            self.wrong("id", sentence("expected {name}, as the file is named", name=name))
        return value

    def sql(self, default: Any = ...) -> Any:
        """Return the SQL: one SELECT, without the semicolon at its end."""
        value = self.text("sql", default)
        if not value:
            return value
        value = value.strip().rstrip(";")
        bare = re.sub(r"--[^\n]*", "", value).strip().lower()
        if not bare.startswith(("select", "with")) or ";" in bare:
            self.wrong("sql", sentence("expected one SELECT"))
        return value


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_CHECK_FIELDS = (
    "id", "aliases", "title", "severity", "clause", "references", "needs", "uses", "not_here", "remedy", "reasons",
    "sql", "examples",
)  # fmt: skip


def _check(document: Document, name: str) -> Check:
    document.only(*_CHECK_FIELDS)
    if "reasons" not in document.content:
        document.wrong("reasons", sentence("expected each reason with its sentence"))
    needs = document.texts("needs")
    if document.content.get("needs") in (None, []):
        document.wrong("needs", sentence("expected the tables that decide, such as [antivirus]"))
    return Check(
        id=document.id(name),
        title=document.words("title"),
        severity=document.one_of("severity", SEVERITIES),
        clause=document.text("clause"),
        needs=needs,
        remedy=document.words("remedy"),
        reasons=document.named_words("reasons", sentence("expected each reason with its sentence")),
        sql=document.sql(),
        uses=document.texts("uses"),
        not_here=document.one_of("not_here", ("not_applicable", "unknown"), "not_applicable"),
        aliases=document.texts("aliases"),
        references=document.texts("references"),
        examples=document.mappings("examples"),
    )


_TARGET_FIELDS = (
    "id", "aliases", "title", "population", "counts", "unit", "remedy", "checks", "sql", "columns", "words",
    "examples",
)  # fmt: skip


def _target(document: Document, name: str) -> Target:
    document.only(*_TARGET_FIELDS)
    checks, sql = document.texts("checks"), document.sql(None)
    if bool(checks) == bool(sql):
        document.wrong("checks", sentence("expected either checks or sql"))
    return Target(
        id=document.id(name),
        title=document.words("title"),
        population=document.text("population"),
        counts=document.one_of("counts", COUNTS),
        unit=document.text("unit"),
        remedy=document.words("remedy"),
        checks=checks,
        sql=sql,
        columns=document.named_words("columns", sentence("expected each column with its heading")),
        words=document.named_words("words", sentence("expected each word of the evidence with what it says")),
        aliases=document.texts("aliases"),
        examples=document.mappings("examples"),
    )


def _plan(document: Document, name: str) -> Plan:
    document.only("id", "title", "clauses", "citations", "demands")
    clauses = {}
    for key, inner in document.inner("clauses"):
        inner.only("sentences", "valid_from", "valid_to")
        sentences = inner.get("sentences", dict, sentence("expected the plan's sentences, each with a short name"))
        clauses[key] = Clause(key, dict(sentences), inner.day("valid_from"), inner.day("valid_to"))
    citations = {}
    for key, inner in document.inner("citations", optional=True):
        inner.only("title", "valid_from", "valid_to", "source", "status")
        days = inner.day("valid_from"), inner.day("valid_to")
        status = inner.one_of("status", STATUSES)
        citations[key] = Citation(key, inner.text("title"), *days, inner.text("source"), status)
    demands = {}
    for key, inner in document.inner("demands"):
        inner.only("threshold", "clause", "sentence", "levels", "limits", "citations")
        levels = inner.numbers("levels")
        if not all(level.isdigit() for level in levels):
            inner.wrong("levels", sentence("expected levels such as {{2: 2, 3: 1}}"))
            levels = {}
        demand = Demand(
            target=key,
            threshold=inner.number("threshold"),
            clause=inner.text("clause"),
            sentence=inner.text("sentence"),
            levels={int(level): bound for level, bound in levels.items()},
            limits=inner.numbers("limits"),
            citations=inner.texts("citations"),
        )
        clause = clauses.get(demand.clause)
        if clause is None:
            inner.wrong("clause", sentence("expected one of the plan's clauses: {words}", words=", ".join(clauses)))
        elif demand.sentence not in clause.sentences:
            words = ", ".join(clause.sentences)
            inner.wrong("sentence", sentence("expected one of the clause's sentences: {words}", words=words))
        if not set(demand.citations) <= set(citations):
            inner.wrong("citations", sentence("expected names from the plan's citations"))
        demands[key] = demand
    return Plan(document.id(name), document.words("title"), clauses, citations, demands)


_TYPES: Mapping[str, type] = {"text": str, "date": date, "integer": int, "number": float, "boolean": bool}


def _reference(document: Document, name: str) -> Reference:
    document.only("id", "about", "why", "as_of", "columns", "rows")
    fields = []
    for key, inner in document.inner("columns"):
        inner.only("type", "about", "required")
        kind = inner.one_of("type", _TYPES)
        required = inner.get("required", bool, sentence("expected true or false"), default=False)
        fields.append(Field(key, _TYPES.get(kind, str), not required, inner.text("about"), volatile=False, key=False))
    rows = document.mappings("rows")
    for row in rows:
        _row(Document(document.file, row, document.problems), fields)
    if not document.day("as_of"):
        document.wrong("as_of", sentence("expected the day on which this was verified"))
    table = Table(document.id(name), tuple(fields), 0, document.text("why"), (), shared=False)
    names = [one.name for one in fields]
    whole = tuple({column: row.get(column) for column in names} for row in rows)
    return Reference(table, document.words("about"), str(document.content.get("as_of")), whole)


def _row(document: Document, fields: list[Field]) -> None:
    document.only(*(one.name for one in fields))
    for one in fields:
        value = document.content.get(one.name)
        if value is None:
            if not one.nullable:
                document.wrong(one.name, sentence("expected a value"))
        elif one.type is date:
            document.day(one.name)
        elif not isinstance(value, (int, float) if one.type is float else one.type) or (
            isinstance(value, bool) and one.type is not bool
        ):
            document.wrong(one.name, sentence("expected a value of the column's type"))


def _contradictions(rulebook: Rulebook) -> Iterator[Problem]:
    """Yield what each file cannot see alone: names that lead nowhere, limits that two demands give differently."""
    for name, target in rulebook.targets.items():
        document = rulebook.documents[f"targets/{name}.yaml"]
        for check in target.checks:
            if check not in rulebook.checks:
                yield document.problem("checks", sentence("expected the id of a check, found {name}", name=check))
    for plan in rulebook.plans.values():
        yield from _contradictions_of(rulebook, plan)


def _contradictions_of(rulebook: Rulebook, plan: Plan) -> Iterator[Problem]:
    demands = rulebook.documents[f"plans/{plan.id}.yaml"]["demands"]
    said: dict[tuple[str, str], float] = {}
    for key, demand in plan.demands.items():
        target = rulebook.targets.get(key)
        if target is None:
            yield demands.problem(key, sentence("expected the id of a target, found {name}", name=key))
            continue
        if target.counts == "count" and demand.threshold != 0:
            yield demands.problem(key, sentence("expected the threshold 0: what is counted must be none"))
        for check in target.checks:
            for limit, value in demand.limits.items():
                if said.setdefault((check, limit), value) != value:
                    words = {"limit": limit, "check": check}
                    yield demands.problem(key, sentence("expected one value for the limit {limit} of {check}", **words))


_NOT_KNOWN = {"vi": "không rõ", "en": "not known"}


def reason_text(rulebook: Rulebook, check: Check, judgement: Judgement, language: str) -> str:
    """Return the sentence that tells a person why a device was judged so; what is null is said to be not known."""
    return sentence_of(rulebook, check.id, judgement.reason, judgement.details, language)


def sentence_of(rulebook: Rulebook, check_id: str, reason: str, details: Mapping[str, Any], language: str) -> str:
    """Return a reason's sentence from what the table ``verdict`` keeps; an unknown reason stands as it is."""
    check = rulebook.checks.get(check_id)
    words = (check.reasons.get(reason) if check else None) or rulebook.reasons.get(reason)
    if words is None:
        return reason
    say = translator(language)
    known = {
        name: _NOT_KNOWN[language] if value in {None, ""} else say(value) if isinstance(value, str) else value
        for name, value in details.items()
    }
    return words[language].format_map(_Absent(known, _NOT_KNOWN[language]))


class _Absent(dict[str, Any]):
    def __init__(self, known: Mapping[str, Any], otherwise: str) -> None:
        super().__init__(known)
        self.otherwise = otherwise

    def __missing__(self, key: str) -> str:
        return self.otherwise
